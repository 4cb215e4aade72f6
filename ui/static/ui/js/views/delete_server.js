/*
 * Asks before a server and its disk are deleted; Keep is where the focus is.
 */
import { $ } from "../../../vendor/jquery/jquery.module.min.js";

export class DeleteServer {
  #server = null;

  constructor({ operations }) {
    this.$dialog = $("#delete-dialog");
    $("#delete-keep").on("click", () => this.$dialog[0].close());
    $("#delete-confirm").on("click", () => {
      this.$dialog[0].close();
      operations.act(this.#server, "remove");
    });
  }

  show(server) {
    this.#server = server;
    $("#delete-name").text(server.name);
    this.$dialog[0].showModal();
    $("#delete-keep").trigger("focus");
  }
}
