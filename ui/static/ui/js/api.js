/*
 * The client of the public API, and the only caller of $.ajax. The page is a client like any other:
 * it signs in with Identity, finds the services in the catalog and sends X-Auth-Token.
 * The token lives in sessionStorage, so it ends with the tab.
 */
import { $ } from "../../vendor/jquery/jquery.module.min.js";
import { Fault, readFault } from "./faults.js";

const SESSION = "synnefo.session";
const IDENTITY = "/identity";
const TIMEOUT = 30_000;
/** The oldest version that knows the word; what is not listed is asked in the oldest of all. */
const VERSION_OF = { console: "compute 2.6", "networks: none": "compute 2.37" };

/** A random name for a request, by which the server recognises a repetition. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Api {
  constructor() {
    this.session = readSession();
    this.onSessionEnd = () => {};
  }

  get token() {
    return this.session ? this.session.token : null;
  }

  // --- identity -------------------------------------------------------------------------------

  /** Sign in; without a project name the user's own choice of the server, else the first one. */
  async signIn({ user, password, project }) {
    const identity = { methods: ["password"], password: { user: named(user, { password }) } };
    const scope = project ? { project: named(project) } : undefined;
    let session = await this.#authenticate(identity, scope);
    if (!session.project) {
      session = await this.#chooseProject(session, user);
    }
    this.session = session;
    sessionStorage.setItem(SESSION, JSON.stringify(session));
    return session;
  }

  async signOut() {
    const token = this.token;
    this.#forget();
    if (!token) {
      return;
    }
    const headers = { "X-Auth-Token": token, "X-Subject-Token": token };
    // A token that cannot be revoked now expires by itself; the person is signed out either way.
    await send("DELETE", `${IDENTITY}/v3/auth/tokens`, { headers }).catch(() => null);
  }

  /** Called on any 401: the page asks for the password again and keeps everything else. */
  endSession() {
    if (this.session) {
      this.#forget();
      this.onSessionEnd();
    }
  }

  #forget() {
    this.session = null;
    sessionStorage.removeItem(SESSION);
  }

  async #authenticate(identity, scope) {
    const body = { auth: scope ? { identity, scope } : { identity } };
    const answer = await send("POST", `${IDENTITY}/v3/auth/tokens`, { body });
    return sessionOf(answer);
  }

  async #chooseProject(session, user) {
    const headers = { "X-Auth-Token": session.token };
    const identity = { methods: ["token"], token: { id: session.token } };
    let scope = { project: named(user) };
    try {
      const answer = await send("GET", `${IDENTITY}/v3/auth/projects`, { headers });
      const projects = answer.body.projects;
      if (!projects.length) {
        throw new Fault({ status: 403, message: "You are in no project yet. Ask your operator." });
      }
      scope = { project: { id: projects[0].id } };
    } catch (fault) {
      if (fault.status !== 404) {
        throw fault;
      }
    }
    return this.#authenticate(identity, scope);
  }

  // --- any service ----------------------------------------------------------------------------

  async request(service, method, path, options = {}) {
    if (!this.session) {
      throw new Fault({ status: 401 });
    }
    const token = this.token;
    const headers = { ...options.headers, "X-Auth-Token": token };
    try {
      const answer = await send(method, this.session.services[service] + path, {
        body: options.body,
        headers,
      });
      return answer.body;
    } catch (fault) {
      // An answer to a token of the past says nothing about the present session.
      if (fault.status === 401 && token === this.token) {
        this.endSession();
      }
      throw fault;
    }
  }

  async #list(service, path, key) {
    let found = [];
    let query = "";
    for (;;) {
      const page = await this.request(service, "GET", path + query);
      found = found.concat(page[key]);
      const more = (page[`${key}_links`] || []).some((link) => link.rel === "next") || page.next;
      if (!more || !page[key].length) {
        return found;
      }
      query = `?marker=${encodeURIComponent(page[key].at(-1).id)}`;
    }
  }

  // --- what the page reads --------------------------------------------------------------------

  servers() {
    return this.#list("compute", "/servers/detail", "servers");
  }

  async server(id) {
    return (await this.request("compute", "GET", `/servers/${id}`)).server;
  }

  flavors() {
    return this.#list("compute", "/flavors/detail", "flavors");
  }

  images() {
    return this.#list("image", "/v2/images", "images");
  }

  networks() {
    return this.#list("network", "/v2.0/networks", "networks");
  }

  async keys() {
    const answer = await this.request("compute", "GET", "/os-keypairs");
    return answer.keypairs.map((entry) => entry.keypair);
  }

  async limits() {
    return (await this.request("compute", "GET", "/limits")).limits.absolute;
  }

  // --- what the page asks for -----------------------------------------------------------------

  /** key: the same for every repetition of one wish, so that a lost answer never makes two. */
  async createServer(server, key) {
    const headers = { "Idempotency-Key": key };
    if (server.networks === "none") {
      headers["OpenStack-API-Version"] = VERSION_OF["networks: none"];
    }
    return (await this.request("compute", "POST", "/servers", { body: { server }, headers })).server;
  }

  act(id, body) {
    return this.request("compute", "POST", `/servers/${id}/action`, { body });
  }

  deleteServer(id) {
    return this.request("compute", "DELETE", `/servers/${id}`);
  }

  async importKey(name, publicKey) {
    const body = { keypair: { name, public_key: publicKey } };
    return (await this.request("compute", "POST", "/os-keypairs", { body })).keypair;
  }

  /** The address of a console, on the origin this page came from. */
  async consoleAddress(id) {
    const body = { remote_console: { protocol: "vnc", type: "novnc" } };
    const headers = { "OpenStack-API-Version": VERSION_OF.console };
    const options = { body, headers };
    const answer = await this.request("compute", "POST", `/servers/${id}/remote-consoles`, options);
    return onThisOrigin(answer.remote_console.url);
  }

  async consoleOutput(id, length) {
    return (await this.act(id, { "os-getConsoleOutput": { length } })).output;
  }
}

