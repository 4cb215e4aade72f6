"""What users ask of ports: made, changed and removed while no server's card depends on it.

What a running server's cards need is asked of its backend in `intents/network/cards.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from synnefo.core import port_policy
from synnefo.core.caller import Caller
from synnefo.core.network_faults import (
    L3PortInUse,
    MacAddressInUse,
    NetworkNotFound,
    PolicyNotAuthorized,
    PortInUse,
    PortNotFound,
    PortSecurityPortHasSecurityGroup,
)
from synnefo.db import rings
from synnefo.db.models import FloatingIp, Network, Port
from synnefo.db.prepared import Prepared
from synnefo.db.transactions import writing
from synnefo.intents import quota
from synnefo.intents.network import cards, floating_targets, network_rows, port_addresses
from synnefo.intents.network import security_groups as groups
from synnefo.intents.network.network_rows import FLOATING, GATEWAY, HIDDEN, INTERFACE

COLUMNS = {
    "name": "name",
    "description": "description",
    "admin_state_up": "admin_up",
    "port_security_enabled": "port_security",
    "allowed_address_pairs": "address_pairs",
    "extra_dhcp_opts": "dhcp_options",
    "device_id": "device",
    "device_owner": "owner",
    "binding:vnic_type": "vnic_type",
    "binding:profile": "profile",
    "binding:host_id": "host",
    "dns_name": "dns_name",
}
_HOLDER = Prepared(lambda mac: Port.objects.filter(mac_address=mac).values_list("pk")[:1], str)
CLEARED = {"address_pairs": [], "dhcp_options": [], "profile": {}, "vnic_type": "normal"}
# As Neutron's own; the clusters' own begin otherwise, so that neither takes the other's.
MAC_PREFIX = "fa:16:3e"


def counted(project_id: str) -> QuerySet[Port]:
    """What the quota counts."""
    return Port.objects.filter(project_id=project_id).exclude(owner__in=HIDDEN)


def create(caller: Caller, wishes: Sequence[Mapping[str, Any]]) -> list[Port]:
    """All of them or none."""
    with writing():
        return [_create(caller, wish) for wish in wishes]


def _create(caller: Caller, wish: Mapping[str, Any]) -> Port:
    network = usable_network(caller, wish["network_id"])
    _check_policy(caller, network, wish, "create")
    project = network_rows.project_for(caller, wish, service=True)
    quota.admit(project, "port", counted(project))
    row = Port(
        project_id=project,
        network=network,
        status="DOWN",
        kept=True,
        port_security=network.port_security,
        mac_address=free_mac(network, wish.get("mac_address")),
    )
    return made(caller, row, wish)


def made(caller: Caller, row: Port, wish: Mapping[str, Any], owner: str = "") -> Port:
    """Store a port with what a wish says of it; the caller checked whether it may be.

    `owner` is what it is for, where that is to show only later.
    """
    row.created_at = row.updated_at = timezone.now()
    for name, column in COLUMNS.items():
        if wish.get(name) is not None:
            setattr(row, column, wish[name])
    row.save(force_insert=True)
    port_addresses.give(row, wish.get("fixed_ips"), owner)
    groups.put(caller, row, _groups_for(row, wish))
    rings.changed(row.project_id, "port", row.uuid)
    return row


def _groups_for(row: Port, wish: Mapping[str, Any]) -> Sequence[str] | None:
    """Which groups are wanted; None means the project's default one."""
    wanted: Sequence[str] | None = wish.get("security_groups")
    if row.port_security and not row.owner.startswith(port_policy.TRUSTED):
        return wanted
    if wanted:
        raise PortSecurityPortHasSecurityGroup(
            "Port has security group associated. Cannot disable port security or IP address"
            " until security group is removed"
        )
    return []


def usable_network(caller: Caller, identifier: str) -> Network:
    """A network that the caller may put ports on."""
    rows = network_rows.networks(caller)
    row = network_rows.locked(rows, identifier, NetworkNotFound, "Network")
    if not network_rows.usable_networks(caller).filter(pk=row.pk).exists():
        raise PolicyNotAuthorized("create_port is disallowed by policy")
    return row


def _check_policy(caller: Caller, network: Network, wish: Mapping[str, Any], verb: str) -> None:
    if network_rows.sees_all(caller):
        return
    owner = network.project_id == caller.project_id
    name = port_policy.refused(verb, wish, owner=owner, manager=caller.is_manager)
    if name is not None:
        raise PolicyNotAuthorized(f"({verb}_port:{name}) is disallowed by policy", field=name)


def free_mac(network: Network, wanted: str | None = None) -> str:
    """The MAC address wanted if no port of the network has it, or a new one."""
    if wanted is not None:
        if Port.objects.filter(network=network, mac_address=wanted).exists():
            raise MacAddressInUse(
                f"Unable to complete operation for network {network.uuid}. The mac address"
                f" {wanted} is in use.",
                field="mac_address",
            )
        return wanted
    return free_macs(1)[0]


