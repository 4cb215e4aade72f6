"""Aggregates: administrators' sets of nodes, some of which are availability zones."""

import re
from typing import Any

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import maybe
from synnefo.api.compute.gating import since
from synnefo.api.request import Request, answer, empty, long_timestamp
from synnefo.core.faults import BadRequest, NotFound
from synnefo.db.models import Aggregate
from synnefo.intents.compute import aggregates as intents

_NAMED = r"[^\s:\x00-\x1f\x7f]"
ZONE = maybe(bodies.text(1, 255, trim=True, pattern=rf"{_NAMED}([^:\x00-\x1f\x7f]*{_NAMED})?"))
HOST = bodies.record({"host": bodies.text(1, 255, pattern=r"[a-zA-Z0-9._-]+")}, ("host",))
NULLABLE = bodies.mapping(
    bodies.text(1, 255, pattern=r"[a-zA-Z0-9-_:. ]+"), maybe(bodies.text(0, 255, lines=True)), 128
)
FIELDS = {"name": bodies.NAME, "availability_zone": ZONE}
CREATE = bodies.record({"aggregate": bodies.record(FIELDS, ("name",))}, ("aggregate",))
UPDATE = bodies.record({"aggregate": bodies.record(FIELDS)}, ("aggregate",))
ACTION = bodies.record(
    {
        "add_host": HOST,
        "remove_host": HOST,
        "set_metadata": bodies.record({"metadata": NULLABLE}, ("metadata",)),
    }
)
CACHE = bodies.record(
    {"cache": bodies.listing(bodies.record({"id": bodies.uuid}, ("id",)), least=1)}, ("cache",)
)
LIST_SHAPE = bodies.record({"aggregates": bodies.listing(bodies.anything)}, ("aggregates",))
SHAPE = bodies.record({"aggregate": bodies.anything}, ("aggregate",))


def _shown(request: Request, row: Aggregate) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": row.pk,
        "name": row.name,
        "availability_zone": row.zone,
        "created_at": long_timestamp(row.created_at),
        "updated_at": long_timestamp(row.updated_at),
        "deleted": False,
        "deleted_at": None,
    }
    return shown | ({"uuid": str(row.uuid)} if request.version >= (2, 41) else {})


def _whole(request: Request, row: Aggregate) -> dict[str, Any]:
    zone = {intents.ZONE_KEY: row.zone} if row.zone is not None else {}
    return _shown(request, row) | {
        "hosts": sorted(node.name for node in row.nodes.all()),
        "metadata": row.metadata | zone,
    }


def _number(id: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", id):
        raise NotFound(f"Aggregate {id[:80]} could not be found.")
    return int(id)


def index(request: Request) -> HttpResponse:
    """GET /os-aggregates: two queries."""
    rows = Aggregate.objects.order_by("pk").prefetch_related("nodes")
    return answer({"aggregates": [_whole(request, row) for row in rows]})


def create(request: Request) -> HttpResponse:
    """POST /os-aggregates."""
    wish = request.wish["aggregate"]
    row = intents.create(wish["name"], wish.get("availability_zone"))
    return answer({"aggregate": _shown(request, row)})


def show(request: Request, id: str) -> HttpResponse:
    """GET /os-aggregates/{id}."""
    row = Aggregate.objects.filter(pk=_number(id)).first()
    if row is None:
        raise NotFound(f"Aggregate {id} could not be found.")
    return answer({"aggregate": _whole(request, row)})


def update(request: Request, id: str) -> HttpResponse:
    """PUT /os-aggregates/{id}."""
    wish = request.wish["aggregate"]
    if not wish:
        raise BadRequest("Give name or availability_zone.", field="aggregate")
    names = {"name": "name", "availability_zone": "zone"}
    row = intents.update(_number(id), {names[name]: value for name, value in wish.items()})
    return answer({"aggregate": _whole(request, row)})


def delete(_request: Request, id: str) -> HttpResponse:
    """DELETE /os-aggregates/{id}."""
    intents.delete(_number(id))
    return empty(200)


def act(request: Request, id: str) -> HttpResponse:
    """POST /os-aggregates/{id}/action: a host in or out, metadata."""
    if len(request.wish) != 1:
        raise BadRequest("There must be one action: add_host, remove_host or set_metadata.")
    [(action, arguments)] = request.wish.items()
    number = _number(id)
    if action == "set_metadata":
        row = intents.set_metadata(number, arguments["metadata"])
    elif action == "add_host":
        row = intents.add_host(number, arguments["host"])
    else:
        row = intents.remove_host(number, arguments["host"])
    return answer({"aggregate": _whole(request, row)})


@since(81)
def cache(_request: Request, id: str) -> HttpResponse:
    """POST /os-aggregates/{id}/images: each host does what it can, as in Nova; nodes of clusters
    copy images straight to disks and keep none."""
    if not Aggregate.objects.filter(pk=_number(id)).exists():
        raise NotFound(f"Aggregate {id} could not be found.")
    return empty(202)
