"""Cards of servers that follow their ports: the jobs that attach, detach and readdress them.

The caller holds the port's row, and the server's row is locked here before it.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import Conflict, Forbidden
from synnefo.core.network_faults import PortInUse
from synnefo.core.server_actions import ACTIONS, BUILT
from synnefo.core.server_states import ServerState
from synnefo.db import rings
from synnefo.db.models import Address, Intent, Port, Server, Subnet
from synnefo.intents import network_rows, server_wishes

MOST_CARDS = 8  # What Ganeti gives to an instance.
NO_ADDRESS = "none"  # In Ganeti's words.


def addresses() -> QuerySet[Address]:
    """The address that each card has on its backend.

    There a network has one range of IPv4, that of its first subnet: addresses of others are told to
    the guest, and not to the cluster. Later rows come first, so that a dict keeps the earliest.
    """
    first = Subnet.objects.filter(network=OuterRef("port__network"), ip_version=4)
    return Address.objects.filter(
        subnet_id=Subquery(first.order_by("pk").values("pk")[:1])
    ).order_by("-pk")


def address_of(port: Port) -> str:
    """The one of this port's card."""
    return addresses().filter(port=port).values_list("address", flat=True).last() or NO_ADDRESS


def _described(port: Port, **more: Any) -> dict[str, Any]:
    """What the job has to know, so that it needs no row when it is made."""
    card = {"network": port.network_id, "ip": address_of(port), "mac": port.mac_address}
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


def readdressed(caller: Caller, port: Port) -> None:
    """A port has other addresses: the card of its server gets them, too."""
    if port.server_id is None:
        return
    server = _server_of(port)
    if server.state == ServerState.BUILD:
        raise PortInUse(f"Port {port.uuid} is a card of a server that is being built.")
    if server.placed and ServerState(server.state) in BUILT:
        now = timezone.now()
        server_wishes.check(caller, server, ACTIONS["readdress_port"])
        server_wishes.begin(caller, server, ["readdress_port"], now, **_described(port))
    rings.changed(server.project_id, "server", server.uuid)
