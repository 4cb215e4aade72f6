"""What becomes of volumes when a job about them ends, or their server comes or goes.

The caller holds the server's row. Whether bytes were saved is told by their file: it has its name
only when it is complete.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from synnefo.core.volume_states import AVAILABLE, ERROR, IN_USE
from synnefo.db import rings
from synnefo.db.models import (
    Backup,
    Intent,
    Server,
    Snapshot,
    Volume,
    VolumeAttachment,
    VolumeContent,
    VolumeMessage,
)
from synnefo.db.prepared import PreparedMany

UNSETTLED = frozenset({"attaching", "detaching"})
REMEMBERED = timedelta(days=30)
_ATTACHING = PreparedMany(
    Volume,
    lambda keys: Volume.objects.filter(server__in=keys, local=False, status="attaching"),
)
LOST = "Its server was removed on the cluster together with this disk."


def path_of(content: VolumeContent) -> Path:
    """Where its bytes are."""
    return Path(settings.SYNNEFO_IMAGES) / str(content.uuid)


def _volume_of(intent: Intent) -> Volume | None:
    rows = Volume.objects.select_for_update(of=("self",)).select_related("content")
    return rows.filter(pk=intent.arguments.get("volume", 0)).first()


def _write(volume: Volume, now: datetime, **columns: Any) -> None:
    Volume.objects.filter(pk=volume.pk).update(updated_at=now, **columns)
    rings.changed(volume.project_id, "volume", volume.uuid)


def _content_of(intent: Intent) -> VolumeContent | None:
    return VolumeContent.objects.filter(uuid=intent.arguments.get("content")).first()


def _drop(content: VolumeContent | None) -> None:
    """Bytes that nobody uses; one that is used stays."""
    if content is None:
        return
    rows = VolumeContent.objects.filter(pk=content.pk, volumes=None, snapshots=None, backups=None)
    if rows.delete()[0]:
        transaction.on_commit(partial(path_of(content).unlink, missing_ok=True))


def attached(intent: Intent, now: datetime) -> None:
    """The server has the disk, which holds the truth from now on."""
    volume = _volume_of(intent)
    if volume is None:
        return
    before = volume.content
    _write(volume, now, status=IN_USE, content=None)
    rows = VolumeAttachment.objects.filter(volume=volume, server_id=intent.server_id)
    rows.update(status="attached", attached_at=now)
    _drop(before)


def not_attached(intent: Intent, now: datetime) -> None:
    """The volume is as it was before."""
    volume = _volume_of(intent)
    if volume is None:
        return
    VolumeAttachment.objects.filter(volume=volume, server_id=intent.server_id).delete()
    _write(volume, now, status=AVAILABLE, server=None, index=0)
    tell(volume, "attach", intent, now)


def detached(intent: Intent, now: datetime) -> None:
    """Its bytes are a content again."""
    volume, content = _volume_of(intent), _content_of(intent)
    if volume is None or content is None:
        return
    VolumeContent.objects.filter(pk=content.pk).update(ready=True)
    VolumeAttachment.objects.filter(volume=volume).delete()
    _write(volume, now, status=AVAILABLE, server=None, index=0, content=content)


def not_detached(intent: Intent, now: datetime) -> None:
    """The server still has it."""
    volume = _volume_of(intent)
    _drop(_content_of(intent))
    if volume is None or volume.status != "detaching":
        return
    VolumeAttachment.objects.filter(volume=volume).update(status="attached")
    _write(volume, now, status=IN_USE)
    tell(volume, "detach", intent, now)


def extended(intent: Intent, now: datetime) -> None:
    """The size was written with the wish."""
    if (volume := _volume_of(intent)) is not None:
        _write(volume, now, status=IN_USE)


def not_extended(intent: Intent, now: datetime) -> None:
    """It has the size that it had."""
    if (volume := _volume_of(intent)) is not None:
        _write(volume, now, status=IN_USE, size=intent.arguments["before"])
        tell(volume, "extend", intent, now)


def saved(intent: Intent, now: datetime) -> None:
    """A snapshot or backup of a volume in use has its bytes."""
    content = _content_of(intent)
    if content is None:
        return
    VolumeContent.objects.filter(pk=content.pk).update(ready=True)
    kept = {"status": AVAILABLE, "updated_at": now}
    Snapshot.objects.filter(content=content).update(progress="100%", **kept)
    Backup.objects.filter(content=content).update(**kept)
    _told(intent, content)
    _drop(content)  # if it was deleted meanwhile


def not_saved(intent: Intent, now: datetime) -> None:
    """It has none."""
    content, volume = _content_of(intent), _volume_of(intent)
    if content is None:
        return
    _told(intent, content)
    failed = {"status": ERROR, "content": None, "updated_at": now}
    Snapshot.objects.filter(content=content).update(**failed)
    Backup.objects.filter(content=content).update(fail_reason=intent.cause or "", **failed)
    _drop(content)
    if volume is not None:
        tell(volume, "save", intent, now)


def _told(intent: Intent, content: VolumeContent) -> None:
    for kind, rows in (("snapshot", Snapshot.objects), ("backup", Backup.objects)):
        for one in rows.filter(content=content).values_list("uuid", flat=True):
            rings.changed(intent.project_id, kind, one)


def tell(volume: Volume, event: str, intent: Intent, now: datetime) -> None:
    """Leave word for the user of what could not be done."""
    cause = Intent.objects.values_list("cause", flat=True).get(pk=intent.pk)
    _message(volume, event, cause or "It was not done.", intent.request_id, now)


def _message(volume: Volume, event: str, text: str, request: str, now: datetime) -> None:
    VolumeMessage.objects.create(
        project_id=volume.project_id,
        resource_uuid=volume.uuid,
        event_id=f"VOLUME_{event}",
        user_message=f"{event} volume: {text}"[:1000],
        request_id=request,
        created_at=now,
        guaranteed_until=now + REMEMBERED,
    )


# --- servers come and go --------------------------------------------------------------------------


def built(servers: Iterable[int], now: datetime) -> None:
    """Servers were made with their volumes, which are disks from now on."""
    for volume in _ATTACHING.all(servers):
        before = volume.content
        _write(volume, now, status=IN_USE, content=None)
        attachments = VolumeAttachment.objects.filter(volume=volume, status="attaching")
        attachments.update(status="attached", attached_at=now)
        _drop(before)


def server_gone(server: Server, now: datetime) -> None:
    """Its volumes stay, but for those that were to go with it."""
    rows = VolumeAttachment.objects.filter(server=server, volume__local=False)
    for attachment in rows.select_related("volume__content"):
        volume, mortal = attachment.volume, attachment.delete_on_termination
        # The backend saves a volume under this name before it removes its disk.
        saved_as = VolumeContent(uuid=attachment.uuid, size=volume.size, created_at=now)
        attachment.delete()
        if mortal and not Snapshot.objects.filter(volume=volume).exists():
            _forget(volume, saved_as)
        else:
            _leave(volume, saved_as, now)


def doubtful(intent: Intent, now: datetime) -> None:
    """Nobody knows how the job went: the reconciler looks whether the server has the disk."""
    volume = _volume_of(intent)
    if volume is not None:
        tell(volume, intent.action.partition("_")[0], intent, now)
        rings.doubt(intent.backend_id, intent.server_id)


def settled(volume: Volume, there: bool, now: datetime) -> bool:
    """Whether the server has the disk is seen; no wish about it is under way."""
    attachments = VolumeAttachment.objects.filter(volume=volume, server=volume.server)
    attachment = attachments.first()
    if attachment is None:
        return False
    saved_as = VolumeContent(uuid=attachment.uuid, size=volume.size, created_at=now)
    if there:
        before = volume.content
        attachments.update(status="attached", attached_at=attachment.attached_at or now)
        _write(volume, now, status=IN_USE, content=None)
        _drop(before)
    else:
        attachments.delete()
        _leave(volume, saved_as, now)
    return True


def missing(volume: Volume, now: datetime) -> bool:
    """A server has no disk of its volume, though no wish is under way: somebody took it away."""
    attachment = VolumeAttachment.objects.filter(volume=volume, server=volume.server).first()
    if attachment is None or volume.status not in {IN_USE, "extending"}:
        return False
    saved_as = VolumeContent(uuid=attachment.uuid, size=volume.size, created_at=now)
    attachment.delete()
    _leave(volume, saved_as, now)
    return True


def _forget(volume: Volume, saved_as: VolumeContent) -> None:
    rings.changed(volume.project_id, "volume", volume.uuid)
    before = volume.content
    volume.delete()
    _drop(before)
    transaction.on_commit(partial(path_of(saved_as).unlink, missing_ok=True))


def _leave(volume: Volume, saved_as: VolumeContent, now: datetime) -> None:
    columns: dict[str, Any] = {"server": None, "index": 0, "status": AVAILABLE}
    if path_of(saved_as).exists():
        before = volume.content
        content, _ = VolumeContent.objects.get_or_create(
            uuid=saved_as.uuid, defaults={"size": volume.size, "created_at": now}
        )
        VolumeContent.objects.filter(pk=content.pk).update(ready=True)
        _write(volume, now, **columns, content=content)
        if before is not None and before.pk != content.pk:
            _drop(before)
    elif volume.content is not None or volume.status == "attaching":
        _write(volume, now, **columns)  # It never was a disk, or an empty one.
    else:
        _write(volume, now, **columns | {"status": ERROR})
        _message(volume, "detach", LOST, "", now)
