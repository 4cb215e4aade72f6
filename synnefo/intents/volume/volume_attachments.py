"""Attachments as a resource of their own: volumes kept for servers before they get them.

A server gets a disk by the compute service alone; what is reserved here is used there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from synnefo.core import volume_states
from synnefo.core.caller import Caller
from synnefo.core.faults import Conflict
from synnefo.core.volume_states import AVAILABLE, IN_USE
from synnefo.db.models import VolumeAttachment, VolumeMessage
from synnefo.db.transactions import writing
from synnefo.intents.volume import volume_lookup, volumes

NO_PATH = (
    "Volumes are connected by the clusters that run their servers; attach the volume by the"
    " compute service."
)


def reserve(caller: Caller, wish: Mapping[str, Any]) -> VolumeAttachment:
    """Keep an available volume for a server, or for whoever asks."""
    if wish.get("connector"):
        raise Conflict(NO_PATH)
    with writing():
        volume = volume_lookup.volume(caller, wish["volume_uuid"])
        volume_states.require("volume", volume.uuid, volume.status, AVAILABLE)
        row = VolumeAttachment.objects.create(
            volume=volume,
            project_id=volume.project_id,
            instance_uuid=wish.get("instance_uuid"),
            mode=wish.get("mode", "rw"),
            status="reserved",
            created_at=timezone.now(),
        )
        volumes.saved(volume, status="reserved")
    return row


def connect(caller: Caller, attachment_uuid: str) -> None:
    """Refused: nobody but a cluster reaches a volume."""
    volume_lookup.attachment(caller, attachment_uuid, locked=False)
    raise Conflict(NO_PATH)


def complete(caller: Caller, attachment_uuid: str) -> None:
    """Say that a reserved volume is used."""
    with writing():
        row = volume_lookup.attachment(caller, attachment_uuid)
        if row.server_id is None:
            row.status, row.attached_at = "attached", timezone.now()
            row.save(update_fields=["status", "attached_at"])
            volumes.saved(row.volume, status=IN_USE)


def remove(caller: Caller, attachment_uuid: str) -> list[VolumeAttachment]:
    """Let go of a volume that no server has; answers what is left of its attachments."""
    with writing():
        row = volume_lookup.attachment(caller, attachment_uuid)
        if row.server_id is not None:
            raise Conflict(
                f"Attachment {attachment_uuid} is of a server: detach the volume there, by DELETE"
                " of /servers/{server}/os-volume_attachments/{volume} of the compute service."
            )
        volume = row.volume
        row.delete()
        left = list(VolumeAttachment.objects.filter(volume=volume).select_related("volume"))
        if not left and volume.status in {"reserved", IN_USE, "attaching"}:
            volumes.saved(volume, status=AVAILABLE)
    return left


def forget_message(message: VolumeMessage) -> None:
    """The user has read it."""
    with writing():
        message.delete()
