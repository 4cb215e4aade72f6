/*
 * A JSON schema as nested lists that people can read: names, what is needed, types and limits.
 */
import { $ } from "../../vendor/jquery/jquery.module.min.js";
import { clone, setText } from "./dom.js";

const MOST_LEVELS = 10;
const LIMITS = [
  ["format", "as"], ["minimum", "from"], ["maximum", "to"], ["minLength", "at least"],
  ["maxLength", "at most"], ["minItems", "at least"], ["maxItems", "at most"], ["maxProperties", "at most"],
];

/** A part of the document that is referred to, or the thing itself. */
export function resolved(thing, whole) {
  if (!thing || !thing.$ref) {
    return thing;
  }
  return thing.$ref.slice(2).split("/").reduce((at, name) => at[name], whole);
}

/** What limits a value, in a few words. */
function limits(schema) {
  const words = schema.enum ? [`one of ${schema.enum.map((value) => JSON.stringify(value)).join(", ")}`] : [];
  for (const [key, word] of LIMITS) {
    if (schema[key]) {
      words.push(`${word} ${schema[key]}`);
    }
  }
  return words.length ? ` (${words.join(", ")})` : "";
}

function choicesOf(schema) {
  return schema.anyOf || schema.oneOf;
}

function isPlain(schema) {
  const choices = choicesOf(schema);
  return choices ? choices.every(isPlain) : !schema.properties && !schema.items && !freeOf(schema);
}

/** The schema of values under any name, if that says something. */
function freeOf(schema) {
  const free = schema.additionalProperties;
  return free && typeof free === "object" ? free : null;
}

/** A type in one line; what has parts is named only. */
function inWords(schema) {
  const choices = choicesOf(schema);
  if (choices) {
    return [...new Set(choices.map(inWords))].join(" or ");
  }
  const type = schema.type || (schema.properties ? "object" : schema.enum ? "" : "anything");
  return `${[type].flat().join(" or ")}${limits(schema)}`.trim();
}

/** The lines of what a schema consists of. */
function lines(raw, whole, level) {
  const schema = resolved(raw, whole) || {};
  const choices = choicesOf(schema);
  if (level > MOST_LEVELS || isPlain(schema)) {
    return [];
  }
  if (choices) {
    return choices
      .map((one) => resolved(one, whole))
      .filter((one) => !isPlain(one))
      .flatMap((one, number) => [...(number ? [$("<li class='or'>").text("or")] : []), ...lines(one, whole, level + 1)]);
  }
  const needed = new Set(schema.required || []);
  const named = Object.entries(schema.properties || {});
  const found = named.map(([name, inner]) => field(name, inner, needed.has(name), whole, level));
  if (schema.items) {
    found.push(field("each", schema.items, false, whole, level));
  }
  const free = freeOf(schema);
  if (free) {
    found.push(field("any name", free, false, whole, level));
  }
  return found;
}

function field(name, raw, needed, whole, level) {
  const schema = resolved(raw, whole) || {};
  const { $root, part } = clone("field-template");
  setText(part.name, name);
  part.needed.prop("hidden", !needed);
  setText(part.kind, inWords(schema));
  const inner = lines(schema, whole, level + 1);
  return inner.length ? $root.append($("<ul>").append(inner)) : $root;
}

/** A whole schema; `whole` is the document that its references lead into. */
export function schemaList(raw, whole) {
  const schema = resolved(raw, whole) || {};
  const inner = lines(schema, whole, 0);
  return $("<ul class='schema' tabindex='0'>").append(inner.length ? inner : $("<li>").text(inWords(schema)));
}
