"""The ports of new servers: counted against the project's quota, made, and given addresses.

Of ports that a user made before only the cards are recorded here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from synnefo.core import quota as quota_rules
from synnefo.core.faults import BadRequest
from synnefo.db.inserting import insert
from synnefo.db.models import Port, SecurityGroup, Server, Subnet
from synnefo.db.prepared import Prepared
from synnefo.intents import quota
from synnefo.intents.compute import server_cards
from synnefo.intents.compute.server_cards import Card
from synnefo.intents.network import addresses, port_addresses, ports

NOT_IPV4 = Prepared(
    lambda network_id: (
        Subnet.objects.filter(network_id=network_id).exclude(ip_version=4).values_list("pk")
    ),
    int,
)


def _new(cards: Sequence[Card]) -> int:
    """How many ports each server gets that nobody made before."""
    return sum(card.port is None for card in cards)


def headroom(project_id: str, cards: Sequence[Card], most: int, limit: int) -> int:
    """How many servers with these cards the limit of ports allows, at most `most`."""
    each = _new(cards)
    if not each or limit == quota_rules.UNLIMITED:
        return most
    have = ports.counted(project_id).count()
    return min(most, max(0, limit - have) // each)


def admit(project_id: str, cards: Sequence[Card], servers: int, limit: int) -> None:
    """QuotaExceeded in Nova's words if the project may not have as many ports.

    The caller has locked the project's books.
    """
    if each := _new(cards):
        sentence = "Maximum number of ports exceeded"
        quota.admit_under(
            limit, "port", lambda: ports.counted(project_id).count(), each * servers, sentence
        )


def record(
    servers: Sequence[Server],
    cards: Sequence[Card],
    groups: Sequence[SecurityGroup],
    now: datetime,
) -> None:
    """One port per server and card. Addresses that users asked for go first, so that the free ones
    are found around them.
    """
    if len(servers) > 1 and any(card.fixed_ip for card in cards):
        raise BadRequest(
            "A fixed address cannot be given to several servers.", field="networks.fixed_ip"
        )
    new = [(index, card) for index, card in enumerate(cards) if card.port is None]
    made = [(card, _made(servers, index, card, now)) for index, card in new]
    for index, card in enumerate(cards):
        if card.port is not None:
            _take(card.port, servers[0], index, card, now)
    for card, rows in made:
        if card.fixed_ip is not None:
            subnet = addresses.subnet_of(card.network.pk, card.fixed_ip)
            addresses.hold([(rows[0], subnet, card.fixed_ip)], asked=True)
            others = list(subnet.network.subnets.order_by("pk"))
            port_addresses.give_automatic(rows[0], others)
    for card, rows in made:
        if card.fixed_ip is None:
            _give(card, rows)
    _guard([port for _, rows in made for port in rows], groups)


def _give(card: Card, new: Sequence[Port]) -> None:
    """The next free addresses, for all servers at once where there is but IPv4."""
    if NOT_IPV4.rows(card.network.pk):
        for port in new:
            port_addresses.give(port, None)
        return
    taken: list[tuple[Subnet, str]] = addresses.take_free(card.network.pk, len(new))
    rows = [(port, *one) for port, one in zip(new, taken, strict=False)]
    addresses.hold(rows, asked=False)


def _take(port: Port, server: Server, index: int, card: Card, now: datetime) -> None:
    """A port that its user made before: looked at again, now that its row is locked."""
    server_cards.check_free(Port.objects.select_for_update().get(pk=port.pk))
    changes = {"server": server, "index": index, "status": "BUILD", "updated_at": now}
    if card.tag:
        changes["tag"] = card.tag
    Port.objects.filter(pk=port.pk).update(**changes)


def _guard(new: Sequence[Port], groups: Sequence[SecurityGroup]) -> None:
    """New ports are in the security groups that were named, those without port security in none."""
    pairs = Port.security_groups.through
    insert(
        pairs(port_id=port.pk, securitygroup_id=group.pk)
        for port in new
        if port.port_security
        for group in groups
    )


def _made(servers: Sequence[Server], index: int, card: Card, now: datetime) -> list[Port]:
    macs = ports.free_macs(len(servers))
    return insert(
        Port(
            project_id=server.project_id,
            network=card.network,
            server=server,
            index=index,
            mac_address=mac,
            tag=card.tag,
            port_security=card.network.port_security,
            created_at=now,
            updated_at=now,
        )
        for server, mac in zip(servers, macs, strict=True)
    )
