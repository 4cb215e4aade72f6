"""Wishes about the disks that volumes are on servers: attach, detach, enlarge, save.

Each is an intent on the server; `observations/volumes.py` says what becomes of the volume at its
end. Until then the volume's status says what is under way, so that nothing else begins.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from typing import Any

from django.db.models import Max
from django.utils import timezone

from synnefo.core import volume_states
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict, Forbidden, NotFound
from synnefo.core.server_actions import ACTIONS
from synnefo.core.volume_states import AVAILABLE, GIB, IN_USE
from synnefo.db.models import (
    Image,
    Server,
    Volume,
    VolumeAttachment,
    VolumeContent,
)
from synnefo.db.transactions import writing
from synnefo.intents import server_wishes
from synnefo.intents.volume import volume_contents, volume_lookup, volumes

LETTERS = string.ascii_lowercase
MOST_DISKS = 16  # of one server; Ganeti's limit


def attach(
    caller: Caller,
    server_uuid: str,
    volume_uuid: str,
    *,
    device: str | None = None,
    tag: str | None = None,
    delete_on_termination: bool = False,
) -> VolumeAttachment:
    """Record the wish to give a server an available volume."""
    now = timezone.now()
    with writing():
        server = server_wishes.locked(caller, server_uuid)
        volume = volume_lookup.volume(caller, volume_uuid)
        kept = _kept_for(volume, server)
        server_wishes.check(caller, server, ACTIONS["attach_volume"])
        if kept is None:
            volume_states.require("volume", volume_uuid, volume.status, AVAILABLE)
        index, path = _place(server, device)
        attachment = kept or VolumeAttachment(volume=volume, created_at=now)
        attachment.device, attachment.tag = path, tag
        attachment.delete_on_termination = delete_on_termination
        _join(attachment, volume, server)
        columns = {"server": server, "index": index, "disk_template": _template(server)}
        volumes.saved(volume, status="attaching", **columns)
        server_wishes.begin(caller, server, ["attach_volume"], now, **_about(volume))
    return attachment


def _join(attachment: VolumeAttachment, volume: Volume, server: Server) -> None:
    attachment.project_id = volume.project_id
    attachment.server, attachment.instance_uuid = server, server.uuid
    attachment.status = "attaching"
    attachment.mode = "ro" if volume.readonly else attachment.mode
    attachment.save()


def _about(volume: Volume, **more: Any) -> dict[str, Any]:
    """What a wish says of its volume, and what more is told."""
    return {"volume": volume.pk, "uuid": str(volume.uuid), **more}


def _kept_for(volume: Volume, server: Server) -> VolumeAttachment | None:
    """A reservation of the volume for this server, which an attachment may use."""
    if volume.status != "reserved":
        return None
    rows = VolumeAttachment.objects.filter(volume=volume, status="reserved", server=None)
    return rows.filter(instance_uuid=server.uuid).first()


def _template(server: Server) -> str:
    return server.flavor.disk_template


def _place(server: Server, device: str | None) -> tuple[int, str]:
    """The next disk of a server, and what it is called there."""
    rows = Volume.objects.filter(server=server).exclude(status="deleted")
    taken = set(VolumeAttachment.objects.filter(server=server).values_list("device", flat=True))
    if rows.count() >= MOST_DISKS:
        raise Forbidden(f"The maximum allowed number of disk devices ({MOST_DISKS}) is reached.")
    last = rows.aggregate(last=Max("index"))["last"]
    index = 0 if last is None else last + 1
    if device is None:
        names = (f"/dev/vd{letter}" for letter in LETTERS[min(index, 1) :])
        return index, next(name for name in names if name not in taken)
    if device in taken or device == "/dev/vda":
        raise Conflict(f"The supplied device path ({device}) is in use.")
    return index, device


def find(caller: Caller, server_uuid: str, volume_uuid: str) -> VolumeAttachment:
    """What a server has of a volume; within a transaction its row is locked."""
    rows = VolumeAttachment.objects.select_for_update(of=("self",)).select_related("volume")
    found = rows.filter(
        server__uuid=volume_lookup.uuid_of(server_uuid),
        volume__uuid=volume_lookup.uuid_of(volume_uuid),
    )
    attachment = volume_lookup.mine(caller, found).first()
    if attachment is None:
        raise NotFound(f"volume_id not found: {volume_uuid}")
    return attachment


def detach(caller: Caller, server_uuid: str, volume_uuid: str) -> None:
    """Record the wish to take a volume from a server: its bytes are saved, then its disk goes."""
    now = timezone.now()
    with writing():
        server = server_wishes.locked(caller, server_uuid)
        attachment = find(caller, server_uuid, volume_uuid)
        volume = attachment.volume
        server_wishes.check(caller, server, ACTIONS["detach_volume"])
        if volume.index == 0:
            raise Forbidden("Cannot detach a root device volume")
        volume_states.require("volume", volume_uuid, volume.status, IN_USE)
        content = volume_contents.to_come(volume.size, attachment.uuid)
        VolumeAttachment.objects.filter(pk=attachment.pk).update(status="detaching")
        volumes.saved(volume, status="detaching")
        wish = _about(volume, content=str(content.uuid))
        server_wishes.begin(caller, server, ["detach_volume"], now, **wish)


def extend(caller: Caller, volume_uuid: str, size: int) -> None:
    """Record the wish to enlarge a volume while a server uses it."""
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        volume_states.require("volume", volume_uuid, volume.status, IN_USE)
        server = server_wishes.locked(caller, str(_server_of(volume).uuid))
        server_wishes.check(caller, server, ACTIONS["extend_volume"])
        volumes.check_extension(volume, size)
        wish = _about(volume, before=volume.size, disk=size * GIB)
        volumes.saved(volume, size=size * GIB, status="extending")
        server_wishes.begin(caller, server, ["extend_volume"], timezone.now(), **wish)


def _server_of(volume: Volume) -> Server:
    if volume.server is None:
        raise BadRequest(f"Invalid volume: volume {volume.uuid} is at no server.")
    return volume.server


def save(caller: Caller, volume: Volume, content: VolumeContent) -> None:
    """Record the wish to save the bytes of a volume that a server uses; within a transaction."""
    _save(caller, volume, content=str(content.uuid))


def save_image(caller: Caller, volume: Volume, image: Image) -> None:
    """Record the wish to save them as an image."""
    _save(caller, volume, image=str(image.uuid))


def _save(caller: Caller, volume: Volume, **kept_as: str) -> None:
    server = server_wishes.locked(caller, str(_server_of(volume).uuid))
    server_wishes.check(caller, server, ACTIONS["save_volume"])
    wish = _about(volume, **kept_as)
    server_wishes.begin(caller, server, ["save_volume"], timezone.now(), **wish)


def update(caller: Caller, server_uuid: str, volume_uuid: str, *, remove: bool) -> None:
    """Whether the volume goes with its server."""
    with writing():
        attachment = find(caller, server_uuid, volume_uuid)
        attachment.delete_on_termination = remove
        attachment.save(update_fields=["delete_on_termination"])


def of_servers(servers: Iterable[int]) -> list[tuple[int, str, bool]]:
    """(server, volume, whether it goes with the server) of these servers' volumes: one query."""
    rows = VolumeAttachment.objects.filter(server__in=list(servers)).order_by("pk")
    columns = ("server_id", "volume__uuid", "delete_on_termination")
    return [(pk, str(volume), remove) for pk, volume, remove in rows.values_list(*columns)]
