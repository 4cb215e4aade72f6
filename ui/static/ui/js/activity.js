/*
 * What happened while the page was open: operations asked for here, with how they ended, and changes
 * that came from elsewhere (the command line, an administrator). Kept in memory, newest first.
 */
import { ACTIONS } from "./server_actions.js";
import { display, restSentence } from "./server_states.js";

const KEPT = 100;

export class Activity {
  #entries = [];
  #open = new Map();
  #next = 1;

  constructor(onChange) {
    this.onChange = onChange;
  }

  get entries() {
    return this.#entries;
  }

  get running() {
    return this.#open.size;
  }

  /** The person asked for something; the entry stays open until the server rests or it fails. */
  begin(server, text) {
    this.#close(server.id);
    const entry = this.#add({ state: "running", server: server.name, text, startedAt: Date.now() });
    this.#open.set(server.id, entry);
    this.onChange();
  }

  fail(server, text, fault) {
    const entry = this.#close(server.id) || this.#add({ server: server.name, startedAt: Date.now() });
    Object.assign(entry, { state: "failed", text, detail: fault.message });
    entry.requestId = fault.requestId;
    entry.endedAt = Date.now();
    this.onChange();
  }

  /** Watch the store: what comes to rest ends an operation or was done from elsewhere. */
  changed({ kind, before, after }, pending) {
    if (kind !== "server" || !before) {
      return;
    }
    if (!after) {
      this.#rest(before, "was deleted", "done");
    } else if (wasBusyOrOther(before, after, this.#open.has(after.id)) && !busy(after, pending)) {
      const failed = after.status === "ERROR";
      this.#rest(after, restSentence(after), failed ? "failed" : "done", after.fault?.message);
    }
  }

  clear() {
    this.#entries = [];
    this.#open.clear();
    this.onChange();
  }

  #rest(server, text, state, detail = "") {
    const entry = this.#close(server.id) || this.#add({ server: server.name, elsewhere: true });
    Object.assign(entry, { server: server.name, text, state, detail, endedAt: Date.now() });
    this.onChange();
  }

  #add(values) {
    const entry = { id: this.#next++, ...values };
    this.#entries.unshift(entry);
    this.#entries.length = Math.min(this.#entries.length, KEPT);
    return entry;
  }

  #close(id) {
    const entry = this.#open.get(id);
    this.#open.delete(id);
    return entry;
  }
}

export function beginSentence(action) {
  return ACTIONS[action].doing.toLowerCase();
}

function busy(server, pending) {
  return display(server, pending).busy;
}

function wasBusyOrOther(before, after, asked) {
  const changed = before.status !== after.status || (busy(before, null) && !busy(after, null));
  return changed || (asked && before !== after);
}
