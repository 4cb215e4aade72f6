"""Cards of servers that follow their ports: the jobs that attach, detach and readdress them.

The caller holds the port's row, and the server's row is locked here before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import Max, Q
from django.utils import timezone

from synnefo.core import naming
from synnefo.core.caller import Caller
from synnefo.core.faults import Conflict, Forbidden
from synnefo.core.network_faults import PortInUse
from synnefo.core.server_actions import ACTIONS, BUILT
from synnefo.core.server_states import ServerState
from synnefo.core.subnet_rules import fits_clusters
from synnefo.db import rings
from synnefo.db.models import Address, Intent, Port, Server
from synnefo.intents import server_wishes
from synnefo.intents.network import network_rows

MOST_CARDS = 8  # What Ganeti gives to an instance.
NO_ADDRESS = "none"  # In Ganeti's words.


class Place(NamedTuple):
    """Where a card is on its backend: by number in which network, and at which address."""

    network: int
    ip: str


def places(ports: Q) -> dict[int, Place]:
    """Those of some ports that have an address of IPv4; all others are without one.

    A card has one address there, the first one that a network there can hold: others are told to
    the guest only.
    """
    rows = Address.objects.filter(ports, subnet__ip_version=4)
    # The earliest comes last, so that it is kept.
    found = rows.order_by("-pk").values_list(
        "port_id", "port__network_id", "subnet_id", "subnet__apart", "address", "subnet__cidr"
    )
    return {
        port: Place(naming.network_number(network, subnet, apart), address)
        for port, network, subnet, apart, address, cidr in found
        if fits_clusters(cidr)
    }


def loaded_places(ports: Iterable[Port]) -> dict[int, Place]:
    """The same of ports that were loaded with their addresses and those with their subnets."""
    found = {}
    for port in ports:
        rows = [one for one in port.addresses.all() if fits_clusters(one.subnet.cidr)]
        first = min(rows, key=lambda one: one.pk, default=None)
        if first is not None:
            subnet = first.subnet
            number = naming.network_number(port.network_id, subnet.pk, subnet.apart)
            found[port.pk] = Place(number, first.address)
    return found


def networks_of(server_id: int) -> set[int]:
    """The numbers of the networks that a server's cards are on."""
    mine = Port.objects.filter(server=server_id).values_list("pk", "network_id")
    found = places(Q(port__server=server_id))
    return {found[pk].network if pk in found else network for pk, network in mine}


def place_of(port: Port) -> Place:
    """Where the card of one port is."""
    return places(Q(port=port)).get(port.pk) or Place(port.network_id, NO_ADDRESS)


def _described(port: Port, **more: Any) -> dict[str, Any]:
    """What the job has to know, so that it needs no row when it is made."""
    place = place_of(port)
    card = {"network": place.network, "ip": place.ip, "mac": port.mac_address}
    return {"port": port.pk, "uuid": str(port.uuid), **card, **more}


# --- attaching ------------------------------------------------------------------------------------


def attach(caller: Caller, server: Server, port: Port) -> None:
    """The port becomes a card of the server, which the caller holds."""
    server_wishes.check(caller, server, ACTIONS["attach_port"])
    others = Port.objects.filter(server=server)
    if others.count() >= MOST_CARDS:
        raise Forbidden(f"Maximum number of ports exceeded: a server has at most {MOST_CARDS}.")
    last = others.aggregate(last=Max("index"))["last"]
    now = timezone.now()
    index = 0 if last is None else last + 1
    network_rows.written(port, {"server": server, "index": index, "status": "BUILD"}, now)
    server_wishes.begin(caller, server, ["attach_port"], now, **_described(port))


# --- detaching ------------------------------------------------------------------------------------


def detach(caller: Caller, server: Server, port: Port, *, gone: bool) -> None:
    """The card goes; `gone`: and the port with it, though its user made it."""
    server_wishes.check(caller, server, ACTIONS["detach_port"])
    if _leaving(server, port):
        raise Conflict(f"Port {port.uuid} is being detached already.")
    now = timezone.now()
    network_rows.written(port, {"status": "DOWN"}, now)
    kept = port.kept and not gone
    server_wishes.begin(caller, server, ["detach_port"], now, port=port.pk, kept=kept)


def _leaving(server: Server, port: Port) -> bool:
    rows = Intent.objects.filter(server=server, action="detach_port", state__in=Intent.UNFINISHED)
    return any(one.get("port") == port.pk for one in rows.values_list("arguments", flat=True))


def _server_of(port: Port) -> Server:
    return Server.objects.select_for_update().get(ports=port)


def detaches(caller: Caller, port: Port, *, gone: bool) -> bool:
    """Whether a job takes the card from its server first; else the port may go at once."""
    server = _server_of(port)
    if server.state == ServerState.BUILD:
        raise PortInUse(f"Port {port.uuid} is a card of a server that is being built.")
    if not server.placed or ServerState(server.state) not in BUILT:
        return False
    if not _leaving(server, port):
        detach(caller, server, port, gone=gone)
    return True


# --- other addresses ------------------------------------------------------------------------------


def readdressed(caller: Caller, port: Port, before: Place) -> None:
    """A port has other addresses: the card of its server follows, unless it stays where it is."""
    if port.server_id is None:
        return
    if place_of(port) == before:
        Server.objects.filter(pk=port.server_id).update(updated_at=timezone.now())
        if port.server is not None:
            rings.changed(port.server.project_id, "server", port.server.uuid)
        return
    server = _server_of(port)
    if server.state == ServerState.BUILD:
        raise PortInUse(f"Port {port.uuid} is a card of a server that is being built.")
    if server.placed and ServerState(server.state) in BUILT:
        now = timezone.now()
        server_wishes.check(caller, server, ACTIONS["readdress_port"])
        server_wishes.begin(caller, server, ["readdress_port"], now, **_described(port))
    rings.changed(server.project_id, "server", server.uuid)
