"""What backends report of cards: their MAC and addresses go to the ports of the same name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from synnefo.core import naming
from synnefo.core.messages import NetStatus
from synnefo.core.server_states import ServerState
from synnefo.db import rings
from synnefo.db.models import Address, Port, Server, Subnet
from synnefo.db.transactions import writing


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


def apply(message: NetStatus, now: datetime) -> bool:
    """A hook saw the cards of an instance. Reports older than the newest job seen count nothing."""
    server_id = naming.server_id(settings.SYNNEFO_INSTANCE_PREFIX, message.instance)
    if server_id is None:
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
        return moved


def _of_its_backend(server: Server, cluster: str) -> bool:
    return server.backend is not None and cluster in {"", server.backend.name}


def match(server: Server, cards: Iterable[Seen], now: datetime) -> bool:
    """Write the reported values to the ports; the caller holds the server's row."""
    ports = {
        port.pk: port
        for port in Port.objects.filter(server=server).prefetch_related("addresses__subnet")
    }
    moved = False
    for card in cards:
        number = naming.port_id(settings.SYNNEFO_INSTANCE_PREFIX, card.name)
        if number in ports:
            port = ports[number]
            moved |= _match_port(port, card, now)
            moved |= _match_address(port, card)
    return moved


def _match_port(port: Port, card: Seen, now: datetime) -> bool:
    if port.status == "ACTIVE" and (not card.mac or port.mac_address == card.mac):
        return False
    mac = card.mac or port.mac_address
    Port.objects.filter(pk=port.pk).update(status="ACTIVE", mac_address=mac, updated_at=now)
    return True


def _match_address(port: Port, card: Seen) -> bool:
    """An administrator gave the card another address: follow, unless somebody else holds it."""
    held = [row for row in port.addresses.all() if row.subnet.ip_version == 4]
    if card.ip is None or any(row.address == card.ip for row in held):
        return False
    subnet = _subnet_of(port.network_id, card.ip)
    if subnet is None:
        return False
    try:
        with transaction.atomic():
            Address.objects.filter(pk__in=[row.pk for row in held]).delete()
            Address.objects.create(port=port, subnet=subnet, address=card.ip)
    except IntegrityError:
        return False
    return True


def _subnet_of(network_id: int, text: str) -> Subnet | None:
    wanted = ip_address(text)
    for subnet in Subnet.objects.filter(network_id=network_id):
        if wanted in ip_network(subnet.cidr):
            return subnet
    return None
