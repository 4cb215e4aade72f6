"""What else is asked of a volume: its status, flags, type, and attaching it by hand.

Attaching here is book-keeping for whoever connects volumes without the compute service; servers
get their disks by `volume_attaching`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from synnefo.core import volume_states
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict
from synnefo.core.volume_states import AVAILABLE, GIB, IN_USE, gib
from synnefo.db.models import Snapshot, Volume, VolumeAttachment
from synnefo.db.transactions import writing
from synnefo.intents.volume import volume_contents, volume_lookup, volume_quota, volumes


def reserve(caller: Caller, volume_uuid: str) -> None:
    """Keep an available volume for somebody."""
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        volume_states.require("volume", volume_uuid, volume.status, AVAILABLE)
        volumes.saved(volume, status="attaching")


def unreserve(caller: Caller, volume_uuid: str) -> None:
    """Take a reservation back; without one nothing changes."""
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        if volume.status == "attaching" and volume.server_id is None:
            volumes.saved(volume, status=AVAILABLE)


def begin_detaching(caller: Caller, volume_uuid: str) -> None:
    """Say that an attached volume is going to be let go."""
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        volume_states.require("volume", volume_uuid, volume.status, IN_USE)
        _check_by_hand(volume)
        volumes.saved(volume, status="detaching")


def roll_detaching(caller: Caller, volume_uuid: str) -> None:
    """It stays attached."""
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        _check_by_hand(volume)
        if volume.status == "detaching":
            volumes.saved(volume, status=IN_USE)


def attach_by_hand(caller: Caller, volume_uuid: str, wish: Mapping[str, Any]) -> None:
    """Write down that a server, or a host, has the volume."""
    instance, host, mode = wish.get("instance_uuid"), wish.get("host_name"), wish.get("mode", "rw")
    if (instance is None) == (host is None):
        raise BadRequest("Invalid request to attach volume: one of instance and host is needed.")
    now = timezone.now()
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        volume_states.require("volume", volume_uuid, volume.status, AVAILABLE, "attaching")
        if volume.readonly and mode != "ro":
            raise BadRequest(f"Invalid attaching mode '{mode}' for volume {volume_uuid}.")
        VolumeAttachment.objects.create(
            volume=volume,
            project_id=volume.project_id,
            instance_uuid=instance,
            host_name=host or "",
            device=wish.get("mountpoint"),
            mode="ro" if volume.readonly else mode,
            status="attached",
            created_at=now,
            attached_at=now,
        )
        volumes.saved(volume, status=IN_USE)


def detach_by_hand(caller: Caller, volume_uuid: str, attachment: str | None) -> None:
    """Take back what `attach_by_hand` wrote down."""
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        rows = VolumeAttachment.objects.filter(volume=volume)
        if attachment is not None:
            named = volume_lookup.attachment(caller, attachment)
            if named.volume_id != volume.pk:
                raise BadRequest(
                    f"Attachment {attachment} is not of volume {volume_uuid} but of another.",
                    field="os-detach.attachment_id",
                )
            rows = rows.filter(pk=named.pk)
        _check_by_hand(volume)
        if not rows.exists():
            return  # It is detached already.
        rows.delete()
        if not VolumeAttachment.objects.filter(volume=volume).exists():
            volumes.saved(volume, status=AVAILABLE)


def _check_by_hand(volume: Volume) -> None:
    """What a server really has is let go of by the compute service alone."""
    if volume.server_id is not None:
        raise Conflict(
            f"Volume {volume.uuid} is attached to a server: detach it there, by DELETE of"
            " /servers/{server}/os-volume_attachments/{volume} of the compute service."
        )


def set_flag(caller: Caller, volume_uuid: str, column: str, value: bool) -> None:
    """`bootable` or `readonly`."""
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        if column == "readonly":
            volume_states.require("volume", volume_uuid, volume.status, AVAILABLE)
        volumes.saved(volume, **{column: value})


def retype(caller: Caller, volume_uuid: str, name: str) -> None:
    """Give a volume another type; it stays where it is, since types name no places."""
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        volume_states.require("volume", volume_uuid, volume.status, AVAILABLE, IN_USE)
        kind = volume_lookup.volume_type(caller, name)
        if kind.pk == volume.volume_type_id:
            raise BadRequest(
                f"Retype volume error: volume {volume_uuid} is of type {name} already."
            )
        volume_quota.admit_retype(volume.project_id, gib(volume.size), kind)
        volumes.saved(volume, volume_type=kind)


def reset_status(caller: Caller, volume_uuid: str, wish: Mapping[str, str | None]) -> None:
    """An administrator knows better."""
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        columns: dict[str, Any] = {}
        if wish.get("status"):
            columns["status"] = wish["status"]
        if "migration_status" in wish:
            migration = wish["migration_status"]
            columns["migration_status"] = None if migration in {None, "none"} else migration
        if wish.get("attach_status") == "detached" and volume.server_id is None:
            VolumeAttachment.objects.filter(volume=volume).delete()
        volumes.saved(volume, **columns)


def extend_detached(caller: Caller, volume_uuid: str, size: int) -> Volume | None:
    """Enlarge a volume that no server has; None if one has it."""
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        if volume.server_id is not None:
            return None
        volume_states.require("volume", volume_uuid, volume.status, AVAILABLE)
        volumes.check_extension(volume, size)
        return volumes.saved(volume, size=size * GIB)


def revert(caller: Caller, volume_uuid: str, snapshot_id: str) -> None:
    """Make a volume again what its newest snapshot kept."""
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        snapshot = volume_lookup.snapshot(caller, snapshot_id)
        newest = Snapshot.objects.filter(volume=volume).order_by("-created_at", "-pk").first()
        if newest is None or newest.pk != snapshot.pk:
            raise BadRequest(f"Specified snapshot {snapshot_id} isn't the latest of its volume.")
        volume_states.require("volume", volume_uuid, volume.status, AVAILABLE)
        volume_states.require("snapshot", snapshot_id, snapshot.status, AVAILABLE)
        before = volume.content_id
        volumes.saved(volume, content=snapshot.content)
        volume_contents.release([before])


def reimage(caller: Caller, volume_uuid: str, image_id: str) -> None:
    """Make a volume that no server has anew from an image."""
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        volume_states.require("volume", volume_uuid, volume.status, AVAILABLE, "error")
        renew(caller, volume, image_id, status=AVAILABLE)


def renew(caller: Caller, volume: Volume, image_id: str, **columns: Any) -> None:
    """Let a volume be one of this image from now on; within a transaction."""
    recipe = volumes.of_image(caller, image_id)
    if recipe.least * GIB > volume.size:
        raise BadRequest(f"Image {image_id} needs {recipe.least}GB.", field="image_id")
    before = volume.content_id
    columns |= {"image_metadata": dict(recipe.image_metadata), "bootable": True}
    volumes.saved(volume, content=recipe.content, **columns)
    volume_contents.release([before])
