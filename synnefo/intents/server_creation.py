"""Recording the wish for new servers: all rows of it in one transaction, or none."""

from __future__ import annotations

import uuid
from base64 import b64decode
from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from synnefo.core import quota as quota_rules
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Forbidden
from synnefo.core.hostnames import hostname
from synnefo.core.server_states import ServerState, ServerTask
from synnefo.db import rings
from synnefo.db.inserting import insert
from synnefo.db.models import Activity, Intent, Port, Server, ServerTag, Subnet, Volume
from synnefo.db.transactions import writing
from synnefo.intents import (
    addresses,
    port_addresses,
    quota,
    server_cards,
    server_disks,
    server_groups,
    telling,
)
from synnefo.intents.ports import free_macs
from synnefo.intents.server_cards import Card
from synnefo.intents.server_references import References
from synnefo.intents.server_request import ServerRequest


def record(caller: Caller, request: ServerRequest, found: References) -> Server:
    """Reserve and write everything; answers the first server."""
    now = timezone.now()
    each = quota_rules.provisions(found.flavor.vcpus, found.flavor.ram)
    _check_sizes(caller, request)
    with writing():
        count = request.max_count
        if request.min_count < count:
            count = max(
                request.min_count,
                quota.headroom(caller.project_id, each, request.max_count, caller.user_id),
            )
        quota.reserve(caller.project_id, {r: a * count for r, a in each.items()}, caller.user_id)
        servers = _servers(caller, request, found, count, now)
        _ports(servers, found, now)
        _tags(servers, request)
        template = found.flavor.disk_template
        later = server_disks.record(caller, servers, found.disks, template, now)
        quota.issue(servers, each, now)
        _intents(caller, request, servers, now)
        _attachments(caller, servers, later, now)
        rings.intents_recorded()
        for server in servers:
            rings.changed(server.project_id, "server", server.uuid)
    return servers[0]


def _check_sizes(caller: Caller, request: ServerRequest) -> None:
    """What a project may give to one server; the sentences are Nova's."""
    if not request.metadata and not request.personality:
        return
    allowed = quota.limits(caller.project_id)
    files = request.personality
    content = max((len(b64decode(one["contents"])) for one in files), default=0)
    path = max((len(one["path"].encode()) for one in files), default=0)
    for resource, amount, text in (
        ("metadata_items", len(request.metadata), "Maximum number of metadata items exceeds"),
        ("injected_files", len(files), "Personality file limit exceeded:"),
        ("injected_file_content_bytes", content, "Personality file content too long:"),
        ("injected_file_path_bytes", path, "Personality file path too long:"),
    ):
        if not quota_rules.fits(allowed[resource], 0, amount):
            raise Forbidden(f"{text} {allowed[resource]}", field=resource)


def _servers(
    caller: Caller, request: ServerRequest, found: References, count: int, now: datetime
) -> list[Server]:
    reservation = f"r-{uuid.uuid4().hex[:8]}"
    made = []
    group = server_groups.joined(caller, request.hints.get("group"), count)
    for number in range(count):
        name = request.name if count == 1 else f"{request.name}-{number + 1}"
        server = _server(caller, request, found, now)
        server.name, server.launch_index = name, number
        server.hostname = request.hostname or hostname(name)
        if request.hostname and count > 1:
            server.hostname = f"{request.hostname}-{number + 1}"
        server.reservation_id = reservation
        server.group = group
        made.append(server)
    return insert(made)


def _server(caller: Caller, request: ServerRequest, found: References, now: datetime) -> Server:
    return Server(
        project_id=caller.project_id,
        user_id=caller.user_id,
        description=request.description,
        flavor=found.flavor,
        image=found.image,
        backend_id=found.backend_id,
        state=ServerState.BUILD,
        task=ServerTask.SPAWNING,
        metadata=dict(request.metadata),
        access_ipv4=request.access_ipv4,
        access_ipv6=request.access_ipv6,
        key_name=request.key_name,
        public_key=found.public_key,
        user_data=request.user_data or "",
        personality=[dict(one) for one in request.personality],
        config_drive=request.config_drive,
        disk_config=request.disk_config or "MANUAL",
        zone=request.zone,
        wanted_node=found.node,
        hints=dict(request.hints),
        created_at=now,
        updated_at=now,
    )


