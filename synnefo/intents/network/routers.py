"""What users ask of routers: their gateway, their ports in subnets, their routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest
from synnefo.core.network_faults import (
    InvalidRoutes,
    PortInUse,
    RouterExternalGatewayInUseByFloatingIp,
    RouterInterfaceInUseByFloatingIP,
    RouterInterfaceInUseByRoute,
    RouterInterfaceNotFound,
    RouterInterfaceNotFoundForSubnet,
    RouterInUse,
    RouterNotFound,
    SubnetNotFound,
)
from synnefo.db import rings
from synnefo.db.models import Address, FloatingIp, Network, Port, Router, Subnet
from synnefo.db.transactions import writing
from synnefo.intents import quota
from synnefo.intents.network import network_rows, networks, port_addresses, ports
from synnefo.intents.network.network_rows import GATEWAY, INTERFACE

COLUMNS = {"name": "name", "description": "description", "admin_state_up": "admin_up"}


def create(caller: Caller, wishes: Sequence[Mapping[str, Any]]) -> list[Router]:
    """All of them or none."""
    with writing():
        return [_create(caller, wish) for wish in wishes]


def _check_kind(wish: Mapping[str, Any]) -> None:
    """There is one kind of router."""
    for name in ("distributed", "ha"):
        if wish.get(name):
            raise BadRequest(f"This cloud has no routers that are {name}.", field=name)


def _create(caller: Caller, wish: Mapping[str, Any]) -> Router:
    _check_kind(wish)
    project, now = network_rows.project_for(caller, wish), timezone.now()
    quota.admit(project, "router", Router.objects.filter(project_id=project))
    row = Router(project_id=project, created_at=now, updated_at=now)
    for name, column in COLUMNS.items():
        if wish.get(name) is not None:
            setattr(row, column, wish[name])
    row.save(force_insert=True)
    if wish.get("external_gateway_info"):
        _lead_out(caller, row, wish["external_gateway_info"])
    rings.changed(project, "router", row.uuid)
    return row


def mine(caller: Caller, identifier: str, what: str, revision: int | None = None) -> Router:
    """The caller's router with its row locked."""
    rows = network_rows.routers(caller)
    row = network_rows.locked(rows, identifier, RouterNotFound, "Router")
    network_rows.check_owner(caller, row.project_id, what)
    network_rows.check_revision(row, revision)
    return row


def update(
    caller: Caller, identifier: str, wish: Mapping[str, Any], revision: int | None
) -> Router:
    """Change what a wish names."""
    with writing():
        row = mine(caller, identifier, "update_router", revision)
        _check_kind(wish)
        changes = {COLUMNS[name]: value for name, value in wish.items() if name in COLUMNS}
        if "external_gateway_info" in wish:
            if wish["external_gateway_info"]:
                _lead_out(caller, row, wish["external_gateway_info"])
            else:
                _lead_nowhere(row)
        if "routes" in wish:
            changes["routes"] = _checked_routes(row, wish["routes"] or [])
        network_rows.written(row, changes or {"name": row.name})
        rings.changed(row.project_id, "router", row.uuid)
    return row


def delete(caller: Caller, identifier: str) -> None:
    """Not while it has ports in subnets."""
    with writing():
        row = mine(caller, identifier, "delete_router")
        if row.ports.exclude(owner=GATEWAY).exists():
            raise RouterInUse(f"Router {row.uuid} still has ports")
        _lead_nowhere(row)
        network_rows.forget_tags([row.uuid])
        row.delete()
        rings.changed(row.project_id, "router", identifier)


# --- the way out ----------------------------------------------------------------------------------


def _lead_out(caller: Caller, row: Router, wish: Mapping[str, Any]) -> None:
    network = networks.external(caller, wish["network_id"])
    row.snat = wish.get("enable_snat", True)
    wished = wish.get("external_fixed_ips") or None
    held = row.ports.filter(owner=GATEWAY).first()
    if held is not None and held.network_id != network.pk:
        _check_no_floating(row)
        ports.removed([held])
        held = None
    if held is None:
        _gateway_port(row, network, wished)
    elif wished:
        port_addresses.change(held, wished)
    row.gateway = network
    Router.objects.filter(pk=row.pk).update(gateway=network, snat=row.snat)


