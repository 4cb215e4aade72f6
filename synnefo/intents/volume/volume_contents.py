"""The saved bytes that volumes, snapshots and backups share: taken from images, let go of.

A content's file lies beside the images' and is one more name of an image's file where it was taken
from one: neither is ever changed, and each goes alone.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from synnefo.core.faults import BadRequest
from synnefo.db.models import Image, VolumeContent
from synnefo.intents.image import image_files

MIB = 1 << 20


def path_of(content: VolumeContent) -> Path:
    """Where its bytes are."""
    return Path(settings.SYNNEFO_IMAGES) / str(content.uuid)


def of_image(image: Image) -> VolumeContent:
    """The bytes of an image, which live on when the image is deleted."""
    content = VolumeContent.objects.create(
        disk_format=image.disk_format or "raw",
        size=-(-max(image.virtual_size or 0, image.size or 0) // MIB),
        created_at=timezone.now(),
    )
    try:
        os.link(image_files.path_of(image), path_of(content))
    except FileNotFoundError as error:
        raise BadRequest(f"Image {image.uuid} has no data just now.", field="imageRef") from error
    return content


def to_come(size: int, name: uuid.UUID | None = None) -> VolumeContent:
    """A content that a backend is going to write, under this name if one is given."""
    return VolumeContent.objects.create(
        uuid=name or uuid.uuid4(), size=size, ready=False, created_at=timezone.now()
    )


def release(contents: Iterable[int | None]) -> None:
    """Remove those of these that nobody uses any more; their files go with the commit."""
    wanted = {one for one in contents if one is not None}
    if not wanted:
        return
    unused = VolumeContent.objects.filter(pk__in=wanted, volumes=None, snapshots=None, backups=None)
    for content in unused:
        transaction.on_commit(partial(path_of(content).unlink, missing_ok=True))
        content.delete()
