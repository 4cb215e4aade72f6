"""Documents kept for others: policies and OAuth consumers."""

from typing import Any

from django.http import HttpResponse

from synnefo.api.bodies import text
from synnefo.api.identity import kinds, records
from synnefo.api.identity.lists import filtered, listed
from synnefo.api.request import Request, answer, empty
from synnefo.db.models import Consumer, Policy
from synnefo.intents.identity import policies as intents

FIELDS = {"type": text(1, 255), "blob": text(0, 65536, lines=True)}
CREATE, UPDATE = kinds.body("policy", FIELDS, ("type", "blob")), kinds.body("policy", FIELDS)
CONSUMER = kinds.body("consumer", {"description": kinds.DESCRIPTION})
_W = records.WORD
POLICY = {"id": _W, "type": _W, "blob": text(0, 65536, lines=True), "links": kinds.LINKS}
SHAPE = kinds.shape("policy", POLICY, open_=True)
LIST_SHAPE = kinds.shapes("policies", POLICY, open_=True)
CONSUMER_SHAPE = kinds.shape("consumer", {"id": _W, "links": kinds.LINKS}, open_=True)
CONSUMERS_SHAPE = kinds.shapes("consumers", {"id": _W, "links": kinds.LINKS}, open_=True)


def _record(row: Policy, base: str) -> dict[str, Any]:
    inner = {"id": row.id, "type": row.type, "blob": row.blob}
    return {**row.extra, **inner, "links": records.link(base, "policies", row.id)}


def index(request: Request) -> HttpResponse:
    """GET /v3/policies."""
    rows = filtered(request, Policy.objects.all(), {"type": "type"})
    return listed(request, "policies", rows, _record)


def show(request: Request, id: str) -> HttpResponse:
    """GET /v3/policies/{id}."""
    return answer({"policy": _record(intents.get(id), request.base)})


def create(request: Request) -> HttpResponse:
    """POST /v3/policies."""
    row = intents.store(Policy(), request.wish["policy"])
    return answer({"policy": _record(row, request.base)}, 201)


def update(request: Request, id: str) -> HttpResponse:
    """PATCH /v3/policies/{id}."""
    row = intents.store(intents.get(id), request.wish["policy"])
    return answer({"policy": _record(row, request.base)})


def delete(_request: Request, id: str) -> HttpResponse:
    """DELETE /v3/policies/{id}."""
    intents.delete(id)
    return empty(204)


# --- consumers -----------------------------------------------------------------------------------


def _consumer(row: Consumer, base: str) -> dict[str, Any]:
    inner = {"id": row.id, "description": row.description or None}
    return {**row.extra, **inner, "links": records.link(base, "OS-OAUTH1/consumers", row.id)}


def consumers(request: Request) -> HttpResponse:
    """GET /v3/OS-OAUTH1/consumers."""
    return listed(request, "consumers", Consumer.objects.all(), _consumer, "OS-OAUTH1/consumers")


def consumer(request: Request, id: str) -> HttpResponse:
    """GET /v3/OS-OAUTH1/consumers/{id}."""
    return answer({"consumer": _consumer(intents.consumer(id), request.base)})


def create_consumer(request: Request) -> HttpResponse:
    """POST /v3/OS-OAUTH1/consumers; the one answer that has the secret."""
    row, secret = intents.create_consumer(request.wish["consumer"])
    return answer({"consumer": _consumer(row, request.base) | {"secret": secret}}, 201)


def update_consumer(request: Request, id: str) -> HttpResponse:
    """PATCH /v3/OS-OAUTH1/consumers/{id}."""
    row = intents.update_consumer(id, request.wish["consumer"])
    return answer({"consumer": _consumer(row, request.base)})


def delete_consumer(_request: Request, id: str) -> HttpResponse:
    """DELETE /v3/OS-OAUTH1/consumers/{id}."""
    intents.delete_consumer(id)
    return empty(204)
