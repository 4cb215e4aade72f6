"""What users ask of snapshots of volumes.

Of a volume that no server has they share its saved bytes, so they are there at once. What a server
writes to has to be saved by its backend first (`volume_attaching.save`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from synnefo.core import keyed_texts, volume_states
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest
from synnefo.core.volume_states import AVAILABLE, IN_USE, gib
from synnefo.db import rings
from synnefo.db.models import GroupSnapshot, Snapshot, Volume
from synnefo.db.transactions import writing
from synnefo.intents.volume import (
    volume_attaching,
    volume_contents,
    volume_lookup,
    volume_quota,
    volume_rows,
)


def create(caller: Caller, volume_uuid: str, *, force: bool, **columns: Any) -> Snapshot:
    """Keep a volume as it is; one in use needs `force`."""
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        allowed = (AVAILABLE, IN_USE) if force else (AVAILABLE,)
        volume_states.require("volume", volume_uuid, volume.status, *allowed)
        volume_quota.admit_snapshot(caller.project_id, gib(volume.size), volume.volume_type)
        return made(caller, volume, timezone.now(), **columns)


def made(
    caller: Caller,
    volume: Volume,
    now: datetime,
    group_snapshot: GroupSnapshot | None = None,
    **columns: Any,
) -> Snapshot:
    """The row of a snapshot; within a transaction that holds the volume's row."""
    snapshot = Snapshot.objects.create(
        project_id=volume.project_id,
        user_id=caller.user_id,
        volume=volume,
        size=gib(volume.size),
        status=AVAILABLE,
        progress="100%",
        content=volume.content,
        group_snapshot=group_snapshot,
        created_at=now,
        updated_at=now,
        **columns,
    )
    if volume.server_id is not None:
        snapshot.content = volume_contents.to_come(volume.size)
        snapshot.status, snapshot.progress = "creating", "0%"
        snapshot.save(update_fields=["content", "status", "progress"])
        volume_attaching.save(caller, volume, snapshot.content)
    rings.changed(snapshot.project_id, "snapshot", snapshot.uuid)
    return snapshot


def update(caller: Caller, snapshot_uuid: str, **columns: Any) -> Snapshot:
    """Set `name`, `description`, `metadata`, `status`, `progress`."""
    with writing():
        snapshot = volume_lookup.snapshot(caller, snapshot_uuid)
        volume_rows.saved(snapshot, "snapshot", **columns)
    return snapshot


def change_metadata(
    caller: Caller, snapshot_uuid: str, change: Mapping[str, str], *, replace: bool = False
) -> dict[str, str]:
    """Merge into, or replace, the metadata; answers all of it."""
    with writing():
        snapshot = volume_lookup.snapshot(caller, snapshot_uuid)
        before = {} if replace else snapshot.metadata
        volume_rows.saved(snapshot, "snapshot", metadata={**before, **change})
        return dict(snapshot.metadata)


def drop_metadata(caller: Caller, snapshot_uuid: str, key: str) -> None:
    """Remove one item; NotFound if there is none."""
    with writing():
        snapshot = volume_lookup.snapshot(caller, snapshot_uuid)
        kept = keyed_texts.without(snapshot.metadata, key, f"Snapshot {snapshot_uuid}")
        volume_rows.saved(snapshot, "snapshot", metadata=kept)


def delete(caller: Caller, snapshot_uuid: str, *, force: bool = False) -> None:
    """Let go of a snapshot."""
    with writing():
        snapshot = volume_lookup.snapshot(caller, snapshot_uuid)
        if not force:
            volume_states.require(
                "snapshot", snapshot_uuid, snapshot.status, AVAILABLE, "error", "error_deleting"
            )
        if snapshot.group_snapshot_id is not None and not force:
            raise BadRequest(
                f"Invalid snapshot: snapshot {snapshot_uuid} belongs to a group snapshot."
            )
        rings.changed(snapshot.project_id, "snapshot", snapshot.uuid)
        content = snapshot.content_id
        snapshot.delete()
        volume_contents.release([content])