def _gateway_port(
    row: Router, network: Network, wished: Sequence[Mapping[str, str]] | None
) -> None:
    now = timezone.now()
    port = Port.objects.create(
        project_id=row.project_id,
        network=network,
        router=row,
        owner=GATEWAY,
        device=str(row.uuid),
        status="ACTIVE",
        kept=True,
        port_security=False,
        mac_address=ports.free_mac(network),
        created_at=now,
        updated_at=now,
    )
    port_addresses.give(port, wished)


def _check_no_floating(row: Router) -> None:
    if row.floating_ips.exists():
        network = row.gateway.uuid if row.gateway else ""
        raise RouterExternalGatewayInUseByFloatingIp(
            f"Gateway cannot be updated for router {row.uuid}, since a gateway to external"
            f" network {network} is required by one or more floating IPs."
        )


def _lead_nowhere(row: Router) -> None:
    _check_no_floating(row)
    ports.removed(row.ports.filter(owner=GATEWAY))
    row.gateway, row.snat = None, True
    Router.objects.filter(pk=row.pk).update(gateway=None, snat=True)


# --- ports in subnets -----------------------------------------------------------------------------


def add_interface(caller: Caller, identifier: str, wish: Mapping[str, str]) -> tuple[Router, Port]:
    """By a subnet, whose gateway the router becomes, or with a port that nobody has."""
    if ("subnet_id" in wish) == ("port_id" in wish):
        raise BadRequest("Either subnet_id or port_id must be specified.", field="subnet_id")
    with writing():
        row = mine(caller, identifier, "add_router_interface")
        if "port_id" in wish:
            port = _taken(caller, row, wish["port_id"])
        else:
            port = _made(caller, row, wish["subnet_id"])
        network_rows.touched(Router.objects.filter(pk=row.pk), timezone.now())
        rings.changed(row.project_id, "router", row.uuid)
    return row, port


def _taken(caller: Caller, row: Router, identifier: str) -> Port:
    port = ports.mine(caller, identifier, "add_router_interface")
    if port.server_id is not None or port.router_id is not None or port.device:
        raise PortInUse(
            f"Unable to complete operation on port {port.uuid} for network"
            f" {port.network.uuid}. Port already has an attached device {port.device}."
        )
    subnets = [one.subnet for one in port.addresses.select_related("subnet")]
    if len([one for one in subnets if one.ip_version == 4]) > 1:
        raise BadRequest("Bad router request: Cannot have multiple IPv4 subnets on router port.")
    for subnet in subnets:
        _check_new_subnet(row, subnet)
    taken = {"router": row, "owner": INTERFACE, "device": str(row.uuid), "status": "ACTIVE"}
    port.security_groups.clear()
    network_rows.written(port, taken | {"port_security": False})
    return port


def _made(caller: Caller, row: Router, identifier: str) -> Port:
    # Others' ways out are seen, and no places for a router's own ports.
    seen = network_rows.subnets(caller).select_related("network")
    seen = seen.filter(network__in=network_rows.usable_networks(caller))
    subnet = network_rows.locked(seen, identifier, SubnetNotFound, "Subnet")
    if not subnet.gateway:
        raise BadRequest("Bad router request: Subnet for router interface must have a gateway IP.")
    _check_new_subnet(row, subnet)
    quota.admit(row.project_id, "port", ports.counted(row.project_id))
    now = timezone.now()
    port = Port.objects.create(
        project_id=row.project_id,
        network=subnet.network,
        router=row,
        owner=INTERFACE,
        device=str(row.uuid),
        status="ACTIVE",
        port_security=False,
        mac_address=ports.free_mac(subnet.network),
        created_at=now,
        updated_at=now,
    )
    port_addresses.hold(port, subnet, subnet.gateway)
    return port


def _check_new_subnet(row: Router, subnet: Subnet) -> None:
    net = ip_network(subnet.cidr)
    here = Subnet.objects.filter(addresses__port__router=row).distinct()
    for other in here:
        if other.pk == subnet.pk:
            raise BadRequest(
                f"Bad router request: Router already has a port on subnet {subnet.uuid}."
            )
        if other.ip_version == net.version and net.overlaps(ip_network(other.cidr)):
            raise BadRequest(
                f"Bad router request: Cidr {net} of subnet {subnet.uuid} overlaps with cidr"
                f" {other.cidr} of subnet {other.uuid}."
            )


