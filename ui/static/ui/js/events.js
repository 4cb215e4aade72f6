/*
 * Reads /events, the stream of "this resource changed". An EventSource cannot send a token, so the
 * stream is read from fetch. Events are hints: whoever listens reads the resource again by the API.
 */

const SILENCE = 40_000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;

/** Cuts a stream of text into events {type, data}; comments (heartbeats) are dropped. */
export class EventParser {
  #rest = "";
  #type = "";
  #data = [];

  push(text) {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    return lines.map((line) => this.#line(line)).filter(Boolean);
  }

  #line(line) {
    if (line === "") {
      return this.#finish();
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (field === "event") {
      this.#type = value;
    } else if (field === "data") {
      this.#data.push(value);
    }
    return null;
  }

  #finish() {
    const event = { type: this.#type || "message", data: this.#data.join("\n") };
    const empty = !this.#type && !this.#data.length;
    this.#type = "";
    this.#data = [];
    return empty ? null : event;
  }
}

export class EventStream {
  #abort = null;
  #wait = FIRST_WAIT;
  #timer = null;
  #silence = null;
  #running = false;

  /**
   * onEvent(type, data), onState("connecting" | "live" | "waiting"), onUnauthorized();
   * token() is asked at every connection.
   */
  constructor({ url, token, onEvent, onState, onUnauthorized }) {
    Object.assign(this, { url, token, onEvent, onState, onUnauthorized });
    window.addEventListener("online", () => this.#retryNow());
    document.addEventListener("visibilitychange", () => this.#retryNow());
  }

  start() {
    if (!this.#running) {
      this.#running = true;
      this.#wait = FIRST_WAIT;
      this.#connect();
    }
  }

  stop() {
    this.#running = false;
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#abort?.abort();
  }

  #retryNow() {
    if (this.#running && this.#timer && !document.hidden) {
      this.#connect();
    }
  }

  async #connect() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const abort = new AbortController();
    this.#abort = abort;
    this.onState("connecting");
    try {
      await this.#read(abort);
    } catch (error) {
      // A cut line, a refused connection and our own abort all end here and mean the same.
      console.debug("event stream:", error.message);
    }
    clearTimeout(this.#silence);
    if (this.#running && this.#abort === abort) {
      this.#later();
    }
  }

  async #read(abort) {
    this.#watch(abort);
    const headers = { "X-Auth-Token": this.token(), Accept: "text/event-stream" };
    const response = await fetch(this.url, { headers, signal: abort.signal, cache: "no-store" });
    if (response.status === 401) {
      this.stop();
      this.onUnauthorized();
      return;
    }
    if (!response.ok) {
      throw new Error(`status ${response.status}`);
    }
    const parser = new EventParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      this.#watch(abort);
      parser.push(chunk.value).forEach((event) => this.#pass(event));
    }
  }

  #pass({ type, data }) {
    if (type === "hello") {
      this.#wait = FIRST_WAIT;
      this.onState("live");
    }
    let body = null;
    try {
      body = data ? JSON.parse(data) : null;
    } catch {
      console.warn("event stream: unreadable data", data);
    }
    this.onEvent(type, body);
  }

  /* The server speaks at least every 15 s; a line that stays silent is a dead one. */
  #watch(abort) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => abort.abort(), SILENCE);
  }

  #later() {
    this.onState("waiting");
    // The spread keeps a thousand pages from returning in the same moment after a restart.
    const wait = this.#wait * (0.75 + Math.random() / 2);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
    this.#timer = setTimeout(() => this.#connect(), wait);
  }
}
