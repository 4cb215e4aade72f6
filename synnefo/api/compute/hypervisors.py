"""Hypervisors: the nodes of all clusters as administrators see them, from the database alone."""

import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone

from synnefo.api import bodies
from synnefo.api.compute import node_records
from synnefo.api.compute.gating import asks, until
from synnefo.api.pagination import limit_of, next_link
from synnefo.api.request import Request, answer
from synnefo.core.faults import BadRequest, NotFound
from synnefo.core.naming import instance_name
from synnefo.core.server_states import ServerState
from synnefo.db.models import Node, Server

QUERY = ("limit", "marker", "hypervisor_hostname_pattern", "with_servers")
LIST_SHAPE = bodies.record(
    {"hypervisors": bodies.listing(bodies.anything)}, ("hypervisors",), rest=bodies.anything
)
SHAPE = bodies.record({"hypervisor": bodies.anything}, ("hypervisor",))
STATISTICS_SHAPE = bodies.record(
    {"hypervisor_statistics": bodies.anything}, ("hypervisor_statistics",)
)


def _nodes() -> QuerySet[Node]:
    return Node.objects.filter(vm_capable=True).select_related("backend")


def find(request: Request, id: str) -> Node:
    """One node by its number, from 2.53 on by its UUID."""
    absent = NotFound(f"Hypervisor with ID '{id[:80]}' could not be found.")
    if request.version >= (2, 53):
        try:
            rows = _nodes().filter(uuid=bodies.uuid(id, "id", True))
        except BadRequest as fault:
            raise BadRequest(f"Invalid uuid {id[:80]}", field="id") from fault
    else:
        if not re.fullmatch(r"[0-9]{1,18}", id):
            raise absent
        rows = _nodes().filter(pk=int(id))
    node = rows.first()
    if node is None:
        raise absent
    return node


def _matching(pattern: str) -> list[Node]:
    found = list(_nodes().filter(name__icontains=pattern).order_by("pk"))
    if not found:
        raise NotFound(f"No hypervisor matching '{pattern[:80]}' could be found.")
    return found


def _after(request: Request, rows: QuerySet[Node], marker: str) -> QuerySet[Node]:
    try:
        return rows.filter(pk__gt=find(request, marker).pk)
    except NotFound as fault:
        raise BadRequest(f"marker [{marker[:80]}] not found", field="marker") from fault


def _page(request: Request) -> tuple[list[Node], bool]:
    """The nodes asked for, and whether there may be more."""
    query = request.query
    pattern = query.get("hypervisor_hostname_pattern")
    if pattern is not None and request.version >= (2, 53):
        if "limit" in query or "marker" in query:
            raise BadRequest(
                "Paging over hypervisors with the hypervisor_hostname_pattern query parameter is"
                " not supported.",
                field="limit",
            )
        return _matching(pattern), False
    rows = _nodes().order_by("pk")
    if request.version < (2, 33):
        return list(rows), False
    marker = query.get("marker")
    if marker is not None:
        rows = _after(request, rows, marker)
    limit = limit_of(request)
    page = list(rows[:limit])
    return page, bool(limit) and len(page) == limit


def _with_servers(request: Request) -> bool:
    if request.version < (2, 53) or "with_servers" not in request.query:
        return False
    return bool(bodies.flag(request.query["with_servers"], "with_servers", True))


def _servers(nodes: Sequence[Node]) -> dict[str, list[dict[str, str]]]:
    rows = Server.objects.filter(node__in=[node.name for node in nodes])
    found: dict[str, list[dict[str, str]]] = {}
    for pk, uuid, node in (
        rows.exclude(state=ServerState.DELETED).order_by("pk").values_list("pk", "uuid", "node")
    ):
        found.setdefault(node, []).append({"uuid": str(uuid), "name": instance_of(pk)})
    return found


def instance_of(pk: int) -> str:
    """An instance's name on its cluster."""
    return instance_name(settings.SYNNEFO_INSTANCE_PREFIX, pk)


def _shown(request: Request, nodes: Sequence[Node], *, detail: bool) -> list[dict[str, Any]]:
    minor = request.version[1]
    if detail:
        taken, now = node_records.server_counts(node.name for node in nodes), timezone.now()
        shown = [
            node_records.hypervisor_detail(node, minor, taken.get(node.name), now) for node in nodes
        ]
    else:
        shown = [node_records.hypervisor(node, minor) for node in nodes]
    if _with_servers(request):
        _add_servers(shown, nodes, always=request.version >= (2, 75))
    return shown


def _add_servers(shown: list[dict[str, Any]], nodes: Sequence[Node], *, always: bool) -> None:
    by_node = _servers(nodes)
    for entry, node in zip(shown, nodes, strict=True):
        if always or node.name in by_node:
            entry["servers"] = by_node.get(node.name, [])


def _list(request: Request, path: str, *, detail: bool) -> HttpResponse:
    nodes, more = _page(request)
    data: dict[str, Any] = {"hypervisors": _shown(request, nodes, detail=detail)}
    if more:
        last = str(nodes[-1].uuid) if request.version >= (2, 53) else str(nodes[-1].pk)
        href = next_link(request, f"{request.base}/compute/v2.1/{path}", last)
        data["hypervisors_links"] = [{"rel": "next", "href": href}]
    return answer(data)


@asks(QUERY, 53)
def index(request: Request) -> HttpResponse:
    """GET /os-hypervisors."""
    return _list(request, "os-hypervisors", detail=False)


@asks(QUERY, 53)
def detail(request: Request) -> HttpResponse:
    """GET /os-hypervisors/detail."""
    return _list(request, "os-hypervisors/detail", detail=True)


@asks(("with_servers",), 53)
def show(request: Request, id: str) -> HttpResponse:
    """GET /os-hypervisors/{id}."""
    return answer({"hypervisor": _shown(request, [find(request, id)], detail=True)[0]})


@until(87)
def statistics(_request: Request) -> HttpResponse:
    """GET /os-hypervisors/statistics: the sums; of nodes that take servers."""
    nodes = [node for node in _nodes() if not node.disabled]
    taken = node_records.server_counts(node.name for node in nodes)
    total = dict.fromkeys(node_records.numbers(Node(), {}), 0)
    for node in nodes:
        for name, number in node_records.numbers(node, taken.get(node.name, {})).items():
            total[name] += number
    return answer({"hypervisor_statistics": {"count": len(nodes)} | total})


@until(87)
def uptime(request: Request, id: str) -> HttpResponse:
    """GET /os-hypervisors/{id}/uptime."""
    node = find(request, id)
    said = node_records.uptime(node, timezone.now())
    if said is None:
        raise BadRequest(f"Compute service of {node.name} is unavailable at this time.")
    shown = node_records.hypervisor(node, request.version[1])
    return answer({"hypervisor": shown | {"uptime": said}})


@until(52)
def search(request: Request, id: str) -> HttpResponse:
    """GET /os-hypervisors/{pattern}/search."""
    shown = [node_records.hypervisor(node, request.version[1]) for node in _matching(id)]
    return answer({"hypervisors": shown})


@until(52)
def servers(request: Request, id: str) -> HttpResponse:
    """GET /os-hypervisors/{pattern}/servers."""
    nodes = _matching(id)
    shown = [node_records.hypervisor(node, request.version[1]) for node in nodes]
    _add_servers(shown, nodes, always=False)
    return answer({"hypervisors": shown})
