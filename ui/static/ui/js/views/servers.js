/*
 * The servers as cards: filter, empty state, loading, one card per server in order of creation.
 */
import { $ } from "../../../vendor/jquery/jquery.module.min.js";
import { keyedList } from "../dom.js";
import { addressesOf, count } from "../format.js";
import { display } from "../server_states.js";
import { createCard } from "./server_card.js";

const FADE = 300;
/** Ages on the cards are written anew this often. */
const TICK = 20_000;

export class Servers {
  #rows = new Map();
  #drawing = false;

  constructor({ store, operations, open }) {
    Object.assign(this, { store, operations, open });
    this.$filter = $("#filter");
    this.draw = keyedList($("#servers"), {
      create: (server) => createCard(server, this),
      leave,
    });
    this.$filter.on("input", () => this.render());
    this.$filter.on("keydown", (event) => {
      if (event.key === "Escape") {
        this.#clearFilter();
      }
    });
    $("#clear-filter").on("click", () => this.#clearFilter());
    $("#new-server, #first-server").on("click", () => open.create.show());
    setInterval(() => this.render(), TICK);
  }

  changed({ kind }) {
    if (["server", "flavor", "image", "all"].includes(kind)) {
      this.#soon();
    }
  }

  /** Draw one card again, for what is not in the store (a failed action). */
  refresh(id) {
    const server = this.store.get("server", id);
    if (server) {
      this.#rows.get(id)?.update(server);
    }
  }

  problem(fault) {
    $("#problem").prop("hidden", !fault);
    $("#problem-text").text(fault ? fault.message : "");
  }

  render() {
    const servers = this.store.all("server").sort(newestFirst);
    const loaded = this.store.loaded("server");
    const wanted = this.$filter.val().trim().toLowerCase();
    const shown = servers.filter((server) => this.#matches(server, wanted));
    this.#rows = this.draw(shown, (server) => server.id);
    $("#loading").prop("hidden", loaded);
    $("#empty").prop("hidden", !loaded || servers.length > 0);
    $("#no-match").prop("hidden", !servers.length || shown.length > 0);
    $("#tools").prop("hidden", !servers.length);
    $("#summary").text(loaded ? this.#summary(servers) : "");
  }

  /* Many changes come in one answer; they are drawn once. */
  #soon() {
    if (!this.#drawing) {
      this.#drawing = true;
      queueMicrotask(() => {
        this.#drawing = false;
        this.render();
      });
    }
  }

  #clearFilter() {
    this.$filter.val("").trigger("input").trigger("focus");
  }

  #matches(server, wanted) {
    if (!wanted) {
      return true;
    }
    const state = display(server, this.store.pending(server.id)).text;
    const image = this.store.get("image", server.image?.id)?.name || "";
    const addresses = addressesOf(server).map((entry) => entry.address);
    return [server.name, state, image, ...addresses].join(" ").toLowerCase().includes(wanted);
  }

  #summary(servers) {
    const running = servers.filter((server) => server.status === "ACTIVE").length;
    return servers.length ? `${count(servers.length, "server")}, ${running} running` : "";
  }
}

function newestFirst(one, other) {
  return other.created.localeCompare(one.created) || other.id.localeCompare(one.id);
}

function leave($card, done) {
  $card.addClass("leaving").attr("inert", "");
  setTimeout(done, FADE);
}
