"""What backends report of cards: their MAC and addresses go to the ports of the same name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from synnefo.core import naming
from synnefo.core.messages import NetStatus
from synnefo.core.server_states import ServerState
from synnefo.core.subnet_rules import fits_clusters
from synnefo.db import rings
from synnefo.db.models import Address, Port, Server, Subnet
from synnefo.db.transactions import writing

PLUGGED = "ACTIVE"  # A port's status, in Neutron's words.


@dataclass(frozen=True, slots=True)
class _Known:
    """What a server's row says before a report."""

    node: str
    building: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A card as reported."""

    name: str
    mac: str
    ip: str | None

    @classmethod
    def of(cls, reported: Mapping[str, Any]) -> Seen:
        """From a message; absent values are empty."""
        return cls(
            name=str(reported.get("name") or ""),
            mac=str(reported.get("mac") or "").lower(),
            ip=str(reported["ip"]) if reported.get("ip") else None,
        )


@dataclass(frozen=True, slots=True)
class _Held:
    """A port with the IPv4 addresses that it holds."""

    pk: int
    network_id: int
    mac: str
    status: str
    addresses: dict[int, str]


def apply(message: NetStatus, now: datetime) -> bool:
    """A hook saw the cards of an instance. Reports older than the newest job seen count nothing.

    Every node that a hook runs on says the same: what is known already needs no transaction. Nor
    does what the end of a build is about to say.
    """
    server_id = naming.server_id(settings.SYNNEFO_INSTANCE_PREFIX, message.instance)
    if server_id is None or not _says_something_new(server_id, message):
        return False
    with writing():
        rows = Server.objects.select_for_update(of=("self",)).select_related("backend")
        server = rows.exclude(state=ServerState.DELETED).filter(pk=server_id).first()
        if server is None or not _of_its_backend(server, message.cluster):
            return False
        if message.job_id is not None and message.job_id < server.seen_job:
            return False
        moved = match(server, [Seen.of(nic) for nic in message.nics], now)
        if message.node and message.node != server.node:
            Server.objects.filter(pk=server_id).update(node=message.node, updated_at=now)
            moved = True
        if moved:
            rings.changed(server.project_id, "server", server.uuid)
            if message.job_id is None:
                # Ganeti tells its hooks no job: it may be old, which only a look can say.
                rings.doubt(server.backend_id, server_id)
        return moved


def news(messages: Sequence[NetStatus]) -> list[NetStatus]:
    """Without those about servers of which none says anything new: most, and a few queries tell.

    What is left of a server is all that was said of it, since the last report counts.
    """
    prefix = settings.SYNNEFO_INSTANCE_PREFIX
    said = [(naming.server_id(prefix, one.instance), one) for one in messages]
    named = {server_id for server_id, _ in said if server_id is not None}
    servers, ports = _known(named), _ports_of(named)
    moved = {
        server_id
        for server_id, one in said
        if server_id in servers and _is_new(servers[server_id], ports.get(server_id, {}), one)
    }
    return [one for server_id, one in said if server_id in moved]


def _says_something_new(server_id: int, message: NetStatus) -> bool:
    servers, ports = _known([server_id]), _ports_of([server_id])
    known = server_id in servers
    return known and _is_new(servers[server_id], ports.get(server_id, {}), message)


def _is_new(server: _Known, ports: Mapping[int | None, _Held], message: NetStatus) -> bool:
    cards = [(ports.get(_port_id(card)), card) for card in map(Seen.of, message.nics)]
    if any(port is not None and _is_elsewhere(port, card) for port, card in cards):
        return True
    if server.building:
        return False  # Its end says the node and that the cards are plugged.
    plugged = all(port is None or port.status == PLUGGED for port, _ in cards)
    return bool(message.node and message.node != server.node) or not plugged


def _known(server_ids: Iterable[int]) -> dict[int, _Known]:
    rows = Server.objects.filter(pk__in=server_ids).values_list("pk", "node", "state")
    return {pk: _Known(node, state == ServerState.BUILD) for pk, node, state in rows}


def _of_its_backend(server: Server, cluster: str) -> bool:
    return server.backend is not None and cluster in {"", server.backend.name}


def _port_id(card: Seen) -> int | None:
    return naming.port_id(settings.SYNNEFO_INSTANCE_PREFIX, card.name)


def _ports_of(server_ids: Iterable[int]) -> dict[int, dict[int | None, _Held]]:
    """The ports of each server that has any."""
    columns = ("server_id", "pk", "network_id", "mac_address", "status")
    addresses = ("addresses__pk", "addresses__address")
    found: dict[int, dict[int | None, _Held]] = {}
    rows = Port.objects.filter(server_id__in=server_ids).values_list(*columns, *addresses)
    for server_id, pk, network_id, mac, status, row, address in rows:
        held = found.setdefault(server_id, {}).setdefault(
            pk, _Held(pk, network_id, mac, status, {})
        )
        if address is not None and ":" not in address:
            held.addresses[row] = address
    return found


def _is_elsewhere(port: _Held, card: Seen) -> bool:
    """Whether the card has not the port's address, of either kind."""
    first = port.addresses[min(port.addresses)] if port.addresses else None
    return (bool(card.mac) and port.mac != card.mac) or (card.ip is not None and card.ip != first)


def match(server: Server, cards: Iterable[Seen], now: datetime) -> bool:
    """Write the reported values to the ports; the caller holds the server's row."""
    ports, moved = _ports_of([server.pk]).get(server.pk, {}), False
    for card in cards:
        port = ports.get(_port_id(card))
        if port is not None and (port.status != PLUGGED or _is_elsewhere(port, card)):
            moved |= _match_port(port, card, now)
            moved |= _match_address(port, card)
    if moved:  # A server's addresses are a part of it for who asks what has changed.
        Server.objects.filter(pk=server.pk).update(updated_at=now)
    return moved


def _match_port(port: _Held, card: Seen, now: datetime) -> bool:
    if port.status == PLUGGED and card.mac in {"", port.mac}:
        return False
    mac = card.mac or port.mac
    Port.objects.filter(pk=port.pk).update(status=PLUGGED, mac_address=mac, updated_at=now)
    return True


def _match_address(port: _Held, card: Seen) -> bool:
    """An administrator gave the card another address: follow, unless somebody else holds it.

    The first address is the card's, so that the new one comes before the further ones.
    """
    rows = Address.objects.filter(port=port.pk, subnet__ip_version=4).select_related("subnet")
    held = list(rows.order_by("pk"))
    cards = next((row for row in held if fits_clusters(row.subnet.cidr)), None)
    if card.ip is None or (cards is not None and cards.address == card.ip):
        return False
    subnet = _subnet_of(port.network_id, card.ip)
    if subnet is None:
        return False
    listed = any(row.address == card.ip for row in held)
    given_up = [card.ip] if listed or cards is None else [card.ip, cards.address]
    others = [(row.subnet, row.address) for row in held if row.address not in given_up]
    try:
        with transaction.atomic():
            rows.delete()
            for place, address in [(subnet, card.ip), *others]:
                Address.objects.create(port_id=port.pk, subnet=place, address=address)
    except IntegrityError:
        return False
    return True


def _subnet_of(network_id: int, text: str) -> Subnet | None:
    wanted = ip_address(text)
    for subnet in Subnet.objects.filter(network_id=network_id):
        if wanted in ip_network(subnet.cidr):
            return subnet
    return None
