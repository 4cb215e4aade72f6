"""Faults to HTTP: one table of statuses, one body shape per service. Nothing else maps them.

A fault's message is for the user; its context goes to the log, in `middleware`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson
from django.http import HttpResponse

from synnefo.core import faults
from synnefo.core.faults import Fault


class Row(NamedTuple):
    """How one fault looks: status, title (identity, image), key (compute), type (network)."""

    status: int
    title: str
    compute: str
    network: str


TABLE: dict[type[Fault], Row] = {
    faults.BadRequest: Row(400, "Bad Request", "badRequest", "HTTPBadRequest"),
    faults.Unauthorized: Row(401, "Unauthorized", "unauthorized", "HTTPUnauthorized"),
    faults.Forbidden: Row(403, "Forbidden", "forbidden", "PolicyNotAuthorized"),
    faults.QuotaExceeded: Row(403, "Forbidden", "forbidden", "OverQuota"),
    faults.NotFound: Row(404, "Not Found", "itemNotFound", "HTTPNotFound"),
    faults.MethodNotAllowed: Row(405, "Method Not Allowed", "badMethod", "HTTPMethodNotAllowed"),
    faults.NotAcceptable: Row(406, "Not Acceptable", "computeFault", "HTTPNotAcceptable"),
    faults.Conflict: Row(409, "Conflict", "conflictingRequest", "HTTPConflict"),
    faults.PreconditionFailed: Row(
        412, "Precondition Failed", "preconditionFailed", "RevisionNumberConstraintFailed"
    ),
    faults.Gone: Row(410, "Gone", "computeFault", "HTTPGone"),
    faults.TooLarge: Row(413, "Request Entity Too Large", "overLimit", "HTTPRequestEntityTooLarge"),
    faults.UnsupportedMediaType: Row(
        415, "Unsupported Media Type", "badMediaType", "HTTPUnsupportedMediaType"
    ),
    faults.TooManyRequests: Row(429, "Too Many Requests", "overLimit", "HTTPTooManyRequests"),
    faults.RangeNotSatisfiable: Row(
        416, "Requested Range Not Satisfiable", "badRequest", "HTTPRequestRangeNotSatisfiable"
    ),
    faults.NotSupported: Row(501, "Not Implemented", "notImplemented", "HTTPNotImplemented"),
    faults.ServiceUnavailable: Row(
        503, "Service Unavailable", "serviceUnavailable", "HTTPServiceUnavailable"
    ),
}
# Where a quota is used up is said with another status by each service; compute's is in the table.
OVER_QUOTA = {
    "network": Row(409, "Conflict", "conflictingRequest", "OverQuota"),
    "volume": Row(413, "Request Entity Too Large", "overLimit", "OverQuota"),
    "image": Row(413, "Request Entity Too Large", "overLimit", "OverQuota"),
}
UNEXPECTED = Row(500, "Internal Server Error", "computeFault", "HTTPInternalServerError")
UNEXPECTED_TEXT = (
    "The server failed at this request; nothing is known to be wrong with it. "
    "The request id finds the cause in the log."
)
RETRY_AFTER = "2"


def row_of(fault: Fault) -> Row:
    """The row of the nearest ancestor in the table."""
    return next((TABLE[kind] for kind in type(fault).__mro__ if kind in TABLE), UNEXPECTED)


def _compute(row: Row, message: str, _kind: str) -> dict[str, Any]:
    return {row.compute: {"code": row.status, "message": message}}


def _identity(row: Row, message: str, _kind: str) -> dict[str, Any]:
    return {"error": {"code": row.status, "message": message, "title": row.title}}


def _network(_row: Row, message: str, kind: str) -> dict[str, Any]:
    return {"NeutronError": {"type": kind, "message": message, "detail": ""}}


SHAPES: dict[str, Callable[[Row, str, str], dict[str, Any]]] = {
    "compute": _compute,
    "network": _network,
    "volume": _compute,
}


def _sentence(fault: Fault) -> str:
    """The message, which always names the field that a bad request is bad in."""
    named = fault.field is None or fault.field.rpartition(".")[2] in fault.message
    if named or not isinstance(fault, faults.BadRequest):
        return fault.message
    return f"{fault.message} ({fault.field})"


def response(service: str, fault: Fault | None, base: str) -> HttpResponse:
    """The answer to a fault in the body shape of `service`; None is an unexpected failure."""
    row = row_of(fault) if fault else UNEXPECTED
    if isinstance(fault, faults.QuotaExceeded):
        row = OVER_QUOTA.get(service, row)
    message = _sentence(fault) if fault else UNEXPECTED_TEXT
    named = fault is not None and type(fault) not in TABLE
    kind = type(fault).__name__ if named else row.network
    # Without a token all services answer in the identity service's words.
    shape = _identity if row.status == 401 else SHAPES.get(service, _identity)
    body = orjson.dumps(shape(row, message, kind))
    answer = HttpResponse(body, status=row.status, content_type="application/json")
    answer["Content-Length"] = str(len(body))
    if row.status == 401:
        answer["WWW-Authenticate"] = f'Keystone uri="{base}/identity"'
    if row.status == 503:
        answer["Retry-After"] = RETRY_AFTER
    if isinstance(fault, faults.MethodNotAllowed):
        answer["Allow"] = fault.allowed
    if isinstance(fault, faults.TooManyRequests):
        answer["Retry-After"] = str(fault.retry_after)
    return answer
