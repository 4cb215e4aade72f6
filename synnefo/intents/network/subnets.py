"""What users ask of subnets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from django.db.models import Q
from django.utils import timezone

from synnefo.core import subnet_rules
from synnefo.core.caller import Caller
from synnefo.core.network_faults import (
    GatewayIpInUse,
    InvalidInput,
    NetworkNotFound,
    SubnetInUse,
    SubnetNotFound,
)
from synnefo.core.subnet_rules import Range
from synnefo.db import rings
from synnefo.db.models import Address, Network, Port, RetiredNetwork, Subnet
from synnefo.db.transactions import writing
from synnefo.intents import quota
from synnefo.intents.network import network_rows, port_addresses, subnet_pools
from synnefo.intents.network.network_rows import FLOATING, INTERFACE

COLUMNS = {
    "name": "name",
    "description": "description",
    "enable_dhcp": "enable_dhcp",
    "dns_nameservers": "dns_nameservers",
    "host_routes": "host_routes",
    "service_types": "service_types",
}


def create(caller: Caller, wishes: Sequence[Mapping[str, Any]]) -> list[Subnet]:
    """All of them or none."""
    with writing():
        return [_create(caller, wish) for wish in wishes]


def _create(caller: Caller, wish: Mapping[str, Any]) -> Subnet:
    seen = network_rows.networks(caller)
    network = network_rows.locked(seen, wish["network_id"], NetworkNotFound, "Network")
    network_rows.check_owner(caller, network.project_id, "create_subnet")
    network_rows.project_for(caller, wish)
    mine = Subnet.objects.filter(network__project_id=network.project_id)
    quota.admit(network.project_id, "subnet", mine)
    pool, cidr, version = subnet_pools.cut(caller, wish)
    net = subnet_rules.network(cidr, version)
    _check_overlap(network, net)
    row = _row(network, net, wish)
    row.subnet_pool = pool
    row.apart = net.version == 4 and _is_apart(network, row.cidr)
    row.save(force_insert=True)
    if port_addresses.is_automatic(row):
        _reach_guests(row)
    rings.changed(network.project_id, "network", network.uuid)
    return row


def _reach_guests(row: Subnet) -> None:
    """Guests on the network hear of the range, and make addresses for themselves."""
    rows = Port.objects.filter(network=row.network, router=None).exclude(owner=FLOATING)
    for port in rows.select_for_update(of=("self",)).order_by("pk"):
        port_addresses.give_automatic(port, [row])


def _is_apart(network: Network, cidr: str) -> bool:
    """Whether a range cannot be the one of IPv4 that the network has on backends.

    Another subnet has that; or cards are on the network there, which keeps the range that it has.
    """
    if not subnet_rules.fits_clusters(cidr):
        return True
    if Subnet.objects.filter(network=network, ip_version=4, apart=False).exists():
        return True
    elsewhere = Address.objects.filter(subnet__network=network, subnet__apart=True)
    here = Port.objects.filter(network=network, server__isnull=False)
    return here.exclude(pk__in=elsewhere.values("port")).exists()


def _check_overlap(network: Network, net: subnet_rules.Net) -> None:
    others = Subnet.objects.filter(network=network).values_list("cidr", flat=True)
    if (other := subnet_rules.overlapping(net, others)) is not None:
        raise InvalidInput(
            f"Invalid input for operation: Requested subnet with cidr: {net} for network:"
            f" {network.uuid} overlaps with another subnet ({other}).",
            field="cidr",
        )


def _row(network: Network, net: subnet_rules.Net, wish: Mapping[str, Any]) -> Subnet:
    usual = subnet_rules.usual_gateway(net)
    gateway = wish.get("gateway_ip", usual)
    pools = _pools(net, gateway or "", wish.get("allocation_pools"))
    if gateway:
        subnet_rules.check_gateway(net, gateway, pools)
    now = timezone.now()
    row = Subnet(
        network=network,
        ip_version=net.version,
        cidr=str(net),
        gateway=gateway or "",
        ipv6_ra_mode=wish.get("ipv6_ra_mode") or "",
        ipv6_address_mode=wish.get("ipv6_address_mode") or "",
        created_at=now,
        updated_at=now,
        **_pool_columns(pools),
    )
    for name, column in COLUMNS.items():
        if wish.get(name) is not None:
            setattr(row, column, wish[name])
    modes = (row.ipv6_ra_mode, row.ipv6_address_mode)
    subnet_rules.check_modes(net.version, row.enable_dhcp, *modes, net)
    return row


def _pools(
    net: subnet_rules.Net, gateway: str, wished: Sequence[Mapping[str, str]] | None
) -> list[Range]:
    if not wished:
        return subnet_rules.usual_pools(net, gateway)
    return subnet_rules.checked_pools(net, [(one["start"], one["end"]) for one in wished])


def _pool_columns(pools: Sequence[Range]) -> dict[str, Any]:
    if not pools:
        raise InvalidInput(
            "Invalid input for operation: the subnet has no address to hand out.", field="cidr"
        )
    several = [list(one) for one in pools] if len(pools) > 1 else []
    return {"pool_start": pools[0][0], "pool_end": pools[-1][1], "pools": several}


def pools_of(row: Subnet) -> list[Range]:
    """The ranges that addresses are handed out of."""
    if row.pools:
        return [(low, high) for low, high in row.pools]
    return [(row.pool_start, row.pool_end)]


def update(
    caller: Caller, identifier: str, wish: Mapping[str, Any], revision: int | None
) -> Subnet:
    """Change what a wish names; the range itself stays."""
    with writing():
        row = _mine(caller, identifier, "update_subnet", revision)
        net = ip_network(row.cidr)
        changes = {COLUMNS[name]: value for name, value in wish.items() if name in COLUMNS}
        changes = {name: [] if value is None else value for name, value in changes.items()}
        if "allocation_pools" in wish:
            pools = _pools(net, row.gateway, wish["allocation_pools"])
            changes |= _pool_columns(pools) | {"next_offset": 0}
        changes |= _gateway_change(row, net, wish)
        if wish.get("enable_dhcp") is False:
            modes = (row.ipv6_ra_mode, row.ipv6_address_mode)
            subnet_rules.check_modes(net.version, False, *modes, net)
        network_rows.written(row, changes)
        rings.changed(row.network.project_id, "network", row.network.uuid)
    return row


def _gateway_change(row: Subnet, net: subnet_rules.Net, wish: Mapping[str, Any]) -> dict[str, str]:
    if "gateway_ip" not in wish and "allocation_pools" not in wish:
        return {}
    gateway = wish.get("gateway_ip", row.gateway) or ""
    if gateway:
        wished = wish.get("allocation_pools")
        pools = _pools(net, gateway, wished) if wished else pools_of(row)
        subnet_rules.check_gateway(net, gateway, pools)
    if gateway != row.gateway and row.gateway:
        held = Address.objects.filter(subnet=row, address=row.gateway, port__owner=INTERFACE)
        if held.exists():
            raise GatewayIpInUse(
                f"Current gateway ip {row.gateway} already in use by a router. Unable to update."
            )
    return {"gateway": gateway}


def _mine(caller: Caller, identifier: str, what: str, revision: int | None) -> Subnet:
    rows = network_rows.subnets(caller).select_related("network")
    row = network_rows.locked(rows, identifier, SubnetNotFound, "Subnet")
    network_rows.check_owner(caller, row.network.project_id, what)
    network_rows.check_revision(row, revision)
    return row


def delete(caller: Caller, identifier: str) -> None:
    """Not while a port has an address of it, but one that guests give themselves."""
    with writing():
        row = _mine(caller, identifier, "delete_subnet", None)
        held = Address.objects.filter(subnet=row)
        if row.ipv6_address_mode in subnet_rules.AUTOMATIC:
            held = held.filter(Q(port__router__isnull=False) | Q(port__owner__in=[INTERFACE]))
        if held.exists():
            raise SubnetInUse(
                f"Unable to complete operation on subnet {row.uuid}: One or more ports have an"
                " IP allocation from this subnet."
            )
        network_rows.forget_tags([row.uuid])
        if row.apart:
            RetiredNetwork.objects.create(number=-row.pk, deleted_at=timezone.now())
        row.delete()
        rings.changed(row.network.project_id, "network", row.network.uuid)
