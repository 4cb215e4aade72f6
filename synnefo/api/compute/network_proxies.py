"""Networks and floating addresses in the compute service's old words; gone from 2.36 on."""

import uuid
from contextlib import suppress
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.compute.gating import until
from synnefo.api.request import Request, answer, empty
from synnefo.api.routing import Route, Who
from synnefo.core.faults import Conflict, NotFound
from synnefo.db.models import FloatingIp, Network
from synnefo.intents.network import floating_ips, network_rows

LAST = 35
# What Nova said of its own networks, and has nothing to say about these.
UNKNOWN = (
    "bridge", "bridge_interface", "broadcast", "cidr_v6", "created_at", "deleted",
    "deleted_at", "dhcp_server", "dhcp_start", "dns1", "dns2", "enable_dhcp", "gateway",
    "gateway_v6", "host", "injected", "mtu", "multi_host", "netmask", "netmask_v6",
    "priority", "project_id", "rxtx_base", "share_address", "updated_at", "vlan",
    "vpn_private_address", "vpn_public_address", "vpn_public_port",
)  # fmt: skip


# --- networks -------------------------------------------------------------------------------------


def _networks(request: Request) -> QuerySet[Network]:
    """Own ones and those that every project may use."""
    rows = Network.objects.filter(network_rows.networks_of(request.project))
    return rows.prefetch_related("subnets").order_by("pk")


def _network(request: Request, identifier: str) -> Network:
    try:
        found = _networks(request).filter(uuid=uuid.UUID(identifier)).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound(f"Network {identifier[:80]} could not be found.")
    return found


def _short(row: Network) -> dict[str, Any]:
    first = next(iter(row.subnets.all()), None)
    return {"id": str(row.uuid), "label": row.name, "cidr": first.cidr if first else None}


def _long(row: Network) -> dict[str, Any]:
    return dict.fromkeys(UNKNOWN) | _short(row)


@until(LAST)
def list_networks(request: Request) -> HttpResponse:
    """GET /os-networks."""
    return answer({"networks": [_long(row) for row in _networks(request)]})


@until(LAST)
def show_network(request: Request, id: str) -> HttpResponse:
    """GET /os-networks/{id}."""
    return answer({"network": _long(_network(request, id))})


@until(LAST)
def list_tenant_networks(request: Request) -> HttpResponse:
    """GET /os-tenant-networks."""
    return answer({"networks": [_short(row) for row in _networks(request)]})


@until(LAST)
def show_tenant_network(request: Request, id: str) -> HttpResponse:
    """GET /os-tenant-networks/{id}."""
    return answer({"network": _short(_network(request, id))})


# --- floating addresses ---------------------------------------------------------------------------


def _pools(request: Request) -> QuerySet[Network]:
    granted = network_rows.granted(request.project, "network", "access_as_external")
    rows = network_rows.networks(request.caller)
    return rows.filter(network_rows.EXTERNAL | Q(uuid__in=granted)).order_by("pk")


@until(LAST)
def list_pools(request: Request) -> HttpResponse:
    """GET /os-floating-ip-pools: the external networks."""
    pools = [{"name": row.name or str(row.uuid)} for row in _pools(request)]
    return answer({"floating_ip_pools": pools})


def _addresses(request: Request) -> QuerySet[FloatingIp]:
    rows = FloatingIp.objects.filter(project_id=request.project)
    return rows.select_related("network", "port__server").order_by("pk")


def _address(request: Request, identifier: str) -> FloatingIp:
    try:
        found = _addresses(request).filter(uuid=uuid.UUID(identifier)).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound(f"Floating IP not found for ID {identifier[:80]}")
    return found


def _shown(row: FloatingIp) -> dict[str, Any]:
    server = row.port.server if row.port else None
    return {
        "id": str(row.uuid),
        "ip": row.address,
        "pool": row.network.name or str(row.network.uuid),
        "fixed_ip": row.fixed_address,
        "instance_id": str(server.uuid) if server else None,
    }


@until(LAST)
def list_addresses(request: Request) -> HttpResponse:
    """GET /os-floating-ips."""
    return answer({"floating_ips": [_shown(row) for row in _addresses(request)]})


@until(LAST)
def show_address(request: Request, id: str) -> HttpResponse:
    """GET /os-floating-ips/{id}."""
    return answer({"floating_ip": _shown(_address(request, id))})


@until(LAST)
def take_address(request: Request) -> HttpResponse:
    """POST /os-floating-ips, from the pool that is named or the first one."""
    wanted = (request.wish or {}).get("pool")
    pools = _pools(request)
    if wanted is not None:
        named = Q(name=wanted)
        with suppress(ValueError):  # What is no id is a name only.
            named |= Q(uuid=uuid.UUID(wanted))
        pools = pools.filter(named)
    pool = pools.first()
    if pool is None:
        raise NotFound("Floating IP pool not found.")
    try:
        row = floating_ips.create(request.caller, [{"floating_network_id": str(pool.uuid)}])[0]
    except Conflict as used_up:
        raise NotFound(f"No more floating IPs in pool {pool.name}.") from used_up
    return answer({"floating_ip": _shown(_address(request, str(row.uuid)))})


@until(LAST)
def give_address_back(request: Request, id: str) -> HttpResponse:
    """DELETE /os-floating-ips/{id}."""
    floating_ips.delete(request.caller, str(_address(request, id).uuid))
    return empty(202)


def pool_wish(value: Any, where: str, strict: bool = True) -> Any:
    """The pool may be left out, and so may everything."""
    return None if value is None else POOL(value, where, strict)


POOL = bodies.record({"pool": bodies.maybe(bodies.text(1, 255))})
TAKE = bodies.described({"anyOf": [bodies.schema_of(POOL), {"type": "null"}]})(pool_wish)
LIST = bodies.record({}, rest=bodies.anything)
ROUTES = (
    Route("GET", "os-networks", list_networks, Who.READER, gives={200: LIST}),
    Route("GET", "os-networks/{id}", show_network, Who.READER, gives={200: LIST}),
    Route("GET", "os-tenant-networks", list_tenant_networks, Who.READER, gives={200: LIST}),
    Route("GET", "os-tenant-networks/{id}", show_tenant_network, Who.READER, gives={200: LIST}),
    Route("GET", "os-floating-ip-pools", list_pools, Who.READER, gives={200: LIST}),
    Route("GET", "os-floating-ips", list_addresses, Who.READER, gives={200: LIST}),
    Route("POST", "os-floating-ips", take_address, Who.MEMBER, body=TAKE, gives={200: LIST}),
    Route("GET", "os-floating-ips/{id}", show_address, Who.READER, gives={200: LIST}),
    Route("DELETE", "os-floating-ips/{id}", give_address_back, Who.MEMBER, gives={202: None}),
)
