"""What users ask of volumes: make, change, extend, delete.

A new volume is a row and a recipe, so it is there at once; disks are the affair of attaching.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from synnefo.core import keyed_texts, volume_states
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, ServiceUnavailable
from synnefo.core.volume_states import AVAILABLE, DELETABLE, GIB, IN_USE, gib
from synnefo.db import rings
from synnefo.db.models import (
    Backup,
    Image,
    Snapshot,
    Volume,
    VolumeContent,
    VolumeMessage,
    VolumeType,
)
from synnefo.db.transactions import writing
from synnefo.intents.image import image_access, image_mappings
from synnefo.intents.volume import (
    volume_contents,
    volume_lookup,
    volume_quota,
    volume_rows,
    volume_services,
)

REMEMBERED = timedelta(days=30)
FILLS = ("raw", "qcow2")  # what a disk can be filled with
PLAIN_FIELDS = (
    "checksum", "min_disk", "min_ram", "disk_format", "container_format", "size",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class VolumeRequest:
    """A volume to be made; the size is in GiB."""

    size: int | None = None
    name: str = ""
    description: str | None = None
    volume_type: str | None = None
    availability_zone: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    image_id: str | None = None
    snapshot_id: str | None = None
    source_volid: str | None = None
    backup_id: str | None = None
    group_id: str | None = None
    multiattach: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a new volume is made of, and what it takes over from there."""

    content: VolumeContent | None = None
    least: int = 0  # GiB
    image_metadata: Mapping[str, Any] = field(default_factory=dict)
    bootable: bool = False
    volume_type: VolumeType | None = None
    snapshot: Snapshot | None = None
    source: Volume | None = None

    def size(self, wanted: int | None) -> int:
        """In GiB: what is wanted, if all of it fits in; without a wish as much as it needs."""
        size = wanted or self.least
        if size < max(self.least, 1):
            raise BadRequest(
                f"Invalid input received: Size of specified volume ({size}GB) is smaller than what"
                f" it is made from ({self.least}GB).",
                field="size",
            )
        return size

    def columns(self) -> dict[str, Any]:
        """What the row takes over."""
        return {
            "image_metadata": dict(self.image_metadata),
            "bootable": self.bootable,
            "snapshot_id": self.snapshot.uuid if self.snapshot else None,
            "source_volid": self.source.uuid if self.source else None,
            "content": self.content,
        }


def create(caller: Caller, request: VolumeRequest) -> Volume:
    """Record a new volume and what it takes of the quota."""
    if (refusal := volume_services.refusal()) is not None:
        raise ServiceUnavailable(f"No volume can be made just now: {refusal}")
    with writing():
        found = recipe(caller, request)
        volume = made(caller, request, found, timezone.now())
        rings.changed(volume.project_id, "volume", volume.uuid)
    return volume


def made(caller: Caller, request: VolumeRequest, recipe: Recipe, now: datetime) -> Volume:
    """The row of a volume; within a transaction."""
    size = recipe.size(request.size)
    kind = _type(caller, request, recipe)
    group = volume_lookup.group(caller, request.group_id) if request.group_id else None
    volume_quota.admit_volume(caller.project_id, size, kind)
    misfits = volume_states.misfits(kind.extra_specs)
    volume = Volume.objects.create(
        project_id=caller.project_id,
        user_id=caller.user_id,
        local=False,
        name=request.name,
        description=request.description,
        size=size * GIB,
        disk_template="",
        status="error" if misfits else AVAILABLE,
        volume_type=kind,
        group=group,
        availability_zone=request.availability_zone or "nova",
        metadata=dict(request.metadata),
        multiattach=request.multiattach,
        **recipe.columns(),
        created_at=now,
        updated_at=now,
    )
    if misfits:
        _tell_misfits(caller, volume, misfits, now)
    return volume


def _tell_misfits(caller: Caller, volume: Volume, misfits: list[str], now: datetime) -> None:
    VolumeMessage.objects.create(
        project_id=volume.project_id,
        resource_uuid=volume.uuid,
        event_id="VOLUME_schedule",
        user_message="schedule allocate volume: no pool is what the type of the volume asks for:"
        f" {', '.join(misfits)}",
        request_id=caller.request_id,
        created_at=now,
        guaranteed_until=now + REMEMBERED,
    )


def _type(caller: Caller, request: VolumeRequest, recipe: Recipe) -> VolumeType:
    if request.volume_type:
        return volume_lookup.volume_type(caller, request.volume_type)
    return recipe.volume_type or volume_lookup.default_type(caller.project_id)


def recipe(caller: Caller, request: VolumeRequest) -> Recipe:
    """What a volume is made of; within a transaction."""
    sources = (request.image_id, request.snapshot_id, request.source_volid, request.backup_id)
    if sum(one is not None for one in sources) > 1:
        raise BadRequest("A volume is made from at most one source.")
    if request.image_id is not None:
        return of_image(caller, request.image_id)
    if request.snapshot_id is not None:
        return of_snapshot(volume_lookup.snapshot(caller, request.snapshot_id))
    if request.source_volid is not None:
        return of_volume(volume_lookup.volume(caller, request.source_volid))
    if request.backup_id is not None:
        return _of_backup(volume_lookup.backup(caller, request.backup_id))
    if request.size is None:
        raise BadRequest("Invalid input received: size is missing.", field="size")
    return Recipe()


