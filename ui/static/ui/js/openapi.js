/*
 * Shows the API document: services, their operations, and of each what it takes and gives.
 * The document comes as a module, so nothing is fetched by hand; an operation is drawn when opened.
 */
import { $ } from "../../vendor/jquery/jquery.module.min.js";
import { clone, setText } from "./dom.js";
import document_ from "/openapi.json" with { type: "json" };

const METHODS = ["get", "post", "put", "patch", "delete"];
const MOST_LEVELS = 8;

/** A part of the document that is referred to, or the thing itself. */
function resolved(thing) {
  if (!thing || !thing.$ref) {
    return thing;
  }
  return thing.$ref.slice(2).split("/").reduce((at, name) => at[name], document_);
}

/** What limits a value, in a few words. */
function limits(schema) {
  const words = [];
  if (schema.enum) {
    words.push(`one of ${schema.enum.map((value) => JSON.stringify(value)).join(", ")}`);
  }
  for (const [key, word] of [
    ["format", "as"], ["minimum", "from"], ["maximum", "to"], ["minLength", "at least"],
    ["maxLength", "at most"], ["minItems", "at least"], ["maxItems", "at most"], ["maxProperties", "at most"],
  ]) {
    if (schema[key]) {
      words.push(`${word} ${schema[key]}`);
    }
  }
  return words.length ? ` (${words.join(", ")})` : "";
}

function typeOf(schema) {
  return [schema.type || "anything"].flat().join(" or ");
}

/** A schema as indented lines. */
function lines(raw, indent = "", level = 0) {
  const schema = resolved(raw) || {};
  if (level > MOST_LEVELS) {
    return [`${indent}…`];
  }
  const choices = schema.anyOf || schema.oneOf;
  if (choices) {
    return choices.flatMap((one, number) => [
      ...(number ? [`${indent}or`] : []),
      ...lines(one, indent, level + 1),
    ]);
  }
  const found = [];
  for (const [name, inner] of Object.entries(schema.properties || {})) {
    const must = (schema.required || []).includes(name) ? ", needed" : "";
    found.push(...field(`${name}${must}`, inner, indent, level));
  }
  if (schema.items) {
    found.push(...field("each", schema.items, indent, level));
  }
  if (schema.additionalProperties && typeof schema.additionalProperties === "object") {
    found.push(...field("any name", schema.additionalProperties, indent, level));
  }
  return found.length ? found : [`${indent}${typeOf(schema)}${limits(schema)}`];
}

function field(name, raw, indent, level) {
  const schema = resolved(raw) || {};
  const inner = lines(schema, `${indent}  `, level + 1);
  if (inner.length === 1 && !schema.items && !schema.properties) {
    return [`${indent}${name}: ${inner[0].trim()}`];
  }
  return [`${indent}${name}: ${schema.anyOf ? "" : typeOf(schema)}${limits(schema)}`, ...inner];
}

function part(title, text, schema) {
  const { $root, part: parts } = clone("part-template");
  setText(parts.title, title);
  setText(parts.text, text);
  if (schema) {
    parts.schema.prop("hidden", false);
    setText(parts.schema, lines(schema).join("\n"));
  }
  return $root;
}

function draw($inside, operation) {
  $inside.append(part("Who", operation.security ? "Anybody, without a token." : operation.description));
  const parameters = (operation.parameters || []).map(resolved);
  for (const place of ["path", "query", "header"]) {
    const names = parameters.filter((one) => one.in === place).map((one) => one.name);
    if (names.length) {
      $inside.append(part(`In the ${place}`, names.join(", ")));
    }
  }
  for (const [media, content] of Object.entries((operation.requestBody || {}).content || {})) {
    $inside.append(part("Body", media, content.schema));
  }
  for (const [status, raw] of Object.entries(operation.responses)) {
    const answer = resolved(raw);
    const content = Object.values(answer.content || {})[0];
    $inside.append(part(status, answer.description, Number(status) < 400 && content ? content.schema : null));
  }
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
  return { $root, text: `${name} ${path} ${operation.summary}`.toLowerCase() };
}

const rows = [];
for (const tag of document_.tags) {
  const { $root, part: parts } = clone("service-template");
  setText(parts.name, tag.name);
  setText(parts.about, tag.description);
  for (const [path, item] of Object.entries(document_.paths)) {
    for (const method of METHODS) {
      if (item[method] && item[method].tags.includes(tag.name)) {
        const made = row(path, method, item[method]);
        rows.push({ ...made, $section: $root });
        parts.operations.append(made.$root);
      }
    }
  }
  $("#services").append($root);
}

/** Show the operations that have all words; a service without any is hidden. */
function filter() {
  const words = String($("#filter").val()).toLowerCase().split(/\s+/).filter(Boolean);
  const shown = new Set();
  let count = 0;
  for (const { $root, text, $section } of rows) {
    const fits = words.every((word) => text.includes(word));
    $root.prop("hidden", !fits);
    if (fits) {
      count += 1;
      shown.add($section[0]);
    }
  }
  for (const { $section } of rows) {
    $section.prop("hidden", !shown.has($section[0]));
  }
  setText($("#count"), `${count} operations`);
}

$("#filter").on("input", filter);
filter();
if (location.hash) {
  const wanted = document.getElementById(location.hash.slice(1));
  if (wanted) {
    wanted.open = true;
    wanted.scrollIntoView();
  }
}
