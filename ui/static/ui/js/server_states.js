/*
 * How a server's status, task and unanswered wish are shown: one table each, one lookup.
 * tone is the colour family in CSS; busy states show the moving squares.
 */
import { ACTIONS } from "./server_actions.js";

const STATUSES = {
  ACTIVE: { text: "Running", tone: "running", icon: "running" },
  SHUTOFF: { text: "Stopped", tone: "stopped", icon: "stopped" },
  ERROR: { text: "Error", tone: "error", icon: "error" },
  BUILD: { text: "Building", tone: "building", busy: true },
  REBOOT: { text: "Rebooting", tone: "changing", busy: true },
  HARD_REBOOT: { text: "Hard rebooting", tone: "changing", busy: true },
  REBUILD: { text: "Rebuilding", tone: "building", busy: true },
  RESIZE: { text: "Resizing", tone: "changing", busy: true },
  VERIFY_RESIZE: { text: "Confirm the resize", tone: "changing", icon: "unknown" },
  PAUSED: { text: "Paused", tone: "stopped", icon: "stopped" },
  SUSPENDED: { text: "Suspended", tone: "stopped", icon: "stopped" },
  SHELVED_OFFLOADED: { text: "Shelved", tone: "stopped", icon: "stopped" },
  RESCUE: { text: "Rescue", tone: "changing", icon: "running" },
};

const TASKS = {
  "powering-on": { text: "Starting", tone: "starting" },
  "powering-off": { text: "Shutting down", tone: "stopping" },
  rebooting: { text: "Rebooting", tone: "changing" },
  rebooting_hard: { text: "Hard rebooting", tone: "changing" },
  reboot_pending: { text: "Rebooting", tone: "changing" },
  reboot_started: { text: "Rebooting", tone: "changing" },
  reboot_pending_hard: { text: "Hard rebooting", tone: "changing" },
  reboot_started_hard: { text: "Hard rebooting", tone: "changing" },
  deleting: { text: "Deleting", tone: "deleting" },
  "soft-deleting": { text: "Deleting", tone: "deleting" },
};

const UNKNOWN = { text: "Unknown", tone: "unknown", icon: "unknown" };

/** {text, tone, icon, busy} of a server; a wish not yet answered comes first. */
export function display(server, pending) {
  const task = pending ? ACTIONS[pending].shows : TASKS[server["OS-EXT-STS:task_state"]];
  const shown = task ? { ...task, busy: true } : STATUSES[server.status] || UNKNOWN;
  return { icon: "squares", busy: false, ...shown };
}

/** The sentence and percentage under a building server; null when it is not building. */
export function buildProgress(server, pending) {
  if (server.status !== "BUILD" || pending) {
    return null;
  }
  const percent = Number(server.progress) || 0;
  if (percent <= 0) {
    return { percent: null, text: "Finding a place" };
  }
  return percent < 100
    ? { percent, text: `Copying the image, ${percent} %` }
    : { percent, text: "First boot" };
}

/** What the activity says when a server has come to rest in this state. */
export function restSentence(server) {
  const words = { ACTIVE: "is running", SHUTOFF: "has stopped", ERROR: "failed" };
  return words[server.status] || `is ${display(server, null).text.toLowerCase()}`;
}
