"""What the compute API says about a server's network in words of its own, older than ports.

Each of them is a change of the server's ports, made by the files of their nouns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict, Fault, NotFound
from synnefo.core.server_states import ServerState
from synnefo.db.models import Address, FloatingIp, Port, SecurityGroup, Server
from synnefo.db.transactions import writing
from synnefo.intents import server_wishes
from synnefo.intents.compute import server_cards
from synnefo.intents.network import floating_ips, ports, security_groups


def add_group(caller: Caller, server_uuid: str, name: str) -> None:
    """All its cards follow the rules of this group as well."""

    def join(server: Server, group: SecurityGroup) -> None:
        cards = Port.objects.filter(server=server)
        if not cards.exists():
            raise BadRequest(f"Instance {server.uuid} has no card that a group could protect.")
        for card in cards:
            card.security_groups.add(group)

    _with_group(caller, server_uuid, name, join)


def remove_group(caller: Caller, server_uuid: str, name: str) -> None:
    """None of its cards follows them any more."""

    def leave(server: Server, group: SecurityGroup) -> None:
        members = Port.objects.filter(server=server, security_groups=group)
        if not members.exists():
            text = f"Security group {name} not associated with the instance {server.uuid}"
            raise NotFound(text)
        for card in members:
            card.security_groups.remove(group)

    _with_group(caller, server_uuid, name, leave)


def _with_group(
    caller: Caller, server_uuid: str, name: str, change: Callable[[Server, SecurityGroup], None]
) -> None:
    with writing():
        server = server_wishes.unlocked(caller, server_uuid)
        try:
            group = security_groups.named(caller, [name])[0]
        except BadRequest as fault:
            raise (NotFound(fault.message) if "not found" in fault.message else fault) from fault
        change(server, group)


# --- addresses ------------------------------------------------------------------------------------


def add_fixed_ip(caller: Caller, server_uuid: str, network_uuid: str) -> None:
    """One more address of a network for the card that the server has in it."""
    server = _server(caller, server_uuid)
    rows = Port.objects.filter(server=server, network__uuid=server_cards.uuid_of(network_uuid))
    card = rows.order_by("index", "pk").first()
    if card is None:
        raise BadRequest(f"Instance {server.uuid} has no card in network {network_uuid}.")
    subnet = card.network.subnets.filter(ip_version=4).order_by("pk").first()
    if subnet is None:
        raise BadRequest(f"Network {network_uuid} has no addresses to give.")
    wishes = [*_held(card), {"subnet_id": str(subnet.uuid)}]
    _readdress(caller, card, wishes)


def remove_fixed_ip(caller: Caller, server_uuid: str, address: str) -> None:
    """The server gives an address back."""
    server = _server(caller, server_uuid)
    held = Address.objects.filter(port__server=server, address=address).select_related("port")
    found = held.first()
    if found is None:
        raise BadRequest(f"Fixed IP {address} has not been found for instance {server.uuid}.")
    others = [one for one in _held(found.port) if one["ip_address"] != address]
    _readdress(caller, found.port, others)


def _server(caller: Caller, server_uuid: str) -> Server:
    with writing():
        server = server_wishes.unlocked(caller, server_uuid)
    if server.state not in {ServerState.ACTIVE, ServerState.STOPPED, ServerState.PAUSED}:
        raise Conflict(f"Instance {server.uuid} has no card yet, or no more.")
    return server


def _held(card: Port) -> list[dict[str, Any]]:
    rows = card.addresses.order_by("pk").values_list("subnet__uuid", "address")
    return [{"subnet_id": str(subnet), "ip_address": address} for subnet, address in rows]


def _readdress(caller: Caller, card: Port, wishes: list[dict[str, Any]]) -> None:
    try:
        ports.update(caller, str(card.uuid), {"fixed_ips": wishes}, None)
    except Fault as fault:
        raise BadRequest(fault.message) from fault


def add_floating_ip(caller: Caller, server_uuid: str, address: str, fixed: str | None) -> None:
    """A floating address of the project leads to the server from now on."""
    server = _server(caller, server_uuid)
    row = _floating(caller, address)
    cards = Port.objects.filter(server=server, addresses__subnet__ip_version=4)
    if fixed is not None:
        cards = cards.filter(addresses__address=fixed)
    card = cards.order_by("index", "pk").first()
    if card is None:
        raise BadRequest("No fixed IP addresses available to associate.")
    wish = {"port_id": str(card.uuid)} | ({"fixed_ip_address": fixed} if fixed else {})
    try:
        floating_ips.update(caller, str(row.uuid), wish, None)
    except Conflict as fault:
        raise BadRequest(fault.message) from fault


def remove_floating_ip(caller: Caller, server_uuid: str, address: str) -> None:
    """It leads nowhere from now on."""
    server = _server(caller, server_uuid)
    row = _floating(caller, address)
    if row.port is None or row.port.server_id != server.pk:
        text = f"Floating IP {address} is not associated with instance {server.uuid}."
        raise Conflict(text)
    floating_ips.update(caller, str(row.uuid), {"port_id": None}, None)


def _floating(caller: Caller, address: str) -> FloatingIp:
    rows = FloatingIp.objects.filter(address=address, project_id=caller.project_id)
    found = rows.select_related("port").first()
    if found is None:
        raise NotFound("floating IP not found")
    return found
