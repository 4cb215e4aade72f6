/*
 * The activity at the side: always there on wide screens, behind its button on narrow ones.
 */
import { $ } from "../../../vendor/jquery/jquery.module.min.js";
import { clone, keyedList, setIcon, setText } from "../dom.js";
import { clock, duration } from "../format.js";

const ICONS = { running: "squares", done: "check", failed: "error" };

export class ActivityPanel {
  constructor(activity) {
    this.activity = activity;
    this.$button = $("#activity-toggle");
    this.draw = keyedList($("#activity-list"), {
      create: () => createEntry(),
      leave: (_$root, done) => done(),
    });
    this.$button.on("click", () => this.#toggle());
    $("#activity-close").on("click", () => this.#toggle(false));
    $("#activity").on("keydown", (event) => {
      if (event.key === "Escape") {
        this.#toggle(false);
      }
    });
    this.render();
  }

  render() {
    const { entries, running } = this.activity;
    this.draw(entries, (entry) => entry.id);
    $("#activity-empty").prop("hidden", entries.length > 0);
    $("#activity-count").text(running || "").prop("hidden", !running);
    this.$button.attr("data-running", running > 0);
  }

  #toggle(open = !$("body").hasClass("activity-open")) {
    $("body").toggleClass("activity-open", open);
    this.$button.attr("aria-expanded", open).trigger("focus");
  }
}

function createEntry() {
  const { $root, part } = clone("activity-template");
  return {
    $root,
    update(entry) {
      $root.attr("data-state", entry.state);
      setIcon(part.icon, ICONS[entry.state]);
      setText(part.server, entry.server);
      setText(part.text, entry.state === "running" ? `${entry.text}…` : entry.text);
      setText(part.when, when(entry));
      const request = entry.requestId ? ` (${entry.requestId})` : "";
      setText(part.detail, entry.detail ? entry.detail + request : "");
    },
  };
}

function when({ startedAt, endedAt, elsewhere }) {
  if (elsewhere) {
    return `${clock(endedAt)} · from elsewhere`;
  }
  return endedAt ? `${clock(endedAt)} · ${duration(endedAt - startedAt)}` : clock(startedAt);
}
