"""What users ask of the cards of a server, as the compute API has it: attach and detach them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Forbidden, NotFound
from synnefo.core.network_faults import NetworkNotFound, PortNotFound
from synnefo.db.models import Network, Port, Server
from synnefo.db.transactions import writing
from synnefo.intents import quota, server_wishes
from synnefo.intents.network import addresses, cards, network_rows, ports


def cards_of(server: Server) -> QuerySet[Port]:
    """In their order, with what is shown of them."""
    rows = Port.objects.filter(server=server).select_related("network")
    return rows.prefetch_related("addresses__subnet").order_by("index", "pk")


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)


def card(server: Server, port_id: str) -> Port:
    """One card of a server."""
    found = cards_of(server).filter(uuid=_uuid(port_id)).first()
    if found is None:
        raise NotFound(f"No interface found for port {port_id[:80]}.")
    return found


# --- attaching and detaching ----------------------------------------------------------------------


def attach(caller: Caller, server_uuid: str, wish: Mapping[str, Any]) -> Port:
    """A port that the user made, or a new one in a network: the named one, or the only one."""
    with writing():
        server = server_wishes.locked(caller, server_uuid)
        port = _taken(caller, wish) if wish.get("port_id") else _new(caller, server, wish)
        if wish.get("tag"):
            port.tag = wish["tag"]
            Port.objects.filter(pk=port.pk).update(tag=port.tag)
        cards.attach(caller, server, port)
    return card(server, str(port.uuid))


def _taken(caller: Caller, wish: Mapping[str, Any]) -> Port:
    mine = network_rows.ports(caller).select_related("network")
    if not caller.is_admin:
        mine = mine.filter(project_id=caller.project_id)
    identifier = str(wish["port_id"])
    port = network_rows.locked(mine, identifier, PortNotFound, "Port")
    if port.server_id is not None or port.router_id is not None or port.device:
        raise BadRequest(f"Port {port.uuid} is still in use.", field="port_id")
    return port


def _new(caller: Caller, server: Server, wish: Mapping[str, Any]) -> Port:
    network = _network(caller, wish)
    if network.is_external and not (network.public or caller.is_admin):
        raise Forbidden(
            f"It is not allowed to create an interface on external network {network.uuid}"
        )
    quota.admit(
        server.project_id,
        "port",
        ports.counted(server.project_id),
        sentence="Maximum number of ports exceeded",
    )
    row = Port(
        project_id=server.project_id,
        network=network,
        status="DOWN",
        port_security=network.port_security,
        mac_address=ports.free_mac(network),
    )
    fixed = {"fixed_ips": wish.get("fixed_ips") or None}
    return ports.made(caller, row, fixed, addresses.COMPUTE)


def _network(caller: Caller, wish: Mapping[str, Any]) -> Network:
    usable = Network.objects.filter(network_rows.networks_of(caller.project_id))
    if wish.get("net_id"):
        if caller.is_admin:
            usable = Network.objects.all()
        found = usable.select_for_update(of=("self",)).filter(uuid=_uuid(wish["net_id"])).first()
        if found is None:
            raise NetworkNotFound(f"Network {wish['net_id']} could not be found.")
        return found
    own = list(usable.filter(project_id=caller.project_id).order_by("pk")[:2])
    candidates = own or list(usable.order_by("pk")[:2])
    if len(candidates) > 1:
        raise BadRequest("Multiple possible networks found, use a Network ID to be more specific.")
    if not candidates:
        raise BadRequest("No fixed IP addresses available: there is no network.")
    return candidates[0]


def detach(caller: Caller, server_uuid: str, port_id: str) -> None:
    """A port that the user made is free again; another one goes with the card."""
    with writing():
        server = server_wishes.locked(caller, server_uuid)
        port = card(server, port_id)
        cards.detach(caller, server, port, gone=False)
