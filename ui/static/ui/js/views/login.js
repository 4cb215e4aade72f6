/*
 * Signing in: a dialog over everything, so that an ended session covers the page without losing it.
 */
import { $ } from "../../../vendor/jquery/jquery.module.min.js";

const LAST = "synnefo.last-sign-in";

export class Login {
  #wanted = false;

  constructor({ api, onSignedIn }) {
    Object.assign(this, { api, onSignedIn });
    this.$dialog = $("#login");
    this.$form = this.$dialog.find("form");
    this.$error = $("#login-error");
    this.$button = this.$form.find("[type=submit]");
    this.$dialog.on("cancel", (event) => event.preventDefault());
    // Browsers close a dialog on a second Escape whatever the page says.
    this.$dialog.on("close", () => {
      if (this.#wanted) {
        this.$dialog[0].showModal();
      }
    });
    this.$form.on("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  show(message = "") {
    this.#wanted = true;
    this.#say(message);
    const last = JSON.parse(localStorage.getItem(LAST) || "{}");
    $("#login-user").val(last.user || "");
    $("#login-project").val(last.project || "");
    $("#login-password").val("");
    if (!this.$dialog[0].open) {
      this.$dialog[0].showModal();
    }
    $(last.user ? "#login-password" : "#login-user").trigger("focus");
  }

  hide() {
    this.#wanted = false;
    this.$dialog[0].close();
  }

  #say(message, isError = false) {
    this.$error.text(message).prop("hidden", !message).toggleClass("is-error", isError);
  }

  async #submit() {
    const user = $("#login-user").val().trim();
    const project = $("#login-project").val().trim();
    const password = $("#login-password").val();
    this.#busy(true);
    try {
      const session = await this.api.signIn({ user, password, project });
      localStorage.setItem(LAST, JSON.stringify({ user, project }));
      $("#login-password").val("");
      this.onSignedIn(session);
    } catch (fault) {
      this.#say(wordsFor(fault), true);
      $("#login-password").trigger("focus").trigger("select");
    } finally {
      this.#busy(false);
    }
  }

  #busy(busy) {
    this.$button.prop("disabled", busy).text(busy ? "Signing in…" : "Sign in");
  }
}

function wordsFor(fault) {
  if (fault.status === 401) {
    return "Name and password do not fit together, or you are not in this project.";
  }
  return fault.message;
}
