"""Tags of servers, from 2.26 on."""

from django.http import HttpResponse

from synnefo.api.bodies import record
from synnefo.api.compute.gating import since
from synnefo.api.compute.server_bodies import TAG, TAGS
from synnefo.api.compute.servers import find
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import NotFound
from synnefo.db.models import ServerTag
from synnefo.intents.compute import server_changes as intents

ALL = record({"tags": TAGS}, ("tags",))


def _tags(request: Request, id: str) -> list[str]:
    server = find(request, id)
    rows = ServerTag.objects.filter(server=server).order_by("tag")
    return list(rows.values_list("tag", flat=True))


def _absent(id: str, tag: str) -> NotFound:
    return NotFound(f"Server {id} has no tag '{tag[:60]}'")


@since(26)
def index(request: Request, id: str) -> HttpResponse:
    """GET /servers/{id}/tags."""
    return answer({"tags": _tags(request, id)})


@since(26)
def replace(request: Request, id: str) -> HttpResponse:
    """PUT /servers/{id}/tags."""
    find(request, id)
    intents.replace_tags(request.caller, id, request.wish["tags"])
    return answer({"tags": _tags(request, id)})


@since(26)
def clear(request: Request, id: str) -> HttpResponse:
    """DELETE /servers/{id}/tags."""
    find(request, id)
    intents.delete_tags(request.caller, id)
    return empty(204)


@since(26)
def show(request: Request, id: str, tag: str) -> HttpResponse:
    """GET /servers/{id}/tags/{tag}: whether it is there."""
    if tag not in _tags(request, id):
        raise _absent(id, tag)
    return empty(204)


@since(26)
def add(request: Request, id: str, tag: str) -> HttpResponse:
    """PUT /servers/{id}/tags/{tag}: 201 where it is new."""
    find(request, id)
    TAG(tag, "tag", True)
    new = intents.add_tag(request.caller, id, tag)
    location = f"{request.base}/compute/v2.1/servers/{id}/tags/{tag}"
    return empty(201 if new else 204, {"Location": location})


@since(26)
def remove(request: Request, id: str, tag: str) -> HttpResponse:
    """DELETE /servers/{id}/tags/{tag}."""
    find(request, id)
    if not intents.delete_tags(request.caller, id, tag):
        raise _absent(id, tag)
    return empty(204)