def of_image(caller: Caller, image_id: str) -> Recipe:
    """A volume of the bytes of an image."""
    rows = image_access.readable(caller)
    image = rows.filter(uuid=volume_lookup.uuid_of(image_id)).first()
    if image is None:
        raise BadRequest(
            f"Invalid image identifier: {image_id} could not be found.", field="imageRef"
        )
    if image.status != "active":
        raise BadRequest(
            f"Invalid input received: Image {image_id} is not active.", field="imageRef"
        )
    if image.disk_format not in FILLS:
        raise BadRequest(
            f"Image {image_id} has the format {image.disk_format}; volumes are made from"
            f" {' or '.join(FILLS)}.",
            field="imageRef",
        )
    if (kept := image_mappings.root_snapshot(image)) is not None:
        return of_snapshot(volume_lookup.snapshot(caller, kept))
    bytes_needed = max(image.virtual_size or 0, image.size or 0)
    return Recipe(
        content=volume_contents.of_image(image),
        least=max(-(-bytes_needed // (GIB << 20)), image.min_disk),
        image_metadata=_image_metadata(image),
        bootable=True,
    )


def _image_metadata(image: Image) -> dict[str, str]:
    plain = {name: getattr(image, name) for name in PLAIN_FIELDS}
    shown = {"image_id": image.uuid, "image_name": image.name} | plain | dict(image.properties)
    return {name: str(value) for name, value in shown.items() if value is not None}


def of_snapshot(snapshot: Snapshot) -> Recipe:
    """A volume of what a snapshot kept."""
    volume_states.require("snapshot", snapshot.uuid, snapshot.status, AVAILABLE)
    before = snapshot.volume
    return Recipe(
        content=snapshot.content,
        least=snapshot.size,
        image_metadata=before.image_metadata,
        bootable=before.bootable,
        volume_type=before.volume_type,
        snapshot=snapshot,
    )


def of_volume(source: Volume) -> Recipe:
    """A copy of a volume that no server writes to."""
    volume_states.require("volume", source.uuid, source.status, AVAILABLE)
    return Recipe(
        content=source.content,
        least=gib(source.size),
        image_metadata=source.image_metadata,
        bootable=source.bootable,
        volume_type=source.volume_type,
        source=source,
    )


def _of_backup(backup: Backup) -> Recipe:
    volume_states.require("backup", backup.uuid, backup.status, AVAILABLE)
    return Recipe(content=backup.content, least=backup.size)


# --- changes --------------------------------------------------------------------------------------


def saved(volume: Volume, **columns: Any) -> Volume:
    """Set columns of a volume whose row is locked."""
    volume_rows.saved(volume, "volume", **columns)
    return volume


def update(caller: Caller, volume_uuid: str, **columns: Any) -> Volume:
    """Set `name`, `description`, `metadata`."""
    with writing():
        return saved(volume_lookup.volume(caller, volume_uuid), **columns)


def change_metadata(
    caller: Caller,
    volume_uuid: str,
    change: Mapping[str, str],
    *,
    replace: bool = False,
    column: str = "metadata",
) -> dict[str, str]:
    """Merge into, or replace, `metadata` or `image_metadata`; answers all of it."""
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        before = {} if replace else getattr(volume, column)
        return dict(getattr(saved(volume, **{column: {**before, **change}}), column))


def drop_metadata(caller: Caller, volume_uuid: str, key: str, *, column: str = "metadata") -> None:
    """Remove one item; NotFound if there is none."""
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        before = getattr(volume, column)
        saved(volume, **{column: keyed_texts.without(before, key, f"Volume {volume_uuid}")})


def delete(caller: Caller, volume_uuid: str, *, cascade: bool = False, force: bool = False) -> None:
    """Remove a volume that no server has; with `cascade` its snapshots, too."""
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        _check_deletable(volume, force)
        snapshots = list(Snapshot.objects.select_for_update().filter(volume=volume))
        if snapshots and not cascade:
            raise BadRequest(
                f"Invalid volume: Volume {volume_uuid} still has {len(snapshots)} dependent"
                " snapshots."
            )
        contents = [one.content_id for one in snapshots]
        for one in snapshots:
            if one.status not in {AVAILABLE, "error"} and not force:
                raise BadRequest(f"Invalid volume: snapshot {one.uuid} is {one.status}.")
            one.delete()
        forget(volume, *contents)


def _check_deletable(volume: Volume, force: bool) -> None:
    attached = volume.server_id is not None
    if attached or (volume.status not in DELETABLE and not force):
        raise BadRequest(
            "Invalid volume: Volume status must be available or error or error_restoring or"
            " error_extending or error_managing and must not be migrating, attached, belong to a"
            f" group, have snapshots or be disassociated from snapshots after volume transfer;"
            f" it is {volume.status if not attached else IN_USE}."
        )


def forget(volume: Volume, *contents: int | None) -> None:
    """Remove a volume's row, and its bytes unless somebody else uses them."""
    rings.changed(volume.project_id, "volume", volume.uuid)
    mine = volume.content_id
    volume.delete()
    volume_contents.release([mine, *contents])


def check_extension(volume: Volume, size: int) -> None:
    """Refuse to shrink a volume, and what the quota does not allow."""
    before = gib(volume.size)
    if size <= before:
        raise BadRequest(
            f"Invalid input received: New size for extend must be greater than current size."
            f" (current: {before}, extended: {size}).",
            field="os-extend.new_size",
        )
    volume_quota.check_one_size(volume.project_id, size)
    volume_quota.admit_gigabytes(volume.project_id, size - before, volume.volume_type)