def _tags(servers: Sequence[Server], request: ServerRequest) -> None:
    if request.tags:
        insert(ServerTag(server=one, tag=tag) for one in servers for tag in request.tags)


def _ports(servers: Sequence[Server], found: References, now: datetime) -> None:
    """One port per server and card. Addresses that users asked for go first, so that the free ones
    are found around them.
    """
    cards = found.cards
    if len(servers) > 1 and any(card.fixed_ip for card in cards):
        raise BadRequest(
            "A fixed address cannot be given to several servers.", field="networks.fixed_ip"
        )
    new = [(index, card) for index, card in enumerate(cards) if card.port is None]
    made = [(card, _ports_of(servers, index, card, now)) for index, card in new]
    for index, card in enumerate(cards):
        if card.port is not None:
            _take(card.port, servers[0], index, card, now)
    for card, ports in made:
        if card.fixed_ip is not None:
            subnet = addresses.subnet_of(card.network.pk, card.fixed_ip)
            addresses.hold([(ports[0], subnet, card.fixed_ip)], asked=True)
    for card, ports in made:
        if card.fixed_ip is None:
            _give(card, ports)
    _guard([port for _, ports in made for port in ports], found)


def _give(card: Card, ports: Sequence[Port]) -> None:
    """The next free addresses, for all servers at once where there is but IPv4."""
    subnets = Subnet.objects.filter(network_id=card.network.pk).exclude(ip_version=4)
    if subnets.exists():
        for port in ports:
            port_addresses.give(port, None)
        return
    taken: list[tuple[Subnet, str]] = addresses.take_free(card.network.pk, len(ports))
    rows = [(port, *one) for port, one in zip(ports, taken, strict=False)]
    addresses.hold(rows, asked=False)


def _take(port: Port, server: Server, index: int, card: Card, now: datetime) -> None:
    """A port that its user made before: looked at again, now that its row is locked."""
    server_cards.check_free(Port.objects.select_for_update().get(pk=port.pk))
    changes = {"server": server, "index": index, "status": "BUILD", "updated_at": now}
    if card.tag:
        changes["tag"] = card.tag
    Port.objects.filter(pk=port.pk).update(**changes)


def _guard(ports: Sequence[Port], found: References) -> None:
    """New ports are in the security groups that were named, those without port security in none."""
    pairs = Port.security_groups.through
    insert(
        pairs(port_id=port.pk, securitygroup_id=group.pk)
        for port in ports
        if port.port_security
        for group in found.groups
    )


def _ports_of(servers: Sequence[Server], index: int, card: Card, now: datetime) -> list[Port]:
    macs = free_macs(len(servers))
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


def _attachments(
    caller: Caller, servers: Sequence[Server], later: dict[int, list[Volume]], now: datetime
) -> None:
    """Jobs that follow the creation; a server's intents are carried out one after the other."""
    for server in servers:
        for volume in later.get(server.pk, ()):
            intent = Intent.objects.create(
                project_id=server.project_id,
                user_id=caller.user_id,
                action="attach_volume",
                server=server,
                backend_id=server.backend_id,
                arguments={
                    "actor": caller.user_name,
                    "volume": volume.pk,
                    "uuid": str(volume.uuid),
                },
                request_id=caller.request_id,
                created_at=now,
            )
            telling.recorded([intent])


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
            backend_id=server.backend_id,
            arguments={"actor": caller.user_name},
            request_id=caller.request_id,
            idempotency_key=request.idempotency_key if server is servers[0] else None,
            request_digest=request.request_digest,
            created_at=now,
        )
        for server in servers
    )
    _activities(caller, intents, now)
    telling.recorded(intents)


def _activities(caller: Caller, intents: Sequence[Intent], now: datetime) -> None:
    """What the servers' histories begin with."""
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
