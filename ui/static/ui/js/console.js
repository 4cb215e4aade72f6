/*
 * The console page: noVNC's core on one canvas, with a bar of our own.
 * ?path= names the websocket and carries a ticket that is good for one connection, soon.
 */
import { $ } from "../../vendor/jquery/jquery.module.min.js";
import RFB from "../../vendor/novnc/core/rfb.js";
import { copyText } from "./dom.js";

const query = new URLSearchParams(location.search);
const path = query.get("path") || "";
const title = query.get("title") || "Console";

const $status = $("#status");
let rfb = null;
let clipboard = "";

const WORDS = { opening: "Connecting…", open: "Connected", closed: "Not connected" };

function say(state, text) {
  document.body.dataset.state = state;
  $status.text(WORDS[state]);
  $("#notice-text").text(text);
  $("#keys button, #paste, #fullscreen").prop("disabled", state !== "open");
}

function address() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}/${path.replace(/^\//, "")}`;
}

function connect() {
  if (!path) {
    say("closed", "This address carries no console ticket. Open the console from the server's card.");
    return;
  }
  say("opening", "Connecting…");
  $("#screen").empty();
  rfb = new RFB($("#screen")[0], address(), { wsProtocols: ["binary"] });
  rfb.scaleViewport = true;
  rfb.background = "transparent";
  rfb.addEventListener("connect", () => {
    say("open", "Connected");
    rfb.focus();
  });
  rfb.addEventListener("disconnect", (event) => closed(event.detail.clean));
  rfb.addEventListener("securityfailure", (event) => say("closed", event.detail.reason || "Refused."));
  rfb.addEventListener("clipboard", (event) => {
    clipboard = event.detail.text;
    $("#copy").prop("hidden", !clipboard);
  });
}

function closed(clean) {
  rfb = null;
  say(
    "closed",
    clean
      ? "The console was closed: open it again from the server's card."
      : "The console cannot be reached. The server may be off, or the ticket is used up: " +
          "open the console again from the server's card.",
  );
}

/** Text is typed key by key: a guest without an agent has no clipboard to paste into. */
function type(text) {
  for (const character of text) {
    const code = character.codePointAt(0);
    rfb.sendKey(character === "\n" ? 0xff0d : code < 0x100 ? code : 0x01000000 + code);
  }
  rfb.focus();
}

function press(...keysyms) {
  keysyms.forEach((keysym) => rfb.sendKey(keysym, null, true));
  keysyms.reverse().forEach((keysym) => rfb.sendKey(keysym, null, false));
  rfb.focus();
}

const COMBINATIONS = {
  "ctrl-alt-del": () => rfb.sendCtrlAltDel(),
  tab: () => press(0xff09),
  escape: () => press(0xff1b),
  "alt-f1": () => press(0xffe9, 0xffbe),
  "alt-f2": () => press(0xffe9, 0xffbf),
};

$("#keys").on("click", "button", (event) => COMBINATIONS[event.currentTarget.dataset.keys]());
$("#copy").on("click", () => copyText(clipboard));
$("#paste").on("click", () => $("#paste-dialog")[0].showModal());
$("#paste-dialog form").on("submit", () => {
  const text = $("#paste-text").val();
  $("#paste-text").val("");
  type(text);
});
$("#paste-dialog [value=cancel]").on("click", () => $("#paste-dialog")[0].close());
$("#fullscreen").on("click", () => {
  if (document.fullscreenElement) {
    document.exitFullscreen();
  } else {
    document.documentElement.requestFullscreen();
  }
  rfb?.focus();
});
window.addEventListener("pagehide", () => rfb?.disconnect());

$("#title").text(title);
document.title = `${title} · noVNC console`;
connect();
