"""What users ask of images: their records, and their bytes as they are uploaded."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Q, QuerySet
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict, Forbidden
from synnefo.core.server_states import ServerState
from synnefo.db import rings
from synnefo.db.models import Image, Intent, Server
from synnefo.db.models.image import DELETED, PENDING_DELETE
from synnefo.db.transactions import writing
from synnefo.intents.image import image_access, image_files, image_quota, image_tasks
from synnefo.intents.image.image_files import Written

COMING = ("saving", "uploading", "importing")


def create(caller: Caller, fields: Mapping[str, Any]) -> Image:
    """Register an image without bytes (status queued); `fields` are columns of Image.

    Besides `id`, which becomes the uuid.
    """
    columns, now = dict(fields), timezone.now()
    if (asked := columns.pop("id", None)) is not None:
        columns["uuid"] = _uuid(str(asked))
    columns.setdefault("project_id", caller.project_id)
    image = Image(created_at=now, updated_at=now, **columns)
    try:
        with writing():
            image_quota.admit(image.project_id, image_quota.COUNT)
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


def store_file(caller: Caller, image_uuid: str, chunks: Iterable[bytes]) -> Image:
    """Write the bytes of a queued image to its file and activate it; Conflict if it has some.

    They go to a file of another name first and are on the disk before the image is active.
    """

    def finish(image: Image, written: Written) -> Image:
        image_files.keep(image)
        return change(image, status="active", notes={}, **asdict(written))

    return _receive(caller, image_uuid, chunks, ("saving", image_quota.SIZE), finish)


def stage(caller: Caller, image_uuid: str, chunks: Iterable[bytes]) -> Image:
    """Write the bytes of a queued image beside its place, where they wait for their import."""

    def finish(image: Image, written: Written) -> Image:
        image_files.put_aside(image)
        return change(image, staged=asdict(written), staged_size=written.size)

    return _receive(caller, image_uuid, chunks, ("uploading", image_quota.STAGE), finish)


def _receive(
    caller: Caller,
    image_uuid: str,
    chunks: Iterable[bytes],
    how: tuple[str, str],
    finish: Callable[[Image, Written], Image],
) -> Image:
    """Take bytes in the status and on the quota of `how`; `finish` has the image locked."""
    status, counted = how
    with writing():
        _check_storable(image_access.own(caller, image_uuid), status)
    image = image_access.find(caller, image_uuid)
    with image_files.part_file(image) as file:
        with writing():
            image = image_access.own(caller, image_uuid)
            _check_storable(image, status)
            image_quota.admit(image.project_id, image_quota.COMING)
            image_quota.begin(image.project_id, counted)
            change(image, status=status)
        try:
            size, checksum, digest = image_files.write(file, chunks)
            # What is staged is looked at when it is imported, as Glance does.
            virtual = image_files.inspect(file, image, size) if status == "saving" else size
            with writing():
                # Whoever deleted the image in the meantime must not find its bytes again.
                image = image_access.own(caller, image_uuid)
                return finish(image, Written(size, virtual, checksum, digest))
        except BaseException:
            _take_back(image)
            raise


def _check_storable(image: Image, status: str) -> None:
    # One that is in the same status may be left of a process that died: the lock of its file tells.
    if image.status not in {"queued", status} or image.staged is not None:
        raise Conflict(f"Image status transition from {image.status} to {status} is not allowed")
    if not image.disk_format or not image.container_format:
        raise BadRequest(
            "Properties disk_format, container_format must be set prior to saving data.",
            field="disk_format",
        )


def _take_back(image: Image) -> None:
    with writing():
        coming = Image.objects.filter(pk=image.pk, status__in=COMING, staged__isnull=True)
        if coming.update(status="queued", updated_at=timezone.now()):
            rings.changed(image.project_id, "image", image.uuid)


def take_back_abandoned(statuses: tuple[str, ...] = COMING) -> int:
    """Queue again what processes that died were writing; how many images that were.

    Not what a backend was asked to write.
    """
    coming = Image.objects.filter(status__in=statuses, staged__isnull=True)
    left = [
        image
        for image in coming
        if not image_files.is_being_written(image) and not _named(image).exists()
    ]
    for image in left:
        _take_back(image)
        image_files.part_of(image).unlink(missing_ok=True)
    image_tasks.give_up([image.uuid for image in left if image.status == "importing"])
    return len(left)


def tidy() -> None:
    """What has to be looked at now and then, where the bytes are."""
    if Path(settings.SYNNEFO_IMAGES).is_dir():
        take_back_abandoned(("saving", "uploading"))
        remove_deleted()


def change(image: Image, **columns: Any) -> Image:
    """Set columns of an image whose row is locked."""
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
        image = image_access.own(caller, image_uuid)
        changes = changes_of(image)
        return change(image, **changes) if changes else image


def deactivate(caller: Caller, image_uuid: str) -> None:
    """Nobody but administrators gets the bytes of an image until it is reactivated."""
    _switch(caller, image_uuid, "deactivated", "Deactivating")


def reactivate(caller: Caller, image_uuid: str) -> None:
    """Undo a deactivation."""
    _switch(caller, image_uuid, "active", "Reactivating")


def _switch(caller: Caller, image_uuid: str, status: str, doing: str) -> None:
    with writing():
        image = image_access.own(caller, image_uuid)
        if image.status not in {"active", "deactivated"}:
            raise Forbidden(f"{doing} an image in status '{image.status}' is not allowed.")
        if image.status != status:
            change(image, status=status)


def delete(caller: Caller, image_uuid: str) -> None:
    """Nobody sees the image any more; Forbidden when protected.

    A backend that was promised its bytes for a server still finds them, and servers that were made
    of it can still say so.
    """
    with writing():
        image = image_access.own(caller, image_uuid)
        if image.protected:
            raise Forbidden(f"Image {image_uuid} is protected and cannot be deleted.")
        image.members.all().delete()
        change(image, status=PENDING_DELETE, staged=None, staged_size=None)
    remove_deleted()


def remove_deleted() -> None:
    """Remove the bytes of deleted images that nobody copies, and rows that nobody refers to."""
    for image in Image.ever.filter(status=PENDING_DELETE):
        with writing():
            if _is_being_copied(image):
                continue
            image_files.forget(image)
            rows = Image.ever.filter(pk=image.pk)
            if Server.objects.filter(image=image).exists():
                rows.update(status=DELETED)
            else:
                rows.delete()


def _is_being_copied(image: Image) -> bool:
    """Whether a backend still needs the bytes for a server that was promised them."""
    building = Server.objects.filter(image=image, state=ServerState.BUILD)
    return building.exists() or _named(image).exists()


def _named(image: Image) -> QuerySet[Intent]:
    """The unfinished wishes that are about an image."""
    text = str(image.uuid)
    about = Q(arguments__icontains=text) | Q(then__icontains=text) | Q(server__image=image)
    return Intent.objects.filter(about, state__in=[one.value for one in Intent.UNFINISHED])
