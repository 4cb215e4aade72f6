/*
 * Small tools for building the page: copies of <template> elements, icons, keyed lists.
 * Nothing here accepts HTML in a string; text is always set as text.
 */
import { $ } from "../../vendor/jquery/jquery.module.min.js";

const SVG = "http://www.w3.org/2000/svg";
const ICONS = "/static/ui/icons.svg";

/** A fresh copy of the first element inside <template id=ID>, and its parts by data-part. */
export function clone(id) {
  const template = document.getElementById(id);
  const $root = $(document.importNode(template.content, true)).children().first();
  return { $root, part: partsOf($root) };
}

/** Every descendant with data-part, wrapped by jQuery, under its name. */
export function partsOf($root) {
  const part = {};
  $root.find("[data-part]").each((_, element) => {
    part[element.dataset.part] = $(element);
  });
  return part;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${ICONS}#${name}`);
  svg.append(use);
  return svg;
}

/** Change an icon only when it differs, so that a running animation is not restarted. */
export function setIcon($holder, name) {
  if ($holder.attr("data-icon") !== name) {
    $holder.attr("data-icon", name).empty().append(icon(name));
  }
}

/** Change text only when it differs: untouched nodes keep the reader's selection. */
export function setText($element, text) {
  if ($element.text() !== text) {
    $element.text(text);
  }
}

/**
 * Bring the children of $list in line with items, reusing elements by key.
 * view: {create(item) -> {$root, update(item)}, leave($root, done)}.
 */
export function keyedList($list, view) {
  const rows = new Map();
  return function render(items, keyOf) {
    const wanted = new Set(items.map(keyOf));
    for (const [key, row] of rows) {
      if (!wanted.has(key)) {
        rows.delete(key);
        view.leave(row.$root, () => row.$root.remove());
      }
    }
    let place = firstStaying($list, rows);
    for (const item of items) {
      let row = rows.get(keyOf(item));
      if (!row) {
        row = view.create(item);
        rows.set(keyOf(item), row);
      }
      row.update(item);
      if (row.$root[0] === place) {
        place = nextStaying(place, rows);
      } else {
        $list[0].insertBefore(row.$root[0], place);
      }
    }
    return rows;
  };
}

function firstStaying($list, rows) {
  return staying($list[0].firstElementChild, rows);
}

function nextStaying(element, rows) {
  return staying(element.nextElementSibling, rows);
}

/* Elements that are fading out stay where they are and are no anchors for the others. */
function staying(element, rows) {
  const known = new Set([...rows.values()].map((row) => row.$root[0]));
  while (element && !known.has(element)) {
    element = element.nextElementSibling;
  }
  return element;
}

export async function copyText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Pages served without TLS from another machine have no clipboard object.
  const $area = $("<textarea class='offscreen'>").val(text).appendTo(document.body);
  $area[0].select();
  document.execCommand("copy");
  $area.remove();
}
