"""Making images of servers that boot from volumes: of each volume a snapshot, and no bytes."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from synnefo.core.caller import Caller
from synnefo.core.volume_states import IN_USE, gib, require
from synnefo.db.models import Image, Server, Snapshot, Volume, VolumeAttachment
from synnefo.intents.image import image_files
from synnefo.intents.image.image_mappings import MAPPING
from synnefo.intents.volume import snapshots, volume_quota

NO_BYTES = {
    "size": 0,
    "virtual_size": 0,
    "checksum": hashlib.md5(b"", usedforsecurity=False).hexdigest(),
    "os_hash_value": hashlib.sha512(b"").hexdigest(),
}


def root_volume(server: Server) -> Volume | None:
    """The server's first disk, if it is a volume."""
    return server.volumes.filter(index=0, local=False).first()


def is_from_volume(server: Server) -> bool:
    """Whether the server's first disk is a volume."""
    return root_volume(server) is not None


def fill(caller: Caller, server: Server, image: Image, now: datetime) -> None:
    """Let an image of a server be snapshots of all its volumes; within a transaction."""
    rows = VolumeAttachment.objects.filter(server=server).select_related("volume__volume_type")
    attached = sorted(rows, key=lambda one: one.volume.index)
    entries = [_entry(one, _snapshot(caller, one, image, now)) for one in attached]
    image.properties |= {
        "bdm_v2": "True",
        "root_device_name": attached[0].device,
        MAPPING: json.dumps(entries),
    }
    path = image_files.path_of(image)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    image.status = "active"
    for name, value in NO_BYTES.items():
        setattr(image, name, value)
    image.save(update_fields=["status", "properties", *NO_BYTES])


def _snapshot(
    caller: Caller, attachment: VolumeAttachment, image: Image, now: datetime
) -> Snapshot:
    volume = attachment.volume
    require("volume", volume.uuid, volume.status, IN_USE)
    volume_quota.admit_snapshot(volume.project_id, gib(volume.size), volume.volume_type)
    return snapshots.made(caller, volume, now, name=f"snapshot for {image.name}"[:255])


def _entry(attachment: VolumeAttachment, snapshot: Snapshot) -> dict[str, Any]:
    first = attachment.volume.index == 0
    return {
        "source_type": "snapshot",
        "destination_type": "volume",
        "device_type": "disk",
        "snapshot_id": str(snapshot.uuid),
        "volume_size": snapshot.size,
        "boot_index": 0 if first else None,
        "device_name": attachment.device,
        "delete_on_termination": attachment.delete_on_termination,
        "tag": attachment.tag,
        "volume_type": None,
        "volume_id": None,
        "image_id": None,
        "guest_format": None,
        "disk_bus": "virtio",
        "no_device": None,
    }
