/*
 * What the API's error answers mean in words: one Fault for every way a request can fail.
 * Knows OpenStack's fault bodies; knows nothing of the page.
 */

/** Words for failures that come without a message of their own. */
const WORDS = {
  0: "The cloud cannot be reached. Check your connection; the page keeps trying.",
  401: "Your session has ended. Sign in again to go on.",
  403: "You are not allowed to do this in this project.",
  404: "This no longer exists. Somebody may have deleted it.",
  409: "This cannot be done in the present state.",
  413: "This goes over a limit of your project.",
  429: "Too many requests. Wait a moment and try again.",
  500: "The cloud made an error. Try again; if it stays, give the request number to your operator.",
  502: "The cloud is restarting. Try again in a moment.",
  503: "The cloud is busy or restarting. Try again in a moment.",
  504: "The cloud took too long to answer. Try again in a moment.",
};

/**
 * Which form field a message speaks of. First match wins, so the key's name comes before the name
 * and the image before the flavor's sizes.
 */
const FIELDS = [
  ["key", /\bkey_?name\b|\bkeypair\b|\bkey pair\b|\bpublic_?key\b/i],
  ["image", /\bimage(Ref|_id)?\b/i],
  ["flavor", /\bflavor(Ref|_id)?\b/i],
  ["network", /\bnetworks?\b|\bsubnet\b|\baddress(es)?\b/i],
  ["name", /\bname\b/i],
];

export class Fault extends Error {
  constructor({ status, message, kind = "", requestId = "", field = null }) {
    super(message || WORDS[status] || `The cloud answered with status ${status}.`);
    this.status = status;
    this.kind = kind;
    this.requestId = requestId;
    this.field = field;
  }

  get unreachable() {
    return this.status === 0;
  }
}

/** Build a Fault from a status and the text of an answer. */
export function readFault(status, text, requestId) {
  const { kind, message, field } = bodyOf(text);
  return new Fault({ status, kind, message, requestId, field: fieldOf(status, field || message) });
}

/** The message of {"badRequest": {"message": ..}} and its relatives, whatever the outer word. */
function bodyOf(text) {
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    return { kind: "", message: "", field: null };
  }
  if (body === null || typeof body !== "object") {
    return { kind: "", message: "", field: null };
  }
  const [kind, inner] = Object.entries(body)[0] || ["", null];
  const fault = inner && typeof inner === "object" ? inner : body;
  return { kind, message: String(fault.message || fault.detail || ""), field: fault.field || null };
}

/** The form's word for the field that the answer names, or that its message speaks of. */
function fieldOf(status, message) {
  if (![400, 404, 409].includes(status) || !message) {
    return null;
  }
  const hit = FIELDS.find(([, pattern]) => pattern.test(message));
  return hit ? hit[0] : null;
}