def remove_interface(
    caller: Caller, identifier: str, wish: Mapping[str, str]
) -> tuple[Router, Port, Subnet | None]:
    """By its port, its subnet, or both if they belong together."""
    if not {"subnet_id", "port_id"} & wish.keys():
        raise BadRequest("Either subnet_id or port_id must be specified.", field="subnet_id")
    with writing():
        row = mine(caller, identifier, "remove_router_interface")
        port = _interface(row, wish)
        held = [one.subnet for one in port.addresses.select_related("subnet")]
        for subnet in held:
            _check_not_needed(row, subnet)
        ports.removed([port])
        network_rows.touched(Router.objects.filter(pk=row.pk), timezone.now())
        rings.changed(row.project_id, "router", row.uuid)
    return row, port, held[0] if held else None


def _interface(row: Router, wish: Mapping[str, str]) -> Port:
    here = row.ports.filter(owner=INTERFACE).select_related("network")
    if "port_id" in wish:
        port = here.filter(uuid=wish["port_id"]).first()
        if port is None:
            raise RouterInterfaceNotFound(
                f"Router {row.uuid} does not have an interface with id {wish['port_id']}"
            )
        if "subnet_id" in wish and not _is_in(port, wish["subnet_id"]):
            raise BadRequest(f"Subnet {wish['subnet_id']} is not on port {wish['port_id']}.")
        return port
    port = here.filter(addresses__subnet__uuid=wish["subnet_id"]).first()
    if port is None:
        raise RouterInterfaceNotFoundForSubnet(
            f"Router {row.uuid} has no interface on subnet {wish['subnet_id']}"
        )
    return port


def _is_in(port: Port, subnet: str) -> bool:
    return port.addresses.filter(subnet__uuid=subnet).exists()


def _check_not_needed(row: Router, subnet: Subnet) -> None:
    behind = Address.objects.filter(subnet=subnet).values("port")
    if FloatingIp.objects.filter(router=row, port__in=behind).exists():
        raise RouterInterfaceInUseByFloatingIP(
            f"Router interface for subnet {subnet.uuid} on router {row.uuid} cannot be deleted,"
            " as it is required by one or more floating IPs."
        )
    net = ip_network(subnet.cidr)
    if any(ip_address(one["nexthop"]) in net for one in row.routes):
        raise RouterInterfaceInUseByRoute(
            f"Router interface for subnet {subnet.uuid} on router {row.uuid} cannot be deleted,"
            " as it is required by one or more routes."
        )


# --- routes ---------------------------------------------------------------------------------------


def _checked_routes(row: Router, routes: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Each goes over a network that the router is on, and not over itself."""
    held = Address.objects.filter(port__router=row).select_related("subnet")
    nets = [ip_network(one.subnet.cidr) for one in held]
    own = {one.address for one in held}
    found: list[dict[str, str]] = []
    for one in routes:
        hop = ip_address(one["nexthop"])
        if not any(hop.version == net.version and hop in net for net in nets):
            raise InvalidRoutes(
                f"Invalid format for routes: {one['destination']} via {hop}, the nexthop is not"
                " connected with router",
                field="routes",
            )
        if str(hop) in own:
            raise InvalidRoutes(
                f"Invalid format for routes: the nexthop {hop} is used by router", field="routes"
            )
        route = {"destination": one["destination"], "nexthop": one["nexthop"]}
        if route not in found:
            found.append(route)
    return found


def change_routes(
    caller: Caller, identifier: str, routes: Sequence[Mapping[str, str]], *, add: bool
) -> Router:
    """Add or remove some, whatever others there are."""
    with writing():
        row = mine(caller, identifier, "update_router")
        wanted = [dict(one) for one in routes]
        if add:
            left = _checked_routes(row, [*row.routes, *wanted])
        else:
            left = [one for one in row.routes if one not in wanted]
        network_rows.written(row, {"routes": left})
    return row
