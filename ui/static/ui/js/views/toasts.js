/*
 * Short good news at the edge of the window. Never errors: those stay where they belong.
 */
import { $ } from "../../../vendor/jquery/jquery.module.min.js";
import { clone } from "../dom.js";

const SHOWN_FOR = 4_500;

export class Toasts {
  constructor(selector) {
    this.$list = $(selector);
  }

  show(text) {
    const { $root, part } = clone("toast-template");
    part.text.text(text);
    this.$list.append($root);
    setTimeout(() => {
      $root.addClass("leaving");
      setTimeout(() => $root.remove(), 300);
    }, SHOWN_FOR);
  }
}