/** One request: resolves to {body, header(name)}, rejects with a Fault and nothing else. */
function send(method, url, { body, headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    $.ajax({
      url,
      method,
      headers: { Accept: "application/json", ...headers },
      contentType: "application/json",
      data: body === undefined ? undefined : JSON.stringify(body),
      // Many answers are empty with status 202, which jQuery's own JSON reading calls an error.
      dataType: "text",
      timeout: TIMEOUT,
    })
      .done((text, _status, xhr) => {
        const header = (name) => xhr.getResponseHeader(name);
        try {
          resolve({ body: text ? JSON.parse(text) : null, header });
        } catch {
          reject(new Fault({ status: 502, message: "The answer of the cloud was not JSON." }));
        }
      })
      .fail((xhr) => {
        const requestId = xhr.getResponseHeader("X-Openstack-Request-Id") || "";
        reject(readFault(xhr.status, xhr.responseText || "", requestId));
      });
  });
}

function named(name, more = {}) {
  return { name, domain: { name: "Default" }, ...more };
}

function sessionOf(answer) {
  const { user, project, catalog = [], expires_at: expires } = answer.body.token;
  const services = {};
  for (const entry of catalog) {
    const endpoint = entry.endpoints.find((candidate) => candidate.interface === "public");
    if (endpoint) {
      services[entry.type] = onThisOrigin(endpoint.url);
    }
  }
  return {
    token: answer.header("X-Subject-Token"),
    user: { id: user.id, name: user.name },
    project: project ? { id: project.id, name: project.name } : null,
    expires,
    services,
  };
}

/*
 * The catalog names the address the operator gave; a person may have come through a tunnel or by
 * another name of the same machine. The page and the API share one port, so the path is enough.
 */
function onThisOrigin(address) {
  const url = new URL(address, location.href);
  return url.pathname.replace(/\/$/, "") + url.search;
}

function readSession() {
  try {
    return JSON.parse(sessionStorage.getItem(SESSION));
  } catch {
    return null;
  }
}
