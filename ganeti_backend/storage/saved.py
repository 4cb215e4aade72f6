"""Saves what a disk holds as a file of the images' folder: complete and on the platter, or not."""

import hashlib
import os
from pathlib import Path
from typing import Any

from ganeti_backend.errors import StorageError
from ganeti_backend.storage import image_copy
from ganeti_backend.storage.base import Image, Progress, identifier


def save(disk: Path, folder: Path, file: str, progress: Progress) -> None:
    """Copy the disk's data; a repetition writes it anew.

    A disk that is gone was saved before it went: whoever removed it is told once more that all is
    well.
    """
    target = folder / identifier(file, "image name")
    if not disk.exists():
        if not target.exists():
            raise StorageError(f"there is no disk {disk.name} to be saved")
        return
    unfinished = folder / f".{target.name}.saving"
    try:
        with unfinished.open("wb") as empty:
            empty.truncate(disk.stat().st_size)
        image_copy.copy(Image(disk, "raw"), unfinished, progress)
        os.replace(unfinished, target)
        _sync(folder)
    except OSError as error:
        raise StorageError(f"cannot save disk {disk.name}: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def sums(folder: Path, file: str) -> dict[str, Any]:
    """How long a saved file is, and its checksums in an image service's words."""
    path = folder / identifier(file, "image name")
    short, long = hashlib.md5(usedforsecurity=False), hashlib.sha512()
    try:
        with path.open("rb") as reading:
            while piece := reading.read(image_copy.CHUNK):
                short.update(piece)
                long.update(piece)
            size = reading.tell()
    except OSError as error:
        raise StorageError(f"cannot read {path.name}: {error.strerror}") from error
    return {"size": size, "checksum": short.hexdigest(), "os_hash_value": long.hexdigest()}


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
