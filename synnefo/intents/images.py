"""What users ask of images."""

from __future__ import annotations

import hashlib
import os
import struct
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict, Forbidden, NotFound
from synnefo.core.server_states import ServerState
from synnefo.db import rings
from synnefo.db.models import Image, Server
from synnefo.db.transactions import writing

_QCOW2 = b"QFI\xfb"


def create(caller: Caller, fields: Mapping[str, Any]) -> Image:
    """Register an image without bytes (status queued); `fields` are columns of Image.

    Besides `id`, which becomes the uuid.
    """
    columns, now = dict(fields), timezone.now()
    if (asked := columns.pop("id", None)) is not None:
        columns["uuid"] = _uuid(str(asked))
    image = Image(project_id=caller.project_id, created_at=now, updated_at=now, **columns)
    try:
        with writing():
            image.save(force_insert=True)
            rings.changed(image.project_id, "image", image.uuid)
    except IntegrityError as taken:
        raise Conflict(f"Image ID {image.uuid} already exists!", field="id") from taken
    return image


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise BadRequest(f"'{text}' is not a UUID", field="id") from error


def _own(caller: Caller, image_uuid: str) -> Image:
    """The caller's image with its row locked. Others' public ones can be seen but not changed."""
    absent = NotFound(f"No image found with ID {image_uuid}")
    try:
        image = Image.objects.select_for_update().get(uuid=uuid.UUID(image_uuid))
    except (Image.DoesNotExist, ValueError) as error:
        raise absent from error
    if image.project_id != caller.project_id and not caller.is_admin:
        if image.visibility in {"public", "community"}:
            raise Forbidden("You do not own this image.")
        raise absent
    return image


def path_of(image: Image) -> Path:
    """Where the bytes of an image are."""
    return Path(settings.SYNNEFO_IMAGES) / str(image.uuid)


def store_file(caller: Caller, image_uuid: str, chunks: Iterable[bytes]) -> Image:
    """Write the bytes of a queued image to its file and activate it; Conflict if it has some.

    They go to a file of another name first and are on the disk before the image is active.
    """
    image = _begin_storing(caller, image_uuid)
    part = path_of(image).with_suffix(".part")
    try:
        md5, sha512, size = _write(part, chunks)
        virtual_size = _virtual_size(part, size, image.disk_format)
        os.replace(part, path_of(image))
        _sync_folder(part.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        _set(image, status="queued")
        raise
    return _set(
        image,
        status="active",
        size=size,
        virtual_size=virtual_size,
        checksum=md5,
        os_hash_value=sha512,
    )


def _begin_storing(caller: Caller, image_uuid: str) -> Image:
    with writing():
        image = _own(caller, image_uuid)
        if image.status != "queued":
            raise Conflict(f"Image status transition from {image.status} to saving is not allowed")
        if not image.disk_format or not image.container_format:
            raise BadRequest(
                "Properties disk_format, container_format must be set prior to saving data.",
                field="disk_format",
            )
        return _set(image, status="saving")


def _set(image: Image, **columns: Any) -> Image:
    for name, value in columns.items():
        setattr(image, name, value)
    image.updated_at = timezone.now()
    with writing():
        image.save(update_fields=[*columns, "updated_at"])
        rings.changed(image.project_id, "image", image.uuid)
    return image


def _write(path: Path, chunks: Iterable[bytes]) -> tuple[str, str, int]:
    md5, sha512, size = hashlib.md5(usedforsecurity=False), hashlib.sha512(), 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
            md5.update(chunk)
            sha512.update(chunk)
            size += len(chunk)
        file.flush()
        os.fsync(file.fileno())
    return md5.hexdigest(), sha512.hexdigest(), size


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _virtual_size(path: Path, size: int, disk_format: str | None) -> int:
    """A qcow2 image says in its header how large its disk is, and is checked to be one."""
    if disk_format != "qcow2":
        return size
    with path.open("rb") as file:
        header = file.read(32)
    if len(header) < 32 or header[:4] != _QCOW2:
        raise BadRequest("The data is not a qcow2 image.", field="disk_format")
    return int(struct.unpack(">Q", header[24:32])[0])


def update(caller: Caller, image_uuid: str, changes: Mapping[str, Any]) -> Image:
    """Set columns (name, visibility, min_disk, protected, tags, properties …)."""
    with writing():
        image = _own(caller, image_uuid)
        return _set(image, **changes)


def delete(caller: Caller, image_uuid: str) -> None:
    """Remove an image and its file; Forbidden when protected."""
    with writing():
        image = _own(caller, image_uuid)
        if image.protected:
            raise Forbidden(f"Image {image_uuid} is protected and cannot be deleted.")
        if Server.objects.filter(image=image, state=ServerState.BUILD).exists():
            raise Conflict(f"Image {image_uuid} is in use: a server is being built from it.")
        path, project_id = path_of(image), image.project_id
        image.delete()
        rings.changed(project_id, "image", image_uuid)
    path.unlink(missing_ok=True)
