/*
 * The end of a server's serial console, in a dialog that follows what is written.
 */
import { $ } from "../../../vendor/jquery/jquery.module.min.js";
import { copyText, setText } from "../dom.js";

const LINES = 400;
const PAUSE = 2_000;
/** Whoever has scrolled up further than this is reading and must not be moved. */
const NEAR_END = 24;

export class BootLog {
  #server = null;
  #timer = null;

  constructor({ api }) {
    this.api = api;
    this.$dialog = $("#log-dialog");
    this.$text = $("#log-text");
    this.$dialog.on("close", () => this.#leave());
    $("#log-copy").on("click", () => copyText(this.$text.text()));
    $("#log-close, #log-done").on("click", () => this.$dialog[0].close());
  }

  show(server) {
    this.#server = server;
    $("#log-title").text(`Boot log of ${server.name}`);
    this.$text.text("");
    this.#say("Reading…");
    this.$dialog[0].showModal();
    this.#follow(server.id);
  }

  #leave() {
    clearTimeout(this.#timer);
    this.#server = null;
  }

  async #follow(id) {
    const words = await this.#read(id);
    if (this.#server?.id === id) {
      this.#say(words);
      this.#timer = setTimeout(() => this.#follow(id), PAUSE);
    }
  }

  /** Show what there is; answer what to say when there is nothing to show. */
  async #read(id) {
    try {
      const text = await this.api.consoleOutput(id, LINES);
      if (this.#server?.id === id) {
        this.#show(text);
      }
      return text ? "" : "Nothing has been written to the serial console yet.";
    } catch (fault) {
      return fault.message;
    }
  }

  #show(text) {
    const [pre] = this.$text;
    const atEnd = pre.scrollHeight - pre.scrollTop - pre.clientHeight < NEAR_END;
    setText(this.$text, text);
    if (atEnd) {
      pre.scrollTop = pre.scrollHeight;
    }
  }

  #say(text) {
    $("#log-state").text(text).prop("hidden", !text);
  }
}
