"""Availability zones: what users see, and administrators with the nodes in them."""

from typing import Any

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.request import Request, answer, long_timestamp
from synnefo.db.models import Node
from synnefo.intents import zones

SHAPE = bodies.record({"availabilityZoneInfo": bodies.anything}, ("availabilityZoneInfo",))


def _zones() -> dict[str, list[Node]]:
    """The nodes by their zones, which are there only while they have nodes; two queries."""
    found: dict[str, list[Node]] = {}
    nodes = list(Node.objects.filter(vm_capable=True).order_by("name"))
    by_node = zones.of_nodes()
    for node in nodes:
        found.setdefault(by_node.get(node.pk, zones.DEFAULT), []).append(node)
    return found or {zones.DEFAULT: []}


def _available(nodes: list[Node]) -> bool:
    """A cloud without any node known yet may still have room."""
    return not nodes or any(node.answers and not node.disabled for node in nodes)


def index(_request: Request) -> HttpResponse:
    """GET /os-availability-zone."""
    shown = [
        {"zoneName": name, "zoneState": {"available": _available(nodes)}, "hosts": None}
        for name, nodes in sorted(_zones().items())
    ]
    return answer({"availabilityZoneInfo": shown})


def detail(_request: Request) -> HttpResponse:
    """GET /os-availability-zone/detail: for administrators, with the nodes."""
    shown: list[dict[str, Any]] = []
    for name, nodes in sorted(_zones().items()):
        hosts = {
            node.name: {
                "nova-compute": {
                    "available": node.answers,
                    "active": not node.disabled,
                    "updated_at": long_timestamp(node.seen_at),
                }
            }
            for node in nodes
        }
        state = {"available": _available(nodes)}
        shown.append({"zoneName": name, "zoneState": state, "hosts": hosts})
    return answer({"availabilityZoneInfo": shown})
