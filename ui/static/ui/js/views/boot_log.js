/*
 * The end of a server's serial console, in a dialog.
 */
import { $ } from "../../../vendor/jquery/jquery.module.min.js";
import { copyText } from "../dom.js";

const LINES = 400;

export class BootLog {
  #server = null;

  constructor({ api }) {
    this.api = api;
    this.$dialog = $("#log-dialog");
    this.$text = $("#log-text");
    $("#log-refresh").on("click", () => this.#read());
    $("#log-copy").on("click", () => copyText(this.$text.text()));
    $("#log-close").on("click", () => this.$dialog[0].close());
  }

  show(server) {
    this.#server = server;
    $("#log-title").text(`Boot log of ${server.name}`);
    this.$text.text("");
    this.$dialog[0].showModal();
    this.#read();
  }

  async #read() {
    const { id } = this.#server;
    this.#say("Reading…");
    try {
      const text = await this.api.consoleOutput(id, LINES);
      if (id === this.#server.id) {
        this.$text.text(text);
        this.#say(text ? "" : "Nothing has been written to the serial console yet.");
        this.$text[0].scrollTop = this.$text[0].scrollHeight;
      }
    } catch (fault) {
      this.#say(fault.message);
    }
  }

  #say(text) {
    $("#log-state").text(text).prop("hidden", !text);
  }
}
