"""What users ask of images."""

from collections.abc import Iterable, Mapping
from typing import Any

from synnefo.core.caller import Caller
from synnefo.db.models import Image


def create(caller: Caller, fields: Mapping[str, Any]) -> Image:
    """Register an image without bytes (status queued); `fields` are columns of Image.

    Besides `id`, which becomes the uuid.
    """
    raise NotImplementedError


def store_file(caller: Caller, image_uuid: str, chunks: Iterable[bytes]) -> Image:
    """Write the bytes of a queued image to its file and activate it; Conflict if it has some."""
    raise NotImplementedError


def update(caller: Caller, image_uuid: str, changes: Mapping[str, Any]) -> Image:
    """Set columns (name, visibility, min_disk, min_ram, protected, os_hidden, tags, properties …)."""
    raise NotImplementedError


def delete(caller: Caller, image_uuid: str) -> None:
    """Remove an image and its file; Forbidden when protected."""
    raise NotImplementedError
