/*
 * The resources the page knows, by kind and id, and who wants to hear of changes.
 * Late answers never win: every read takes a ticket when it begins, and an answer older than the
 * one already stored is dropped. The store never asks the API anything.
 */
import { ACTIONS } from "./server_actions.js";

/** How long a wish may stay unanswered before the server's word counts again. */
const PENDING_LIMIT = 15_000;

export class Store {
  #kinds = new Map();
  #tickets = new Map();
  #next = 1;
  #pending = new Map();
  #listeners = [];
  #loaded = new Set();

  /** handler({kind, id, before, after}); before or after is null when it came or went. */
  onChange(handler) {
    this.#listeners.push(handler);
  }

  ticket() {
    return this.#next++;
  }

  all(kind) {
    return [...this.#of(kind).values()];
  }

  get(kind, id) {
    return this.#of(kind).get(id) || null;
  }

  loaded(kind) {
    return this.#loaded.has(kind);
  }

  put(kind, record, ticket) {
    const id = record.id || record.name;
    if (!this.#newer(kind, id, ticket)) {
      return;
    }
    if (record.status === "DELETED") {
      this.#take(kind, id);
      return;
    }
    const before = this.get(kind, id);
    this.#settle(id, record, ticket);
    this.#of(kind).set(id, record);
    this.#tell({ kind, id, before, after: record });
  }

  /** A whole list: what is not in it is gone, unless it was stored after this read began. */
  replace(kind, records, ticket) {
    const first = !this.#loaded.has(kind);
    this.#loaded.add(kind);
    const ids = new Set(records.map((record) => record.id || record.name));
    for (const id of [...this.#of(kind).keys()]) {
      if (!ids.has(id)) {
        this.remove(kind, id, ticket);
      }
    }
    records.forEach((record) => this.put(kind, record, ticket));
    if (first) {
      this.#tell({ kind, id: null, before: null, after: null });
    }
  }

  remove(kind, id, ticket) {
    if (this.#newer(kind, id, ticket)) {
      this.#take(kind, id);
    }
  }

  clear() {
    this.#kinds.clear();
    this.#tickets.clear();
    this.#pending.clear();
    this.#loaded.clear();
    this.#tell({ kind: "all", id: null, before: null, after: null });
  }

  // --- wishes not yet answered ----------------------------------------------------------------

  /** Show an action at once; forget() or the server's own word ends it. */
  wish(id, action) {
    const timer = setTimeout(() => this.forget(id), PENDING_LIMIT);
    this.#pending.set(id, { action, acceptedAt: Infinity, timer });
    this.#touch(id);
  }

  /** The API has said yes: reads that begin from now on know about it. */
  accepted(id) {
    const wish = this.#pending.get(id);
    if (wish) {
      wish.acceptedAt = this.ticket();
    }
  }

  forget(id) {
    const wish = this.#pending.get(id);
    if (wish) {
      clearTimeout(wish.timer);
      this.#pending.delete(id);
      this.#touch(id);
    }
  }

  pending(id) {
    return this.#pending.get(id)?.action || null;
  }

  /*
   * An answer on its way when the button was pressed still shows the old state and must not flip
   * the card back. So a wish ends with the first read begun after its acceptance which either names
   * a task or shows an outcome of the action.
   */
  #settle(id, record, ticket) {
    const wish = this.#pending.get(id);
    if (!wish || ticket < wish.acceptedAt) {
      return;
    }
    const outcomes = ACTIONS[wish.action].outcomes;
    if (record["OS-EXT-STS:task_state"] || outcomes.includes(record.status)) {
      clearTimeout(wish.timer);
      this.#pending.delete(id);
    }
  }

  // --- inside ---------------------------------------------------------------------------------

  #of(kind) {
    if (!this.#kinds.has(kind)) {
      this.#kinds.set(kind, new Map());
    }
    return this.#kinds.get(kind);
  }

  #newer(kind, id, ticket) {
    const key = `${kind}/${id}`;
    if ((this.#tickets.get(key) || 0) > ticket) {
      return false;
    }
    this.#tickets.set(key, ticket);
    return true;
  }

  #take(kind, id) {
    const before = this.get(kind, id);
    clearTimeout(this.#pending.get(id)?.timer);
    this.#pending.delete(id);
    if (before) {
      this.#of(kind).delete(id);
      this.#tell({ kind, id, before, after: null });
    }
  }

  #touch(id) {
    const record = this.get("server", id);
    if (record) {
      this.#tell({ kind: "server", id, before: record, after: record });
    }
  }

  #tell(change) {
    this.#listeners.forEach((listener) => listener(change));
  }
}
