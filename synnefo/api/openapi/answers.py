"""What each route may answer: its own bodies by status, and the faults of its kind of route."""

from typing import Any

from synnefo.api.bodies import SOMETIMES, Schema, schema_of
from synnefo.api.routing import Route, Who

TITLES = {
    200: "What was asked for",
    201: "It was made",
    202: "It was accepted and goes on",
    203: "What was asked for",
    204: "It was done",
    206: "The part that was asked for",
    300: "The versions",
    304: "It has not changed",
    400: "The request makes no sense; the message names the field",
    401: "There is no token, or none that is valid",
    403: "The caller may not do this, or a quota is used up",
    404: "There is no such resource, or it belongs to another project",
    406: "This microversion is not known",
    409: "The resource is in a state that does not allow this",
    410: "It is gone for good",
    413: "The body, or what it would take of a quota, is too large",
    415: "The body is in a format that is not understood",
    416: "There is no such part",
    429: "Asked more often than allowed; Retry-After says when to come again",
    501: "No cluster of this cloud can do this",
    503: "Something that is needed does not answer; Retry-After says when to come again",
}
USUAL = {"GET": 200, "HEAD": 200, "POST": 201, "PUT": 200, "PATCH": 200, "DELETE": 204}
# Microversions may be agreed upon, so an unknown one may be asked for.
VERSIONED = frozenset({"compute", "volume"})
_CODE: Schema = {"type": "integer"}
_TEXT: Schema = {"type": "string"}


def _object(properties: dict[str, Schema]) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


_PLAIN = _object({"error": _object({"code": _CODE, "message": _TEXT, "title": _TEXT})})
_OF_COMPUTE = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": _object({"code": _CODE, "message": _TEXT}),
}
_OF_NETWORK = _object({"NeutronError": _object({"type": _TEXT, "message": _TEXT, "detail": _TEXT})})
FAULTS: dict[str, Schema] = {
    "PlainFault": _PLAIN,
    "ComputeFault": _OF_COMPUTE,
    "NetworkFault": _OF_NETWORK,
}
_FAULT_OF = {"compute": "ComputeFault", "volume": "ComputeFault", "network": "NetworkFault"}


def _fault(service: str, status: int) -> dict[str, Any]:
    # Without a token all services answer in the identity service's words.
    name = "PlainFault" if status == 401 else _FAULT_OF.get(service, "PlainFault")
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    answer: dict[str, Any] = {"description": TITLES[status], "content": content}
    if status in (429, 503):
        answer["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}}
    return answer


def _statuses(service: str, route: Route, *, media: bool) -> list[int]:
    found = [400, 429, 503]
    if route.who is not Who.ANYBODY:
        found += [401, 403, 404]
    if service in VERSIONED:
        found.append(406)
    if route.method not in ("GET", "HEAD"):
        found += [409, 413]
    if media:
        found.append(415)
    if route.path.endswith("/action"):
        # Some actions are gone since a microversion, and some no cluster can do.
        found += [410, 501]
    if route.who is Who.ANYBODY and media:
        # Who asks proves in the body who they are.
        found += [401, 403, 404]
    return found


def of(service: str, route: Route, *, media: bool) -> dict[str, Any]:
    """The responses of a route; `media` says that it takes a body."""
    known = route.gives or {USUAL[route.method]: None}
    told = dict.fromkeys(_statuses(service, route, media=media))
    answers = {}
    for status in sorted({*known, *told}):
        if status >= 400 and known.get(status) is None:
            answers[str(status)] = _fault(service, status)
        else:
            answers[str(status)] = _success(route, status)
    return answers


def _success(route: Route, status: int) -> dict[str, Any]:
    kind = route.gives.get(status)
    answer: dict[str, Any] = {"description": TITLES.get(status, "Done")}
    if kind is not None:
        # Pages have links beside what they list, so an answer may hold more than its kind names.
        schema = {name: value for name, value in schema_of(kind).items() if name != _CLOSED}
        # A documented content is one that is always there.
        word = "x-content" if schema.pop(SOMETIMES, False) else "content"
        answer[word] = {"application/json": {"schema": schema}}
    return answer


_CLOSED = "additionalProperties"
