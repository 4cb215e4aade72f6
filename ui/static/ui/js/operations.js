/*
 * Carries out what a person asks of a server: shows it at once, calls the API, tells the activity,
 * and puts a failure on the very server it concerns.
 */
import { beginSentence } from "./activity.js";
import { newKey } from "./api.js";
import { ACTIONS } from "./server_actions.js";

export class Operations {
  #failures = new Map();

  constructor({ api, store, activity, freshness, onFailure }) {
    Object.assign(this, { api, store, activity, freshness, onFailure });
  }

  /** The last failed action of a server: {action, fault} or null. */
  failure(id) {
    return this.#failures.get(id) || null;
  }

  dismiss(id) {
    this.#failures.delete(id);
    this.onFailure(id);
  }

  async act(server, action) {
    this.dismiss(server.id);
    this.activity.begin(server, beginSentence(action));
    this.store.wish(server.id, action);
    try {
      await ACTIONS[action].call(this.api, server.id);
      this.store.accepted(server.id);
    } catch (fault) {
      this.#refused(server, action, fault);
    }
    // Read at once: the event may be late, and after a refusal the card may be out of date.
    await this.freshness.readServer(server.id);
  }

  #refused(server, action, fault) {
    this.store.forget(server.id);
    if (action === "remove" && fault.status === 404) {
      return;
    }
    const text = `${ACTIONS[action].label.toLowerCase()} failed`;
    this.activity.fail(server, text, fault);
    this.#failures.set(server.id, { action, fault });
    this.onFailure(server.id);
  }

  /** Create a server; the answer has little more than the id, so the record is read afterwards. */
  async create(wish, key = newKey()) {
    const { id } = await this.api.createServer(wish, key);
    this.activity.begin({ id, name: wish.name }, "being created");
    await this.freshness.readServer(id);
    return id;
  }

  /** The window is opened before the question to the API: later ones are blocked as pop-ups. */
  async openConsole(server) {
    this.dismiss(server.id);
    const tab = window.open("about:blank", `console-${server.id}`);
    try {
      const address = await this.api.consoleAddress(server.id);
      const target = `${address}&title=${encodeURIComponent(server.name)}`;
      if (tab) {
        tab.opener = null;
        tab.location.replace(target);
      } else {
        location.assign(target);
      }
    } catch (fault) {
      tab?.close();
      this.activity.fail(server, "console failed", fault);
      this.#failures.set(server.id, { action: "console", fault });
      this.onFailure(server.id);
    }
  }
}
