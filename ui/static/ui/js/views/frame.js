/*
 * The bar on top: whose project this is, whether the page is live, sign out.
 */
import { $ } from "../../../vendor/jquery/jquery.module.min.js";

const WORDS = {
  connecting: ["connecting", "Connecting", "Connecting to the cloud"],
  live: ["live", "Live", "Changes appear here as they happen"],
  waiting: ["waiting", "Reconnecting", "The live line is away; the page looks every few seconds"],
};
/** A new connection is made within this time as a rule; saying so would only be restless. */
const PATIENCE = 1_500;

export class Frame {
  #timer = null;

  constructor({ onSignOut }) {
    $("#sign-out").on("click", onSignOut);
  }

  show({ user, project }) {
    $("#user").text(user.name);
    $("#project").text(project ? project.name : "no project");
    $("#app").prop("hidden", false);
  }

  hide() {
    $("#app").prop("hidden", true);
  }

  connection(state) {
    clearTimeout(this.#timer);
    const [name, text, hint] = WORDS[state];
    const apply = () => $("#connection").attr({ "data-state": name, title: hint }).find("span").text(text);
    if (state === "live") {
      apply();
    } else {
      this.#timer = setTimeout(apply, PATIENCE);
    }
  }
}
