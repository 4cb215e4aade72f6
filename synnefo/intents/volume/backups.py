"""What users ask of backups of volumes.

As snapshots they share saved bytes (`snapshots.py`); unlike those they outlive their volume. As
records for elsewhere they are in `backup_records.py`.
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from synnefo.core import volume_states
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest
from synnefo.core.volume_states import AVAILABLE, IN_USE, gib
from synnefo.db import rings
from synnefo.db.models import Backup, Snapshot, Volume
from synnefo.db.transactions import writing
from synnefo.intents.volume import (
    volume_attaching,
    volume_contents,
    volume_lookup,
    volume_quota,
    volume_rows,
    volumes,
)

REMEMBERED = ("metadata", "image_metadata", "bootable")


def create(
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


def update(caller: Caller, backup_uuid: str, **columns: Any) -> Backup:
    """Set `name`, `description`, `metadata`, `status`."""
    with writing():
        backup = volume_lookup.backup(caller, backup_uuid)
        volume_rows.saved(backup, "backup", **columns)
    return backup


def delete(caller: Caller, backup_uuid: str, *, force: bool = False) -> None:
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
