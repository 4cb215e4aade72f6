"""Metadata of servers: all of it and item by item."""

from typing import Any

from django.http import HttpResponse

from synnefo.api.bodies import METADATA, record
from synnefo.api.compute.server_bodies import check_metadata
from synnefo.api.compute.servers import find
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import BadRequest, NotFound
from synnefo.intents import servers as intents

ALL = record({"metadata": METADATA}, ("metadata",))
ONE = record({"meta": METADATA}, ("meta",))


def _body(request: Request) -> Any:
    return ALL(request.json(), "", request.strict)["metadata"]


def show_all(request: Request, id: str) -> HttpResponse:
    """GET /servers/{id}/metadata."""
    return answer({"metadata": find(request, id).metadata})


def replace_all(request: Request, id: str) -> HttpResponse:
    """PUT /servers/{id}/metadata."""
    metadata = _body(request)
    check_metadata(metadata)
    find(request, id)
    server = intents.replace_metadata(request.caller, id, metadata)
    return answer({"metadata": server.metadata})


def merge(request: Request, id: str) -> HttpResponse:
    """POST /servers/{id}/metadata."""
    metadata = _body(request)
    check_metadata(find(request, id).metadata | metadata)
    server = intents.merge_metadata(request.caller, id, metadata)
    return answer({"metadata": server.metadata})


def show(request: Request, id: str, key: str) -> HttpResponse:
    """GET /servers/{id}/metadata/{key}."""
    metadata = find(request, id).metadata
    if key not in metadata:
        raise NotFound("Metadata item was not found")
    return answer({"meta": {key: metadata[key]}})


def set_item(request: Request, id: str, key: str) -> HttpResponse:
    """PUT /servers/{id}/metadata/{key}."""
    meta = ONE(request.json(), "", request.strict)["meta"]
    if len(meta) != 1 or key not in meta:
        raise BadRequest("Request body and URI mismatch", field=f"meta.{key[:80]}")
    check_metadata(find(request, id).metadata | meta)
    intents.merge_metadata(request.caller, id, meta)
    return answer({"meta": meta})


def delete_item(request: Request, id: str, key: str) -> HttpResponse:
    """DELETE /servers/{id}/metadata/{key}."""
    if key not in find(request, id).metadata:
        raise NotFound("Metadata item was not found")
    intents.delete_metadata_item(request.caller, id, key)
    return empty(204)
