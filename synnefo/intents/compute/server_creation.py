"""Recording the wish for new servers: all rows of it in one transaction, or none."""

from __future__ import annotations

import uuid
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from synnefo.core import quota as quota_rules
from synnefo.core.caller import Caller
from synnefo.core.faults import Forbidden
from synnefo.core.hostnames import hostname
from synnefo.core.server_states import ServerState, ServerTask
from synnefo.db import rings
from synnefo.db.inserting import insert
from synnefo.db.models import Activity, Intent, Server, ServerTag, Volume
from synnefo.db.transactions import writing
from synnefo.intents import quota, telling
from synnefo.intents.compute import server_disks, server_groups, server_ports
from synnefo.intents.compute.server_references import References
from synnefo.intents.server_request import ServerRequest


def record(caller: Caller, request: ServerRequest, found: References) -> Server:
    """Reserve and write everything; answers the first server."""
    now = timezone.now()
    each = quota_rules.provisions(found.flavor.vcpus, found.flavor.ram)
    allowed = quota.limits(caller.project_id)
    _check_sizes(request, allowed)
    with writing():
        count = _count(caller, request, each, found, allowed)
        total = {resource: amount * count for resource, amount in each.items()}
        quota.reserve(caller.project_id, total, caller.user_id, allowed)
        server_ports.admit(caller.project_id, found.cards, count, allowed["port"])
        servers = _servers(caller, request, found, count, now)
        server_ports.record(servers, found.cards, found.groups, now)
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


def _count(
    caller: Caller,
    request: ServerRequest,
    each: Mapping[str, int],
    found: References,
    allowed: Mapping[str, int],
) -> int:
    """How many there will be: as many as quota allows, but not fewer than wanted at least."""
    most = request.max_count
    if request.min_count == most:
        return most
    room = quota.headroom(caller.project_id, each, most, caller.user_id)
    room = min(room, server_ports.headroom(caller.project_id, found.cards, most, allowed["port"]))
    return max(request.min_count, room)


def _check_sizes(request: ServerRequest, allowed: Mapping[str, int]) -> None:
    """What a project may give to one server; the sentences are Nova's."""
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
