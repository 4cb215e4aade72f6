/*
 * What can be done to a server: one row per action. A view never compares a status itself.
 * ask: "no" acts at once, "inline" asks in the card, "dialog" asks in a dialog.
 * outcomes: statuses that answer the wish even when no task was ever seen.
 */
export const ACTIONS = {
  start: {
    label: "Start",
    icon: "play",
    from: ["SHUTOFF"],
    ask: "no",
    call: (api, id) => api.act(id, { "os-start": null }),
    shows: { text: "Starting", tone: "starting" },
    outcomes: ["ACTIVE", "ERROR"],
    doing: "Starting",
  },
  console: {
    label: "Console",
    icon: "screen",
    from: ["ACTIVE"],
    ask: "no",
    opens: "console",
  },
  stop: {
    label: "Shut down",
    icon: "power",
    from: ["ACTIVE"],
    ask: "inline",
    question: "Shut down?",
    call: (api, id) => api.act(id, { "os-stop": null }),
    shows: { text: "Shutting down", tone: "stopping" },
    outcomes: ["SHUTOFF", "ERROR"],
    doing: "Shutting down",
  },
  reboot: {
    label: "Reboot",
    icon: "reboot",
    from: ["ACTIVE"],
    ask: "inline",
    question: "Reboot?",
    call: (api, id) => api.act(id, { reboot: { type: "SOFT" } }),
    shows: { text: "Rebooting", tone: "changing" },
    outcomes: ["REBOOT", "ACTIVE", "ERROR"],
    doing: "Rebooting",
  },
  hardReboot: {
    label: "Hard reboot",
    icon: "bolt",
    compact: true,
    from: ["ACTIVE"],
    ask: "inline",
    question: "Cut the power and boot?",
    call: (api, id) => api.act(id, { reboot: { type: "HARD" } }),
    shows: { text: "Hard rebooting", tone: "changing" },
    outcomes: ["HARD_REBOOT", "ACTIVE", "ERROR"],
    doing: "Hard rebooting",
  },
  log: {
    label: "Boot log",
    icon: "log",
    compact: true,
    from: ["ACTIVE", "SHUTOFF", "ERROR"],
    ask: "no",
    opens: "log",
  },
  remove: {
    label: "Delete",
    icon: "trash",
    compact: true,
    from: null,
    ask: "dialog",
    call: (api, id) => api.deleteServer(id),
    shows: { text: "Deleting", tone: "deleting" },
    outcomes: ["DELETED"],
    doing: "Deleting",
  },
};

/** The names of the actions that make sense now; nothing but waiting while a task runs. */
export function actionsFor(server, pending) {
  const task = server["OS-EXT-STS:task_state"];
  if (pending === "remove" || task === "deleting") {
    return [];
  }
  const busy = Boolean(pending) || (Boolean(task) && server.status !== "BUILD");
  return Object.keys(ACTIONS).filter((name) => {
    const { from } = ACTIONS[name];
    return from === null || (!busy && from.includes(server.status));
  });
}
