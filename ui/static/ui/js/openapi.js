/*
 * The page of the API document: services, their nouns, and the operations of each.
 * The document comes as a module, so nothing is fetched by hand; an operation is drawn when opened.
 */
import { $ } from "../../vendor/jquery/jquery.module.min.js";
import { clone, setText } from "./dom.js";
import { resolved, schemaList } from "./schema_list.js";
import document_ from "/openapi.json" with { type: "json" };

const METHODS = ["get", "post", "put", "patch", "delete"];
const OWN_WORDS = /^OS-[A-Z0-9-]+$/;

/** What an operation is about: the first word below the version, two for extensions of Keystone. */
function nounOf(path, service) {
  const words = path.split("/").filter(Boolean);
  const below = words[0] === service ? words.slice(1) : words;
  const own = /^v\d/.test(below[0] || "") ? below.slice(1) : below;
  const plain = own.filter((word) => !word.startsWith("{"));
  return (OWN_WORDS.test(plain[0] || "") ? plain.slice(0, 2).join("/") : plain[0]) || "versions";
}

function part(title, text, $more) {
  const { $root, part: parts } = clone("part-template");
  setText(parts.title, title);
  setText(parts.text, text);
  if ($more) {
    $root.append($more);
  }
  return $root;
}

function parameterList(parameters) {
  const $list = $("<ul>");
  for (const one of parameters) {
    const { $root, part: parts } = clone("field-template");
    setText(parts.name, one.name);
    parts.needed.prop("hidden", !one.required);
    setText(parts.kind, one.description || "");
    $list.append($root);
  }
  return $list;
}

function bodyParts(media, content) {
  const since = content["x-since"];
  if (!since) {
    return [part("Body", media, schemaList(content.schema, document_))];
  }
  const $parts = part("Body", `${media}; it grew with the microversions, the newest first`);
  content.schema.anyOf.forEach((schema, number) => {
    const $older = $("<details>").prop("open", number === 0);
    $older.append($("<summary>").text(`Since ${since[number]}`), schemaList(schema, document_));
    $parts.append($older);
  });
  return [$parts];
}

function statusList(responses) {
  const $list = $("<ul>");
  for (const [status, answer] of responses) {
    const { $root, part: parts } = clone("status-template");
    setText(parts.code, status);
    setText(parts.text, answer.description);
    $list.append($root);
  }
  return $list;
}

function draw($inside, operation) {
  const open = operation.security && !operation.security.length;
  $inside.append(part("Who", open ? "Anybody, without a token." : operation.description));
  const parameters = (operation.parameters || []).map((one) => resolved(one, document_));
  for (const place of ["path", "query", "header"]) {
    const found = parameters.filter((one) => one.in === place);
    if (found.length) {
      $inside.append(part(`In the ${place}`, "", parameterList(found)));
    }
  }
  for (const [media, content] of Object.entries((operation.requestBody || {}).content || {})) {
    $inside.append(...bodyParts(media, content));
  }
  const answers = Object.entries(operation.responses).map(([status, raw]) => [status, resolved(raw, document_)]);
  for (const [status, answer] of answers.filter(([code]) => Number(code) < 400)) {
    const [media, content] = Object.entries(answer.content || {})[0] || [];
    const text = media ? `${answer.description}: ${media}` : `${answer.description}; no body`;
    $inside.append(part(`Answer ${status}`, text, content && schemaList(content.schema, document_)));
  }
  drawFaults($inside, answers.filter(([code]) => Number(code) >= 400));
}

function drawFaults($inside, faults) {
  if (!faults.length) {
    return;
  }
  const $part = part("Faults", "", statusList(faults));
  const content = Object.values(faults.at(-1)[1].content || {})[0];
  if (content) {
    const $shape = $("<details>").append($("<summary>").text("What a fault looks like"));
    $part.append($shape.append(schemaList(content.schema, document_)));
  }
  $inside.append($part);
}

