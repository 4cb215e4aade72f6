"""What administrators read: the agents of nodes, and how many addresses are left."""

import json
from collections.abc import Callable
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse

from synnefo.api.bodies import UUID
from synnefo.api.network import kinds
from synnefo.api.network.collections import SERVICES, Collection, Filter, flag, ids, words
from synnefo.api.network.networks import NETWORKS
from synnefo.api.network.routers import ROUTERS
from synnefo.api.request import Request, answer
from synnefo.api.routing import Route, Who
from synnefo.core.network_faults import AgentNotFound, NetworkNotFound
from synnefo.core.subnet_rules import size
from synnefo.db.models import Network, Node, Subnet
from synnefo.intents.network import network_rows, subnets

AGENT = "Linux bridge agent"  # Clients know agents by the names of Neutron's own.
BINARY = "synnefo-node"


def _space(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat(sep=" ")[:19]


def agent_record(_request: Request, row: Any) -> dict[str, Any]:
    """The node that connects cards to networks."""
    return {
        "id": str(row.uuid),
        "agent_type": AGENT,
        "binary": BINARY,
        "topic": "N/A",
        "host": row.name,
        "admin_state_up": not row.disabled,
        "alive": row.answers,
        "availability_zone": "nova",
        "created_at": _space(row.created_at),
        "started_at": _space(row.up_since),
        "heartbeat_timestamp": _space(row.seen_at),
        "description": None,
        "configurations": {},
        "resources_synced": None,
        "resource_versions": {},
    }


def _rows(request: Request) -> Any:
    return Node.objects.all() if request.caller.is_admin else Node.objects.none()


AGENTS = Collection(
    name="agents",
    noun="agent",
    rows=_rows,
    record=agent_record,
    filters={
        "id": ids("uuid"),
        "host": words("name"),
        "agent_type": lambda values: Q() if AGENT in values else Q(pk__in=()),
        "binary": lambda values: Q() if BINARY in values else Q(pk__in=()),
        "alive": flag("alive", "answers"),
    },
    sort_keys={"id": "uuid", "host": "name", "created_at": "created_at"},
    missing=AgentNotFound,
    tagged=False,
)


def _availability(networks: list[Network]) -> list[dict[str, Any]]:
    """Of each network, with its subnets; two queries for all."""
    used = Subnet.objects.filter(network__in=networks).annotate(used=Count("addresses"))
    by_network: dict[int, list[dict[str, Any]]] = {}
    for row in used.order_by("pk"):
        by_network.setdefault(row.network_id, []).append(
            {
                "subnet_id": str(row.uuid),
                "subnet_name": row.name,
                "cidr": row.cidr,
                "ip_version": row.ip_version,
                "total_ips": sum(size(*one) for one in subnets.pools_of(row)),
                "used_ips": row.used,
            }
        )
    return [_of_network(row, by_network.get(row.pk, [])) for row in networks]


def _of_network(row: Network, parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "network_id": str(row.uuid),
        "network_name": row.name,
        "tenant_id": row.project_id,
        "project_id": row.project_id,
        "total_ips": sum(one["total_ips"] for one in parts),
        "used_ips": sum(one["used_ips"] for one in parts),
        "subnet_ip_availability": parts,
    }


def _answer(data: dict[str, Any]) -> HttpResponse:
    """An IPv6 subnet has more addresses than what writes all other answers can count."""
    return HttpResponse(json.dumps(data), content_type="application/json")


FILTERS: dict[str, Filter] = {
    "network_id": ids("uuid"),
    "network_name": words("name"),
    "tenant_id": words("project_id"),
    "project_id": words("project_id"),
    "ip_version": lambda values: Q(
        subnets__ip_version__in=[int(one) for one in values if one in ("4", "6")]
    ),
}


def _seen(request: Request) -> QuerySet[Network]:
    """What is left is for administrators and services; for others there is nothing."""
    known = network_rows.sees_all(request.caller)
    return Network.objects.all() if known else Network.objects.none()


def list_availability(request: Request) -> HttpResponse:
    """GET /v2.0/network-ip-availabilities."""
    rows = _seen(request).order_by("pk")
    for name, values in request.query.lists():
        if name in FILTERS:
            rows = rows.filter(FILTERS[name](values))
    return _answer({"network_ip_availabilities": _availability(list(rows.distinct()))})


def show_availability(request: Request, id: str) -> HttpResponse:
    """GET /v2.0/network-ip-availabilities/{network}."""
    row = _seen(request).filter(uuid=id).first() if UUID.fullmatch(id) else None
    if row is None:
        raise NetworkNotFound(f"Network {id[:80]} could not be found.")
    return _answer({"network_ip_availability": _availability([row])[0]})


def appointed(nouns: Collection, name: str) -> Callable[..., HttpResponse]:
    """GET of the agents that serve one of these, or of what an agent serves: nodes serve all, and
    none is appointed.
    """

    def view(request: Request, id: str) -> HttpResponse:
        nouns.one(request, id)
        return answer({name: []})

    return view


def list_pools(request: Request) -> HttpResponse:
    """GET /v2.0/floatingip_pools: the ranges that floating addresses are taken from."""
    outside = Network.objects.filter(network_rows.EXTERNAL)
    rows = network_rows.subnets(request.caller).filter(network__in=outside, ip_version=4)
    pools = [
        {
            "subnet_id": str(row.uuid),
            "subnet_name": row.name,
            "tenant_id": row.network.project_id,
            "project_id": row.network.project_id,
            "network_id": str(row.network.uuid),
            "network_name": row.network.name,
        }
        for row in rows.select_related("network").order_by("pk")
    ]
    return answer({"floatingip_pools": pools})


PATH = "network-ip-availabilities"
ROUTES = (
    *(
        Route("GET", path, appointed(nouns, name), Who.ADMIN, gives={200: kinds.shapes(name)})
        for path, nouns, name in (
            ("networks/{id}/dhcp-agents", NETWORKS, "agents"),
            ("routers/{id}/l3-agents", ROUTERS, "agents"),
            ("agents/{id}/dhcp-networks", AGENTS, "networks"),
            ("agents/{id}/l3-routers", AGENTS, "routers"),
        )
    ),
    Route(
        "GET",
        "floatingip_pools",
        list_pools,
        Who.READER,
        gives={200: kinds.shapes("floatingip_pools")},
    ),
    Route(
        "GET",
        PATH,
        list_availability,
        Who.READER,
        also=SERVICES,
        gives={200: kinds.shapes("network_ip_availabilities")},
        query=tuple(FILTERS),
    ),
    Route(
        "GET",
        f"{PATH}/{{id}}",
        show_availability,
        Who.READER,
        also=SERVICES,
        gives={200: kinds.shape("network_ip_availability")},
    ),
)
