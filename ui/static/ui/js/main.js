/*
 * Puts the parts together and starts them. No behaviour of its own beyond who tells whom.
 */
import { $ } from "../../vendor/jquery/jquery.module.min.js";
import { Activity } from "./activity.js";
import { Announcer } from "./announcer.js";
import { Api } from "./api.js";
import { EventStream } from "./events.js";
import { Freshness } from "./freshness.js";
import { Operations } from "./operations.js";
import { restSentence, display } from "./server_states.js";
import { Store } from "./store.js";
import { ActivityPanel } from "./views/activity_panel.js";
import { BootLog } from "./views/boot_log.js";
import { CreateServer } from "./views/create_server.js";
import { DeleteServer } from "./views/delete_server.js";
import { Frame } from "./views/frame.js";
import { Login } from "./views/login.js";
import { Servers } from "./views/servers.js";
import { Toasts } from "./views/toasts.js";

const api = new Api();
const store = new Store();
const announcer = new Announcer("#announcer");
const toasts = new Toasts("#toasts");
const frame = new Frame({ onSignOut: signOut });
const activity = new Activity(() => panel.render());
const panel = new ActivityPanel(activity);
const freshness = new Freshness({ api, store, onProblem: (fault) => servers.problem(fault) });
const operations = new Operations({
  api,
  store,
  activity,
  freshness,
  onFailure: (id) => servers.refresh(id),
});
const create = new CreateServer({ api, store, operations, freshness, toasts });
const remove = new DeleteServer({ operations });
const log = new BootLog({ api });
const servers = new Servers({ store, operations, open: { create, remove, log } });
const login = new Login({ api, onSignedIn: enter });
const events = new EventStream({
  url: "/events",
  token: () => api.token,
  onEvent: (type, data) => freshness.event(type, data),
  onState: (state) => {
    freshness.streamState(state);
    frame.connection(state);
  },
  onUnauthorized: () => api.endSession(),
});

let owner = null;

store.onChange((change) => {
  activity.changed(change, change.id && store.pending(change.id));
  announce(change);
  servers.changed(change);
  create.changed(change);
});

api.onSessionEnd = () => {
  events.stop();
  freshness.stop();
  login.show("Your session has ended. Sign in again; everything you typed is still here.");
};

/** After signing in, or when the tab still has a session. */
function enter(session) {
  const who = `${session.user.id}/${session.project?.id}`;
  if (owner !== null && owner !== who) {
    // Another person must not see what the one before left on the page.
    store.clear();
    activity.clear();
    create.forget();
  }
  owner = who;
  login.hide();
  frame.show(session);
  freshness.start();
  events.start();
}

async function signOut() {
  events.stop();
  freshness.stop();
  owner = null;
  store.clear();
  activity.clear();
  create.forget();
  frame.hide();
  login.show();
  await api.signOut();
}

function announce({ kind, before, after, id }) {
  if (kind !== "server" || !before) {
    return;
  }
  if (!after) {
    announcer.say(`${before.name} was deleted`);
  } else if (before.status !== after.status && !display(after, store.pending(id)).busy) {
    announcer.say(`${after.name} ${restSentence(after)}`);
  }
}

/** Single keys work anywhere but in fields and dialogs. */
$(document).on("keydown", (event) => {
  const busy = event.ctrlKey || event.metaKey || event.altKey || !api.token;
  if (busy || $(event.target).closest("input, textarea, select, dialog").length) {
    return;
  }
  if (event.key === "c") {
    event.preventDefault();
    create.show();
  } else if (event.key === "/") {
    event.preventDefault();
    $("#filter").trigger("focus").trigger("select");
  }
});

if (api.session) {
  enter(api.session);
} else {
  login.show();
}
