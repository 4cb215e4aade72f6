"""What becomes of ports when a job about their card ends, or their server goes.

The caller holds the server's row.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from synnefo.db import rings
from synnefo.db.models import Address, FloatingIp, Intent, NetworkTag, Port, Server

FREE = {"server": None, "index": 0, "status": "DOWN", "tag": ""}


def release(rows: QuerySet[Port], now: datetime) -> int:
    """These are no cards any more: those that users made stay theirs, all others go."""
    found = list(rows.values_list("pk", "kept", "uuid"))
    drop([(pk, uuid) for pk, kept, uuid in found if not kept], now)
    if mine := [pk for pk, kept, _ in found if kept]:
        Port.objects.filter(pk__in=mine).update(updated_at=now, **FREE)
    return len(found)


def drop(found: Iterable[tuple[int, object]], now: datetime) -> None:
    """Remove ports; by hand, since each of the many that refer to one would be asked for."""
    keys = dict(found)
    if not keys:
        return
    leads = {"port": None, "fixed_address": None, "router": None, "updated_at": now}
    FloatingIp.objects.filter(port__in=keys).update(**leads)
    NetworkTag.objects.filter(resource__in=list(keys.values())).delete()
    members = Port.security_groups.through.objects.filter(port__in=keys)
    for rows in (members, Address.objects.filter(port__in=keys), Port.objects.filter(pk__in=keys)):
        rows._raw_delete(rows.db)


def _port_of(intent: Intent) -> QuerySet[Port]:
    key = intent.arguments.get("port", 0)
    return Port.objects.filter(pk=key, server_id=intent.server_id)


def attached(intent: Intent, now: datetime) -> None:
    """The server has the card."""
    _port_of(intent).update(status="ACTIVE", updated_at=now)


def not_attached(intent: Intent, now: datetime) -> None:
    """The port is as it was before."""
    release(_port_of(intent), now)


def detached(intent: Intent, now: datetime) -> None:
    """The card is gone, and the port, too, unless its user made it and wants it."""
    rows = _port_of(intent)
    if intent.arguments.get("kept"):
        release(rows, now)
    else:
        drop(rows.values_list("pk", "uuid"), now)


def not_detached(intent: Intent, now: datetime) -> None:
    """The server still has it."""
    _port_of(intent).update(status="ACTIVE", updated_at=now)


def of_server_gone(server: Server, now: datetime) -> None:
    """A server gives its ports back."""
    if release(Port.objects.filter(server=server), now):
        rings.changed(server.project_id, "port", server.uuid)
