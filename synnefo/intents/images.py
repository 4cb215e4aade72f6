"""What users ask of images."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict, Forbidden, NotFound
from synnefo.core.server_states import ServerState
from synnefo.db import rings
from synnefo.db.models import Image, Server
from synnefo.db.transactions import writing
from synnefo.intents import image_files


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


def store_file(caller: Caller, image_uuid: str, chunks: Iterable[bytes]) -> Image:
    """Write the bytes of a queued image to its file and activate it; Conflict if it has some.

    They go to a file of another name first and are on the disk before the image is active.
    """
    with writing():
        image = _own(caller, image_uuid)
        _check_storable(image)
    with image_files.part_file(image) as file:
        with writing():
            image = _own(caller, image_uuid)
            _check_storable(image)
            _set(image, status="saving")
        try:
            written = image_files.write(file, chunks, image.disk_format)
            with writing():
                # Whoever deleted the image in the meantime must not find its bytes again.
                image = _own(caller, image_uuid)
                image_files.keep(image)
                return _set(image, status="active", **asdict(written))
        except BaseException:
            _take_back(image)
            raise


def _check_storable(image: Image) -> None:
    # One that is "saving" may be left of a process that died: the lock of its file tells.
    if image.status not in {"queued", "saving"}:
        raise Conflict(f"Image status transition from {image.status} to saving is not allowed")
    if not image.disk_format or not image.container_format:
        raise BadRequest(
            "Properties disk_format, container_format must be set prior to saving data.",
            field="disk_format",
        )


def _take_back(image: Image) -> None:
    with writing():
        saving = Image.objects.filter(pk=image.pk, status="saving")
        if saving.update(status="queued", updated_at=timezone.now()):
            rings.changed(image.project_id, "image", image.uuid)


def take_back_abandoned() -> int:
    """Queue again what processes that died were writing; how many images that were."""
    left = [
        image
        for image in Image.objects.filter(status="saving")
        if not image_files.is_being_written(image)
    ]
    for image in left:
        _take_back(image)
        image_files.part_of(image).unlink(missing_ok=True)
    return len(left)


def _set(image: Image, **columns: Any) -> Image:
    for name, value in columns.items():
        setattr(image, name, value)
    image.updated_at = timezone.now()
    with writing():
        image.save(update_fields=[*columns, "updated_at"])
        rings.changed(image.project_id, "image", image.uuid)
    return image


def update(
    caller: Caller, image_uuid: str, changes_of: Callable[[Image], Mapping[str, Any]]
) -> Image:
    """Set the columns (name, visibility, tags, properties …) that `changes_of` gives for the image.

    It is asked while the row is locked, so that of two changes at once none is lost.
    """
    with writing():
        image = _own(caller, image_uuid)
        changes = changes_of(image)
        return _set(image, **changes) if changes else image


def delete(caller: Caller, image_uuid: str) -> None:
    """Remove an image and its file; Forbidden when protected."""
    with writing():
        image = _own(caller, image_uuid)
        if image.protected:
            raise Forbidden(f"Image {image_uuid} is protected and cannot be deleted.")
        if Server.objects.filter(image=image, state=ServerState.BUILD).exists():
            raise Conflict(f"Image {image_uuid} is in use: a server is being built from it.")
        path, project_id = image_files.path_of(image), image.project_id
        image.delete()
        rings.changed(project_id, "image", image_uuid)
    path.unlink(missing_ok=True)
