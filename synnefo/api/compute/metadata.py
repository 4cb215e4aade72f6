"""Metadata of servers: all of it and item by item."""

from django.http import HttpResponse

from synnefo.api.bodies import METADATA, record
from synnefo.api.compute.servers import find
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import BadRequest, NotFound
from synnefo.intents.compute import server_changes as intents

ALL = record({"metadata": METADATA}, ("metadata",))
ONE = record({"meta": METADATA}, ("meta",))


def show_all(request: Request, id: str) -> HttpResponse:
    """GET /servers/{id}/metadata."""
    return answer({"metadata": find(request, id).metadata})


def replace_all(request: Request, id: str) -> HttpResponse:
    """PUT /servers/{id}/metadata."""
    find(request, id)
    server = intents.replace_metadata(request.caller, id, request.wish["metadata"])
    return answer({"metadata": server.metadata})


def merge(request: Request, id: str) -> HttpResponse:
    """POST /servers/{id}/metadata."""
    find(request, id)
    server = intents.merge_metadata(request.caller, id, request.wish["metadata"])
    return answer({"metadata": server.metadata})


def show(request: Request, id: str, key: str) -> HttpResponse:
    """GET /servers/{id}/metadata/{key}."""
    metadata = find(request, id).metadata
    if key not in metadata:
        raise NotFound("Metadata item was not found")
    return answer({"meta": {key: metadata[key]}})


def set_item(request: Request, id: str, key: str) -> HttpResponse:
    """PUT /servers/{id}/metadata/{key}."""
    meta = request.wish["meta"]
    if len(meta) != 1 or key not in meta:
        raise BadRequest("Request body and URI mismatch", field=f"meta.{key[:80]}")
    find(request, id)
    intents.merge_metadata(request.caller, id, meta)
    return answer({"meta": meta})


def delete_item(request: Request, id: str, key: str) -> HttpResponse:
    """DELETE /servers/{id}/metadata/{key}."""
    if key not in find(request, id).metadata:
        raise NotFound("Metadata item was not found")
    intents.delete_metadata_item(request.caller, id, key)
    return empty(204)
