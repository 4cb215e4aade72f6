"""Making images of volumes.

Of a volume that no server has, the image gets another name of the same file: nothing is copied,
but its sums are to be counted, which takes a thread some seconds for each gigabyte. What a server
writes to is saved by its backend, which counts them on the way.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from synnefo.core import volume_states
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Forbidden
from synnefo.core.volume_states import AVAILABLE, IN_USE, gib
from synnefo.db import rings
from synnefo.db.models import Image, Volume, VolumeContent
from synnefo.db.transactions import writing
from synnefo.intents.image import image_files, images, qcow2
from synnefo.intents.volume import volume_attaching, volume_contents, volume_lookup, volumes

log = logging.getLogger(__name__)
CHUNK = 1 << 20
UPLOADING = "uploading"


def _in_a_thread(work: Callable[[], None]) -> None:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    threading.Thread(target=run, name="volume upload", daemon=True).start()


start = _in_a_thread  # Tests do the work at once.


def upload(caller: Caller, volume_uuid: str, wish: Mapping[str, Any]) -> tuple[Volume, Image]:
    """Begin to make an image of a volume; one in use needs `force`."""
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        allowed = (AVAILABLE, IN_USE) if wish.get("force") else (AVAILABLE,)
        volume_states.require("volume", volume_uuid, volume.status, *allowed)
        in_use = volume.server_id is not None
        _check_format(volume, wish)
        image = _image(caller, volume, wish)
        if in_use:
            images.change(image, status="saving")
            volume_attaching.save_image(caller, volume, image)
        else:
            volumes.saved(volume, status=UPLOADING)
            transaction.on_commit(lambda: start(lambda: _upload(caller, volume.pk, image)))
    return volume, image


def _check_format(volume: Volume, wish: Mapping[str, Any]) -> None:
    is_in = volume.content.disk_format if volume.content else "raw"
    wanted = wish.get("disk_format") or "raw"
    possible = {"raw"} if volume.server_id is not None else {is_in, "qcow2"}
    if wanted not in possible:
        raise BadRequest(
            f"The bytes of volume {volume.uuid} are kept as {is_in}; an image of it has the"
            f" disk_format {' or '.join(sorted(possible))}, not {wanted}.",
            field="disk_format",
        )


def _image(caller: Caller, volume: Volume, wish: Mapping[str, Any]) -> Image:
    visibility = wish.get("visibility") or "private"
    if visibility == "public" and not caller.is_admin:
        raise Forbidden("Only administrators may publish images.")
    return images.create(
        caller,
        {
            "name": wish["image_name"],
            "disk_format": wish.get("disk_format") or "raw",
            "container_format": wish.get("container_format") or "bare",
            "visibility": visibility,
            "protected": bool(wish.get("protected")),
            "min_disk": gib(volume.size),
        },
    )


def _upload(caller: Caller, volume_pk: int, image: Image) -> None:
    """Give the image its bytes; whatever happens, the volume is available again."""
    try:
        content = _content_of(Volume.objects.select_related("content").get(pk=volume_pk))
        path = volume_contents.path_of(content)
        with image_files.part_file(image) as part:
            with writing():
                images.change(image, status="saving")
            alike = content.disk_format == image.disk_format
            if not alike:
                qcow2.write(path, part)
            facts = _sums(path if alike else image_files.part_of(image))
            raw = path.stat().st_size if content.disk_format == "raw" else 0
            if alike:
                # Until now its file of parts told that somebody is at it.
                image_files.part_of(image).unlink()
                os.link(path, image_files.part_of(image))
            with writing():
                image_files.keep(image)
                virtual = raw or max(content.size << 20, facts["size"])
                images.change(image, status="active", virtual_size=virtual, **facts)
    except Exception:  # Nobody waits for this thread: the image goes, and the log says why.
        log.exception("volume %d could not be made an image", volume_pk)
        Image.objects.filter(pk=image.pk).delete()
    finally:
        with writing():
            rows = Volume.objects.filter(pk=volume_pk, status=UPLOADING)
            if rows.update(status=AVAILABLE, updated_at=timezone.now()):
                rings.changed(image.project_id, "volume", Volume.objects.get(pk=volume_pk).uuid)


def _content_of(volume: Volume) -> VolumeContent:
    """The bytes of a volume; an empty one gets a file that is all hole."""
    if volume.content is not None:
        return volume.content
    with writing():
        content = volume_contents.to_come(volume.size)
        with volume_contents.path_of(content).open("xb") as file:
            file.truncate(volume.size << 20)
        volumes.saved(volume, content=content)
        VolumeContent.objects.filter(pk=content.pk).update(ready=True)
    return content


def _sums(path: Path) -> dict[str, Any]:
    md5, sha512, size = hashlib.md5(usedforsecurity=False), hashlib.sha512(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            size += len(chunk)
            md5.update(chunk)
            sha512.update(chunk)
    return {"size": size, "checksum": md5.hexdigest(), "os_hash_value": sha512.hexdigest()}


def take_back_abandoned() -> int:
    """Volumes that a process that died was making images of are available again."""
    if any(image_files.is_being_written(one) for one in Image.objects.filter(status="saving")):
        return 0  # Somebody is at one of them.
    with writing():
        rows = Volume.objects.filter(status=UPLOADING, server=None)
        return rows.update(status=AVAILABLE, updated_at=timezone.now())
