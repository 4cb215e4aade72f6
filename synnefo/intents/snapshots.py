"""What users ask of snapshots and backups of volumes.

Of a volume that no server has, both share its saved bytes, so they are there at once. What a server
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
from synnefo.db.models import Backup, GroupSnapshot, Snapshot, Volume
from synnefo.db.transactions import writing
from synnefo.intents import (
    volume_attaching,
    volume_contents,
    volume_lookup,
    volume_quota,
    volume_rows,
    volumes,
)

REMEMBERED = ("metadata", "image_metadata", "bootable")


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


def _saved(row: Any, kind: str, **columns: Any) -> None:
    volume_rows.write(row, **columns)
    rings.changed(row.project_id, kind, row.uuid)


def update(caller: Caller, snapshot_uuid: str, **columns: Any) -> Snapshot:
    """Set `name`, `description`, `metadata`, `status`, `progress`."""
    with writing():
        snapshot = volume_lookup.snapshot(caller, snapshot_uuid)
        _saved(snapshot, "snapshot", **columns)
    return snapshot


def change_metadata(
    caller: Caller, snapshot_uuid: str, change: Mapping[str, str], *, replace: bool = False
) -> dict[str, str]:
    """Merge into, or replace, the metadata; answers all of it."""
    with writing():
        snapshot = volume_lookup.snapshot(caller, snapshot_uuid)
        before = {} if replace else snapshot.metadata
        _saved(snapshot, "snapshot", metadata={**before, **change})
        return dict(snapshot.metadata)


def drop_metadata(caller: Caller, snapshot_uuid: str, key: str) -> None:
    """Remove one item; NotFound if there is none."""
    with writing():
        snapshot = volume_lookup.snapshot(caller, snapshot_uuid)
        kept = keyed_texts.without(snapshot.metadata, key, f"Snapshot {snapshot_uuid}")
        _saved(snapshot, "snapshot", metadata=kept)


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


# --- backups --------------------------------------------------------------------------------------


def back_up(
    caller: Caller, volume_uuid: str, *, snapshot_id: str | None, force: bool, **columns: Any
) -> Backup:
    """Copy a volume, or one of its snapshots; one in use needs `force`."""
    now = timezone.now()
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        snapshot = volume_lookup.snapshot(caller, snapshot_id) if snapshot_id else None
        if snapshot is not None and snapshot.volume_id != volume.pk:
            raise BadRequest(f"Snapshot {snapshot_id} is not of volume {volume_uuid}.")
        if snapshot is None:
            allowed = (AVAILABLE, IN_USE) if force else (AVAILABLE,)
            volume_states.require("volume", volume_uuid, volume.status, *allowed)
        volume_quota.admit_backup(caller.project_id, gib(volume.size))
        backup = Backup(
            project_id=volume.project_id,
            user_id=caller.user_id,
            volume_uuid=volume.uuid,
            snapshot_id=snapshot.uuid if snapshot else None,
            parent=_parent(volume) if columns.get("incremental") else None,
            size=gib(volume.size),
            volume_facts={name: getattr(volume, name) for name in REMEMBERED},
            data_timestamp=snapshot.created_at if snapshot else now,
            created_at=now,
            updated_at=now,
            **columns,
        )
        _take(caller, backup, volume, snapshot)
        rings.changed(backup.project_id, "backup", backup.uuid)
    return backup


def _parent(volume: Volume) -> Backup:
    rows = Backup.objects.filter(volume_uuid=volume.uuid, status=AVAILABLE)
    newest = rows.order_by("-data_timestamp", "-pk").first()
    if newest is None:
        raise BadRequest("Invalid backup: No backups available to do an incremental backup.")
    return newest


def _take(caller: Caller, backup: Backup, volume: Volume, snapshot: Snapshot | None) -> None:
    backup.status = AVAILABLE
    if snapshot is not None:
        volume_states.require("snapshot", snapshot.uuid, snapshot.status, AVAILABLE)
        backup.content = snapshot.content
    elif volume.server_id is None:
        backup.content = volume.content
    else:
        backup.content = volume_contents.to_come(volume.size)
        backup.status = "creating"
        volume_attaching.save(caller, volume, backup.content)
    backup.save(force_insert=True)


def update_backup(caller: Caller, backup_uuid: str, **columns: Any) -> Backup:
    """Set `name`, `description`, `metadata`, `status`."""
    with writing():
        backup = volume_lookup.backup(caller, backup_uuid)
        _saved(backup, "backup", **columns)
    return backup


def delete_backup(caller: Caller, backup_uuid: str, *, force: bool = False) -> None:
    """Let go of a backup that no other builds upon."""
    with writing():
        backup = volume_lookup.backup(caller, backup_uuid)
        if not force:
            volume_states.require("backup", backup_uuid, backup.status, AVAILABLE, "error")
        if Backup.objects.filter(parent=backup).exists():
            raise BadRequest(
                "Invalid backup: Incremental backups exist for this backup; delete them first."
            )
        rings.changed(backup.project_id, "backup", backup.uuid)
        content = backup.content_id
        backup.delete()
        volume_contents.release([content])


def restore(
    caller: Caller, backup_uuid: str, volume_uuid: str | None, name: str | None
) -> tuple[Backup, Volume]:
    """Make a volume what a backup holds: the named one, or a new one."""
    with writing():
        backup = volume_lookup.backup(caller, backup_uuid)
        volume_states.require("backup", backup_uuid, backup.status, AVAILABLE)
        if volume_uuid is None:
            title = name or f"restore_backup_{backup.uuid}"
            request = volumes.VolumeRequest(size=backup.size, name=title)
            recipe = volumes.Recipe(content=backup.content, least=backup.size)
            made = volumes.made(caller, request, recipe, timezone.now())
            return backup, volumes.saved(made, **backup.volume_facts)
        volume = volume_lookup.volume(caller, volume_uuid)
        volume_states.require("volume", volume_uuid, volume.status, AVAILABLE)
        if gib(volume.size) < backup.size:
            raise BadRequest(
                f"Invalid volume: volume size {gib(volume.size)} GB is too small to restore"
                f" backup of size {backup.size} GB."
            )
        before = volume.content_id
        volumes.saved(volume, content=backup.content, **backup.volume_facts)
        volume_contents.release([before])
    return backup, volume