function row(path, method, operation) {
  const { $root, part: parts } = clone("operation-template");
  const name = method.toUpperCase();
  parts.method.attr("data-method", name);
  setText(parts.method, name);
  setText(parts.path, path);
  setText(parts.summary, operation.summary);
  $root.attr("id", operation.operationId);
  $root.one("toggle", () => draw(parts.inside, operation));
  $root.on("toggle", () => {
    if ($root.prop("open")) {
      history.replaceState(null, "", `#${operation.operationId}`);
    }
  });
  return { $root, text: `${name} ${path} ${operation.summary}`.toLowerCase() };
}

const rows = [];
const groups = [];

function nounGroup(service, noun, $section, $list) {
  const { $root, part: parts } = clone("noun-template");
  const id = `${service}-${noun.replaceAll("/", "-")}`;
  $root.attr("id", id);
  setText(parts.name, noun);
  parts.name.attr("href", `#${id}`);
  const $link = $("<li>").append($("<a>").attr("href", `#${id}`).text(noun));
  $section.append($root);
  $list.append($link);
  const group = { $root, $link, $operations: parts.operations, $section };
  groups.push(group);
  return group;
}

function service(tag, operations) {
  const { $root, part: parts } = clone("service-template");
  const contents = clone("contents-template");
  $root.attr("id", tag.name);
  setText(parts.name, tag.name);
  setText(parts.about, tag.description);
  setText(contents.part.service, tag.name);
  contents.part.service.attr("href", `#${tag.name}`);
  const nouns = new Map();
  for (const [path, method, operation] of operations) {
    const noun = nounOf(path, tag.name);
    if (!nouns.has(noun)) {
      nouns.set(noun, nounGroup(tag.name, noun, $root, contents.part.nouns));
    }
    const made = row(path, method, operation);
    rows.push({ ...made, group: nouns.get(noun) });
    nouns.get(noun).$operations.append(made.$root);
  }
  $("#services").append($root);
  contents.$root.insertBefore("#contents > a");
}

const every = Object.entries(document_.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method]).map((method) => [path, method, item[method]]),
);
for (const tag of document_.tags) {
  service(tag, every.filter(([, , operation]) => operation.tags.includes(tag.name)));
}

/** Show the operations that have all words; a noun or a service without any is hidden. */
function filter() {
  const words = String($("#filter").val()).toLowerCase().split(/\s+/).filter(Boolean);
  const shown = new Set();
  let count = 0;
  for (const { $root, text, group } of rows) {
    const fits = words.every((word) => text.includes(word));
    $root.prop("hidden", !fits);
    if (fits) {
      count += 1;
      shown.add(group).add(group.$section[0]);
    }
  }
  for (const group of groups) {
    group.$root.prop("hidden", !shown.has(group));
    group.$link.prop("hidden", !shown.has(group));
    group.$section.prop("hidden", !shown.has(group.$section[0]));
  }
  setText($("#count"), count === 1 ? "1 operation" : `${count} operations`);
  $("#none").prop("hidden", count > 0);
}

/** Open and show what the address names; a filter that hides it is dropped. */
function follow() {
  const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!wanted) {
    return;
  }
  if (wanted.hidden) {
    $("#filter").val("");
    filter();
  }
  if (wanted.matches("details")) {
    wanted.open = true;
    wanted.querySelector("summary").focus({ preventScroll: true });
  }
  // What is opened is drawn first, or the place would be lost again.
  requestAnimationFrame(() => requestAnimationFrame(() => wanted.scrollIntoView()));
}

/** The operation lines that are seen, for moving among them by arrows. */
function step(from, by) {
  const lines = rows.filter(({ $root }) => !$root.prop("hidden")).map(({ $root }) => $root.children("summary")[0]);
  const next = lines[lines.indexOf(from) + by];
  (next || $("#filter")[0]).focus();
}

function keys(event) {
  const typing = event.target.matches("input");
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  if (event.key === "/" && !typing) {
    event.preventDefault();
    $("#filter").trigger("focus").trigger("select");
  } else if (event.key === "Escape" && typing) {
    $("#filter").val("");
    filter();
  } else if (["ArrowDown", "ArrowUp"].includes(event.key) && (typing || event.target.matches("main .noun summary"))) {
    event.preventDefault();
    step(event.target, event.key === "ArrowDown" ? 1 : -1);
  }
}

$("#filter").on("input", filter);
$(document).on("keydown", keys);
$(window).on("hashchange", follow);
filter();
follow();
