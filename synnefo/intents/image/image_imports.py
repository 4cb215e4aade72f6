"""Interoperable image import: how bytes that wait, or that are elsewhere, become an image's own.

What is on this machine is imported at once, for bytes are moved or shared and never copied; what
has to be fetched is fetched by `image_downloads` afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict, Fault, Forbidden, NotFound, TooLarge
from synnefo.db.models import Image, ImageTask
from synnefo.db.transactions import writing
from synnefo.intents.image import image_access, image_files, image_quota, image_tasks, images
from synnefo.intents.image.image_tasks import FAILURE, IMPORT, PENDING, STORE, SUCCESS

DIRECT, DOWNLOAD, COPY, WEB = "glance-direct", "glance-download", "copy-image", "web-download"
# Properties that go with the bytes from one image to another, by their beginnings.
TAKEN_ALONG = ("hw_", "trait:", "os_distro", "os_secure_boot", "os_type")
DONE = {"os_glance_importing_to_stores": "", "os_glance_failed_import": ""}
FAILED = {"os_glance_importing_to_stores": "", "os_glance_failed_import": STORE}
COMING = {"os_glance_importing_to_stores": STORE, "os_glance_failed_import": ""}


@dataclass(frozen=True, slots=True)
class ImportWish:
    """What is asked: the method, its arguments, and the request as it came, for the task."""

    method: str
    request: Mapping[str, Any]
    all_stores: bool = False
    source: str | None = None  # the id of another image
    here: bool = True  # whether that is an image of this cloud
    uri: str | None = None


def methods() -> list[str]:
    """What may be asked for; nothing is fetched from the web unless hosts are named for it."""
    known = [DIRECT, DOWNLOAD, COPY]
    return [*known, WEB] if settings.SYNNEFO_IMAGE_WEB_HOSTS else known


def import_image(caller: Caller, image_uuid: str, wish: ImportWish) -> ImageTask | None:
    """Import it now, or make the task that `image_downloads` works at; None if all is there."""
    with writing():
        if wish.method == COPY:
            return _copy(caller, image_uuid, wish)
        image = image_access.own(caller, image_uuid)
        _check(image, wish.method)
        request = {"image_id": str(image.uuid), "import_req": dict(wish.request)}
        request["backend"] = [STORE]
        if wish.method == WEB:
            images.change(image, status="importing", notes=COMING)
            return image_tasks.record(caller, IMPORT, image.uuid, request, PENDING)
        task = image_tasks.record(caller, IMPORT, image.uuid, request, PENDING)
        failure = _import_here(caller, image, wish)
        image_tasks.finish(task, FAILURE if failure else SUCCESS, failure)
    return task


def _check(image: Image, method: str) -> None:
    if image.status == "active":
        raise Conflict("Image with status active cannot be target for import")
    if method == DIRECT and (image.status != "uploading" or image.staged is None):
        raise Conflict("Image needs to be staged before 'glance-direct' method can be used")
    if method != DIRECT and image.status != "queued":
        raise Conflict(f"Image needs to be in 'queued' state to use '{method}' method")
    for name in ("container_format", "disk_format"):
        if not getattr(image, name):
            raise Conflict(f"'{name}' needs to be set before import", field=name)


def _import_here(caller: Caller, image: Image, wish: ImportWish) -> str:
    """Give the image its bytes; why that failed, or nothing."""
    try:
        if wish.method == DIRECT:
            _take_staged(image)
        else:
            _take_from(caller, image, wish)
    except TooLarge:
        raise  # The quota is the asker's own, who is told at once.
    except Fault as fault:
        image_files.staged_of(image).unlink(missing_ok=True)
        images.change(image, status="queued", staged=None, staged_size=None, notes=FAILED)
        return fault.message
    return ""


def _take_staged(image: Image) -> None:
    staged = dict(image.staged or {})
    _check_room(image, int(staged["size"]))
    waiting = image_files.staged_of(image)
    if not waiting.exists() and image_files.path_of(image).exists():
        waiting = image_files.path_of(image)  # Somebody died between its move and the commit.
    if not waiting.exists():
        raise NotFound("The staged bytes of this image are gone.", path=str(waiting))
    with waiting.open("rb") as file:
        staged["virtual_size"] = image_files.inspect(file, image, int(staged["size"]))
    if waiting != image_files.path_of(image):
        image_files.keep_staged(image)
    images.change(image, status="active", staged=None, staged_size=None, notes=DONE, **staged)


def _take_from(caller: Caller, image: Image, wish: ImportWish) -> None:
    if not wish.here:
        raise NotFound("There is no such region or interface among this cloud's endpoints.")
    source = image_access.find(caller, str(wish.source))
    # Its row is locked, so that its bytes are not deleted at the same time.
    source = Image.objects.select_for_update().get(pk=source.pk)
    if source.status != "active" or not image_files.path_of(source).exists():
        raise NotFound(f"Image {wish.source} has no bytes to import.")
    _check_room(image, source.size or 0)
    kept = {k: v for k, v in image.properties.items() if not k.startswith(TAKEN_ALONG)}
    taken = {k: v for k, v in source.properties.items() if k.startswith(TAKEN_ALONG)}
    image_files.share(source, image)
    same = (
        "disk_format", "container_format", "size", "virtual_size", "checksum", "os_hash_value",
    )  # fmt: skip
    images.change(
        image,
        status="active",
        properties=kept | taken,
        notes=DONE,
        **{column: getattr(source, column) for column in same},
    )


def _check_room(image: Image, size: int) -> None:
    image_files.check_size(size, image_quota.room(image.project_id, image_quota.SIZE))


def _copy(caller: Caller, image_uuid: str, wish: ImportWish) -> ImageTask | None:
    """To other stores, of which there are none: what is in all of them already is done."""
    image = image_access.find(caller, image_uuid)
    if not caller.is_admin:
        raise Forbidden("You are not authorized to complete copy_image action.")
    if image.status != "active":
        raise Conflict("Only images with status active can be targeted for copying")
    if not wish.all_stores:
        raise BadRequest(f"Image is already present at store '{STORE}'", field="stores")
    images.change(image_access.own(caller, image_uuid), notes=DONE)
    return None
