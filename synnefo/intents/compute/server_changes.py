"""What users change of servers without any job: names, metadata and tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from synnefo.core import quota as quota_rules
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict, Forbidden, NotFound
from synnefo.db import rings
from synnefo.db.inserting import insert
from synnefo.db.models import Server, ServerTag
from synnefo.db.transactions import writing
from synnefo.intents import quota, zones
from synnefo.intents.server_wishes import locked, unlocked

MOST_TAGS = 50


def saved(server: Server, *fields: str) -> Server:
    """Write these columns and tell the listeners."""
    server.updated_at = timezone.now()
    server.save(update_fields=[*fields, "updated_at"])
    rings.changed(server.project_id, "server", server.uuid)
    return server


def update(caller: Caller, server_uuid: str, **changes: Any) -> Server:
    """Set columns: name, description, host name, access addresses, disk_config, zone."""
    with writing():
        server = locked(caller, server_uuid)
        if "zone" in changes:
            _check_zone(server, changes["zone"])
        for field, value in changes.items():
            setattr(server, field, value)
        return saved(server, *changes)


def _check_zone(server: Server, wanted: str | None) -> None:
    """Conflict unless a server stays in its zone, is let go from it, or is to stay where it is."""
    if wanted is None or wanted == server.zone:
        return
    if server.zone is not None:
        raise Conflict(
            f"Instance {server.uuid} is pinned to availability zone {server.zone}: unpin it before."
        )
    here = zones.of_named(server.node)
    if wanted != here:
        raise Conflict(
            f"Instance {server.uuid} is in availability zone {here} and can be pinned to no other."
        )


# --- metadata -------------------------------------------------------------------------------------


def replace_metadata(caller: Caller, server_uuid: str, metadata: Mapping[str, str]) -> Server:
    """Set all metadata."""
    with writing():
        return _with_metadata(unlocked(caller, server_uuid), dict(metadata))


def merge_metadata(caller: Caller, server_uuid: str, metadata: Mapping[str, str]) -> Server:
    """Add or change some metadata."""
    with writing():
        server = unlocked(caller, server_uuid)
        return _with_metadata(server, {**server.metadata, **metadata})


def _with_metadata(server: Server, metadata: dict[str, str]) -> Server:
    most = quota.limits(server.project_id)["metadata_items"]
    if not quota_rules.fits(most, 0, len(metadata)):
        raise Forbidden(f"Maximum number of metadata items exceeds {most}", field="metadata")
    server.metadata = metadata
    return saved(server, "metadata")


def delete_metadata_item(caller: Caller, server_uuid: str, key: str) -> None:
    """Remove one item; NotFound if there is none."""
    with writing():
        server = unlocked(caller, server_uuid)
        if key not in server.metadata:
            raise NotFound("Metadata item was not found", field=key)
        server.metadata = {name: text for name, text in server.metadata.items() if name != key}
        saved(server, "metadata")


# --- tags -----------------------------------------------------------------------------------------


def replace_tags(caller: Caller, server_uuid: str, tags: Sequence[str]) -> None:
    """Set all tags."""
    with writing():
        server = locked(caller, server_uuid)
        ServerTag.objects.filter(server=server).delete()
        insert(ServerTag(server=server, tag=tag) for tag in dict.fromkeys(tags))
        saved(server)


def add_tag(caller: Caller, server_uuid: str, tag: str) -> bool:
    """Whether the tag is new."""
    with writing():
        server = locked(caller, server_uuid)
        if ServerTag.objects.filter(server=server, tag=tag).exists():
            return False
        if ServerTag.objects.filter(server=server).count() >= MOST_TAGS:
            raise BadRequest(f"The number of tags exceeded the per-server limit {MOST_TAGS}")
        ServerTag.objects.create(server=server, tag=tag)
        saved(server)
        return True


def delete_tags(caller: Caller, server_uuid: str, tag: str | None = None) -> bool:
    """Remove one tag, or all of them; whether there was any."""
    with writing():
        server = locked(caller, server_uuid)
        rows = ServerTag.objects.filter(server=server)
        gone, _ = (rows if tag is None else rows.filter(tag=tag)).delete()
        if gone:
            saved(server)
        return bool(gone)