def free_macs(count: int) -> list[str]:
    """MAC addresses that no port has."""
    found: set[str] = set()
    while len(found) < count:
        tails = [secrets.token_bytes(3).hex(":") for _ in range(count - len(found))]
        made = {f"{MAC_PREFIX}:{tail}" for tail in tails}
        found |= {mac for mac in made if not _HOLDER.rows(mac)}
    return list(found)


# --- changing -------------------------------------------------------------------------------------


def mine(caller: Caller, identifier: str, what: str, revision: int | None = None) -> Port:
    """A port that the caller may change, with its row locked."""
    rows = network_rows.ports(caller).select_related("network", "server", "router")
    row = network_rows.locked(rows, identifier, PortNotFound, "Port")
    # Who owns the network may take others' ports off it.
    owned = what == "delete_port" and row.network.project_id == caller.project_id
    if not owned and not caller.is_service:
        network_rows.check_owner(caller, row.project_id, what)
    network_rows.check_revision(row, revision)
    return row


def update(caller: Caller, identifier: str, wish: Mapping[str, Any], revision: int | None) -> Port:
    """Change what a wish names; a server's card follows where the backend keeps it."""
    with writing():
        row = mine(caller, identifier, "update_port", revision)
        _check_update(caller, row, wish)
        changes = {COLUMNS[name]: value for name, value in wish.items() if name in COLUMNS}
        changes = {k: CLEARED.get(k, "") if v is None else v for k, v in changes.items()}
        if wish.get("mac_address", row.mac_address) != row.mac_address:
            changes["mac_address"] = free_mac(row.network, wish["mac_address"])
        if wish.get("fixed_ips") is not None:
            _readdress(caller, row, wish["fixed_ips"])
        secure = changes.get("port_security", row.port_security)
        if "security_groups" in wish:
            groups.put(caller, row, wish["security_groups"] if secure else [])
        elif not secure and row.security_groups.exists():
            _groups_for(Port(port_security=False), {"security_groups": ["held"]})
        network_rows.written(row, changes or {"name": row.name})
        rings.changed(row.project_id, "port", row.uuid)
    return row


def _readdress(caller: Caller, row: Port, wishes: Sequence[Mapping[str, str]]) -> None:
    before = set(row.addresses.values_list("address", flat=True))
    place = cards.place_of(row)
    if port_addresses.change(row, wishes):
        after = set(row.addresses.values_list("address", flat=True))
        floating_targets.check_kept(row, before - after)
        cards.readdressed(caller, row, place)


def _check_update(caller: Caller, row: Port, wish: Mapping[str, Any]) -> None:
    _check_policy(caller, row.network, wish, "update")
    attached = row.server_id is not None or row.router_id is not None
    if attached and wish.get("mac_address", row.mac_address) != row.mac_address:
        raise PortInUse(
            f"Unable to complete operation on port {row.uuid} for network"
            f" {row.network.uuid}. Port already has an attached device.",
            field="mac_address",
        )
    if row.owner in (GATEWAY, FLOATING, INTERFACE) and (
        wish.get("device_id", row.device) != row.device
        or wish.get("device_owner", row.owner) != row.owner
    ):
        raise L3PortInUse(
            f"Port {row.uuid} cannot be updated: its router or floating address has it."
        )
    if row.server_id is not None and {"device_id", "device_owner"} & wish.keys():
        known = {"", str(row.server.uuid)} if row.server else {""}
        if wish.get("device_id", "") not in known or wish.get("device_id", "x") == "":
            raise PortInUse(f"Port {row.uuid} is a card of a server; detach it there.")


# --- removing -------------------------------------------------------------------------------------


def delete(caller: Caller, identifier: str) -> None:
    """Remove a port; a server's card goes with it, and a router's only there."""
    with writing():
        row = mine(caller, identifier, "delete_port")
        check_free_of_routers(row)
        if row.server is not None and cards.detaches(caller, row, gone=True):
            return
        removed([row])


def check_free_of_routers(row: Port) -> None:
    """Routers and floating addresses give their ports back themselves."""
    if row.router_id is not None or row.owner in (GATEWAY, FLOATING):
        raise L3PortInUse(
            f"Port {row.uuid} cannot be deleted directly via the port API: has device owner"
            f" {row.owner}."
        )


def removed(rows: Iterable[Port]) -> None:
    """Ports are gone, and floating addresses lead there no more."""
    for row in rows:
        FloatingIp.objects.filter(port=row).update(
            port=None, fixed_address=None, router=None, updated_at=timezone.now()
        )
        network_rows.forget_tags([row.uuid])
        row.delete()
        rings.changed(row.project_id, "port", row.uuid)
