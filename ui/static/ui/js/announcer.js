/*
 * Speaks state changes to screen readers: grouped, at most one message every three seconds.
 */
import { $ } from "../../vendor/jquery/jquery.module.min.js";

const PAUSE = 3_000;

export class Announcer {
  #waiting = [];
  #timer = null;

  constructor(selector) {
    this.$region = $(selector);
  }

  say(text) {
    this.#waiting.push(text);
    if (!this.#timer) {
      this.#speak();
      this.#timer = setInterval(() => this.#speak(), PAUSE);
    }
  }

  #speak() {
    if (!this.#waiting.length) {
      clearInterval(this.#timer);
      this.#timer = null;
      return;
    }
    this.$region.text(this.#waiting.join(". "));
    this.#waiting = [];
  }
}
