/*
 * Decides what is read again and when: everything after signing in, one server after an event about
 * it, the list when many events come at once or the stream was away. Views never read by themselves.
 */

/** Above this many servers waiting to be read, one list is cheaper than single reads. */
const MANY = 6;
/** Without a stream the list is read this often; with one, slowly, since hints may get lost. */
const POLL = 4_000;
const SLOW_POLL = 60_000;
/** A server at work is looked at this often even if no event comes. */
const BUSY_POLL = 5_000;

const READERS = {
  server: (api) => api.servers(),
  flavor: (api) => api.flavors(),
  image: (api) => api.images(),
  network: (api) => api.networks(),
  keypair: (api) => api.keys(),
};

export class Freshness {
  #reading = new Set();
  #again = new Set();
  #live = false;
  #timer = null;
  #lastList = 0;
  #lastMissing = 0;

  /** onProblem(fault | null): the list cannot be read, or can again. */
  constructor({ api, store, onProblem }) {
    Object.assign(this, { api, store, onProblem });
    document.addEventListener("visibilitychange", () => !document.hidden && this.#look());
  }

  start() {
    Object.keys(READERS).forEach((kind) => this.readAll(kind));
    this.#lastMissing = performance.now();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#look(), 1_000);
  }

  stop() {
    clearInterval(this.#timer);
  }

  /** An event of the stream; a greeting means that anything may have been missed. */
  event(type, data) {
    if (type === "hello" || type === "reset") {
      this.readAll("server");
    } else if (type === "server" && data?.id) {
      this.readServer(data.id);
    } else if (READERS[type]) {
      this.readAll(type);
    }
  }

  streamState(state) {
    this.#live = state === "live";
  }

  async readAll(kind) {
    await this.#once(kind, async () => {
      const ticket = this.store.ticket();
      if (kind === "server") {
        this.#lastList = performance.now();
      }
      this.store.replace(kind, await READERS[kind](this.api), ticket);
      if (kind === "server") {
        this.onProblem(null);
      }
    });
  }

  async readServer(id) {
    const waiting = [...this.#reading].filter((key) => key.startsWith("server/")).length;
    if (waiting >= MANY) {
      await this.readAll("server");
      return;
    }
    await this.#once(`server/${id}`, async () => {
      const ticket = this.store.ticket();
      try {
        this.store.put("server", await this.api.server(id), ticket);
      } catch (fault) {
        if (fault.status !== 404) {
          throw fault;
        }
        this.store.remove("server", id, ticket);
      }
    });
  }

  /* One read of a thing at a time; a wish that comes meanwhile is kept and read afterwards. */
  async #once(key, read) {
    if (this.#reading.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#reading.add(key);
    try {
      do {
        this.#again.delete(key);
        await read();
      } while (this.#again.has(key));
    } catch (fault) {
      if (fault.status === undefined) {
        throw fault;
      }
      // Signing in again is asked for elsewhere; other failures are told and tried again.
      if (fault.status !== 401 && key.startsWith("server")) {
        this.onProblem(fault);
      }
    } finally {
      this.#again.delete(key);
      this.#reading.delete(key);
    }
  }

  #look() {
    if (document.hidden || !this.api.token) {
      return;
    }
    const age = performance.now() - this.#lastList;
    const busy = this.store.all("server").some(isBusy);
    const wait = this.#live ? (busy ? BUSY_POLL : SLOW_POLL) : POLL;
    if (age >= wait) {
      this.readAll("server");
    }
    this.#readMissing();
  }

  /* What failed at the start (the cloud may have been starting too) is tried until it is there. */
  #readMissing() {
    if (performance.now() - this.#lastMissing >= POLL) {
      this.#lastMissing = performance.now();
      const missing = Object.keys(READERS).filter((kind) => !this.store.loaded(kind));
      missing.forEach((kind) => this.readAll(kind));
    }
  }
}

function isBusy(server) {
  return server.status === "BUILD" || Boolean(server["OS-EXT-STS:task_state"]);
}
