/*
 * One server as a card: its face, state, progress, facts and what can be done.
 * Everything is drawn from the store; the card keeps only which question it is asking.
 */
import { clone, copyText, icon, setIcon, setText } from "../dom.js";
import { addressesOf, ago, flavorSizes } from "../format.js";
import { ACTIONS, actionsFor } from "../server_actions.js";
import { buildProgress, display } from "../server_states.js";

/** As long as the wave in servers.css lasts. */
const WAVE = 1_400;
const COPIED = 1_500;

export function createCard(server, { store, operations, open }) {
  const { $root, part } = clone("server-template");
  let current = server;
  let asking = null;
  let wasBusy = false;
  let drawnActions = null;

  const titleId = `server-${server.id}`;
  $root.attr({ "data-id": server.id, "aria-labelledby": titleId });
  part.name.attr("id", titleId);

  part.actions.on("click", "button", (event) => run(event.currentTarget.dataset.action));
  part.confirm.on("click", () => {
    const action = asking;
    ask(null);
    operations.act(current, action);
  });
  part.cancel.on("click", () => ask(null));
  part.question.on("keydown", (event) => {
    if (event.key === "Escape") {
      ask(null);
    }
  });
  part.dismiss.on("click", () => operations.dismiss(current.id));
  part.copy.on("click", async () => {
    await copyText(part.address.text());
    setIcon(part.copy, "check");
    setTimeout(() => setIcon(part.copy, "copy"), COPIED);
  });
  setIcon(part.copy, "copy");
  setIcon(part.dismiss, "close");

  function run(action) {
    const { ask: how, opens } = ACTIONS[action];
    if (opens === "console") {
      operations.openConsole(current);
    } else if (opens === "log") {
      open.log.show(current);
    } else if (how === "inline") {
      ask(action);
    } else if (how === "dialog") {
      open.remove.show(current);
    } else {
      operations.act(current, action);
    }
  }

  /** Ask in place of the buttons, and give the focus back to the button that asked. */
  function ask(action) {
    const before = asking;
    asking = action;
    part.question.prop("hidden", !action);
    part.actions.prop("hidden", Boolean(action));
    if (action) {
      setText(part.asked, ACTIONS[action].question);
      setText(part.confirm, ACTIONS[action].label);
      part.confirm.trigger("focus");
    } else if (before) {
      part.actions.find(`[data-action=${before}]`).trigger("focus");
    }
  }

  function update(next) {
    current = next;
    const pending = store.pending(next.id);
    drawState(next, pending);
    drawFacts(next);
    drawTrouble(next);
    drawActions(actionsFor(next, pending));
  }

  function drawState(next, pending) {
    const state = display(next, pending);
    $root.attr({ "data-tone": state.tone, "data-busy": state.busy });
    setIcon(part.stateIcon, state.icon);
    setText(part.state, state.busy ? `${state.text}…` : state.text);
    const progress = buildProgress(next, pending);
    part.build.prop("hidden", !progress);
    if (progress) {
      setText(part.buildText, progress.text);
      const { percent } = progress;
      part.bar.attr({ value: percent, "aria-label": `Building ${next.name}` });
    }
    if (wasBusy && !state.busy && state.tone !== "error") {
      $root.addClass("settled");
      setTimeout(() => $root.removeClass("settled"), WAVE);
    }
    wasBusy = state.busy;
  }

  function drawFacts(next) {
    const image = store.get("image", next.image?.id);
    const flavor = store.get("flavor", next.flavor?.id);
    const [first, ...others] = addressesOf(next);
    setText(part.name, next.name);
    part.name.attr("title", next.name);
    setText(part.image, image?.name || (next.image ? "Image removed" : "Own disk"));
    setText(part.flavor, flavor?.name || next.flavor?.original_name || "");
    setText(part.sizes, flavor ? flavorSizes(flavor).join(" · ") : "");
    setText(part.address, first?.address || "No address yet");
    part.address.toggleClass("quiet", !first);
    setText(part.more, others.length ? `and ${others.length} more` : "");
    part.more.attr("title", others.map((entry) => entry.address).join(", "));
    part.copy.prop("hidden", !first);
    setText(part.age, next.created ? ago(next.created) : "");
    part.age.attr({ datetime: next.created, title: next.created });
    setIcon(part.face, "server");
  }

  function drawTrouble(next) {
    const failure = operations.failure(next.id);
    const broken = next.status === "ERROR" && next.fault;
    part.trouble.prop("hidden", !failure && !broken);
    part.facts.prop("hidden", Boolean(broken));
    part.dismiss.prop("hidden", !failure);
    if (failure) {
      setText(part.troubleTitle, `${ACTIONS[failure.action].label} did not work`);
      setText(part.troubleText, failure.fault.message);
      setText(part.request, failure.fault.requestId);
    } else if (broken) {
      const built = Boolean(next["OS-SRV-USG:launched_at"]);
      setText(part.troubleTitle, built ? "This server has failed" : "It could not be built");
      setText(part.troubleText, `${next.fault.message} Delete it to give back what it holds.`);
      setText(part.request, "");
    }
  }

  /** Buttons are made anew only when the set changes, so that focus and hover stay. */
  function drawActions(names) {
    const key = names.join();
    if (key === drawnActions) {
      return;
    }
    const hadFocus = part.actions[0].contains(document.activeElement);
    drawnActions = key;
    part.actions.empty();
    for (const name of names) {
      part.actions.append(button(name));
    }
    if (asking && !names.includes(asking)) {
      ask(null);
    }
    if (hadFocus) {
      $root.trigger("focus");
    }
  }

  function button(name) {
    const { label, compact, icon: image } = ACTIONS[name];
    const { $root: $button, part: inside } = clone("action-template");
    $button.attr({ "data-action": name, title: compact ? label : null });
    $button.toggleClass("compact", Boolean(compact)).toggleClass("danger", name === "remove");
    $button.prepend(icon(image));
    inside.label.text(label);
    return $button;
  }

  return { $root, update };
}
