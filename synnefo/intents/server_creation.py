"""Recording the wish for new servers: all rows of it in one transaction, or none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from synnefo.core import quota as quota_rules
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest
from synnefo.core.server_states import ServerState, ServerTask
from synnefo.db import rings
from synnefo.db.inserting import insert
from synnefo.db.models import Activity, Intent, Port, Server, Subnet, Volume
from synnefo.db.transactions import writing
from synnefo.intents import addresses, quota, telling
from synnefo.intents.server_references import Card, References
from synnefo.intents.server_request import ServerRequest


def record(caller: Caller, request: ServerRequest, found: References) -> Server:
    """Reserve and write everything; answers the first server."""
    now = timezone.now()
    each = quota_rules.provisions(found.flavor.vcpus, found.flavor.ram)
    with writing():
        count = request.max_count
        if request.min_count < count:
            count = max(
                request.min_count, quota.headroom(caller.project_id, each, request.max_count)
            )
        quota.reserve(caller.project_id, {r: a * count for r, a in each.items()})
        servers = _servers(caller, request, found, count, now)
        _ports(servers, found.cards, now)
        _volumes(servers, found, now)
        quota.issue(servers, each, now)
        _intents(caller, request, servers, now)
        rings.intents_recorded()
        for server in servers:
            rings.changed(server.project_id, "server", server.uuid)
    return servers[0]


def _servers(
    caller: Caller, request: ServerRequest, found: References, count: int, now: datetime
) -> list[Server]:
    return insert(
        Server(
            project_id=caller.project_id,
            user_id=caller.user_id,
            name=request.name if count == 1 else f"{request.name}-{number}",
            description=request.description,
            flavor=found.flavor,
            image=found.image,
            state=ServerState.BUILD,
            task=ServerTask.SPAWNING,
            metadata=dict(request.metadata),
            access_ipv4=request.access_ipv4,
            access_ipv6=request.access_ipv6,
            key_name=request.key_name,
            public_key=found.public_key,
            user_data=request.user_data or "",
            config_drive=request.config_drive,
            created_at=now,
            updated_at=now,
        )
        for number in range(1, count + 1)
    )


def _ports(servers: Sequence[Server], cards: Sequence[Card], now: datetime) -> None:
    """One port per server and card. Addresses that users asked for go first, so that the free ones
    are found around them.
    """
    if len(servers) > 1 and any(card.fixed_ip for card in cards):
        raise BadRequest(
            "A fixed address cannot be given to several servers.", field="networks.fixed_ip"
        )
    by_card = [_ports_of(servers, index, card, now) for index, card in enumerate(cards)]
    for card, ports in zip(cards, by_card, strict=True):
        if card.fixed_ip is not None:
            subnet = addresses.subnet_of(card.network.pk, card.fixed_ip)
            addresses.hold([(ports[0], subnet, card.fixed_ip)], asked=True)
    for card, ports in zip(cards, by_card, strict=True):
        if card.fixed_ip is None:
            taken: list[tuple[Subnet, str]] = addresses.take_free(card.network.pk, len(ports))
            rows = [(port, *one) for port, one in zip(ports, taken, strict=False)]
            addresses.hold(rows, asked=False)


def _ports_of(servers: Sequence[Server], index: int, card: Card, now: datetime) -> list[Port]:
    return insert(
        Port(
            project_id=server.project_id,
            network=card.network,
            server=server,
            index=index,
            created_at=now,
            updated_at=now,
        )
        for server in servers
    )


def _volumes(servers: Sequence[Server], found: References, now: datetime) -> None:
    if found.flavor.disk_template == "diskless":
        return
    insert(
        Volume(
            project_id=server.project_id,
            server=server,
            size=found.disk,
            disk_template=found.flavor.disk_template,
            created_at=now,
        )
        for server in servers
    )


def _intents(
    caller: Caller, request: ServerRequest, servers: Sequence[Server], now: datetime
) -> None:
    """The idempotency key goes with the first, whose server a repeated request is answered with."""
    intents = insert(
        Intent(
            project_id=server.project_id,
            user_id=caller.user_id,
            action="create",
            server=server,
            arguments={"actor": caller.user_name},
            request_id=caller.request_id,
            idempotency_key=request.idempotency_key if server is servers[0] else None,
            request_digest=request.request_digest,
            created_at=now,
        )
        for server in servers
    )
    insert(
        Activity(
            server=intent.server,
            intent=intent,
            action="create",
            actor=caller.user_name,
            request_id=caller.request_id,
            started_at=now,
        )
        for intent in intents
    )
    telling.recorded(intents)
