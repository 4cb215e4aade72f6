"""The bytes of images on the disk: written beside, checked, then put in their place.

Whoever writes an image holds a lock on its file of parts. The lock dies with its holder, so that
what is left of an upload can be told from one that goes on. Bytes in their place never change.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings

from synnefo.core import image_formats
from synnefo.core.faults import Conflict, TooLarge
from synnefo.db.models import Image

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Written:
    """What is known of bytes once they are on the disk."""

    size: int
    virtual_size: int
    checksum: str
    os_hash_value: str


def path_of(image: Image) -> Path:
    """Where the bytes of an image are."""
    return Path(settings.SYNNEFO_IMAGES) / str(image.uuid)


def part_of(image: Image) -> Path:
    """Where they are while they come."""
    return path_of(image).with_suffix(".part")


def staged_of(image: Image) -> Path:
    """Where they wait for their import."""
    return path_of(image).with_suffix(".staged")


@contextmanager
def part_file(image: Image) -> Iterator[IO[bytes]]:
    """The file of parts, empty and nobody else's; it goes with its holder's failure."""
    path = part_of(image)
    path.parent.mkdir(parents=True, exist_ok=True)
    busy = Conflict("Image status transition from saving to saving is not allowed")
    with path.open("ab+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise busy from error
        if not _is_at(file, path):
            raise busy  # Its last holder has just moved it away.
        file.truncate(0)
        try:
            yield file
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _is_at(file: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def is_being_written(image: Image) -> bool:
    """Whether a process that lives writes this image."""
    try:
        with part_of(image).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def write(
    file: IO[bytes], chunks: Iterable[bytes], most: int | None = None
) -> tuple[int, str, str]:
    """Take the bytes as they come: how many there were, their MD5 and their SHA-512.

    They are on the disk when this returns. There may be at most `most`, besides the limit of all.
    """
    md5, sha512, size = hashlib.md5(usedforsecurity=False), hashlib.sha512(), 0
    try:
        for chunk in chunks:
            size += len(chunk)
            check_size(size, most)
            file.write(chunk)
            md5.update(chunk)
            sha512.update(chunk)
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise TooLarge("There is no room for the bytes of this image.", cause=error) from error
    return size, md5.hexdigest(), sha512.hexdigest()


def check_size(size: int, most: int | None = None) -> None:
    """Refuse more than an image may have, or more than its project has room for."""
    if size > settings.SYNNEFO_IMAGE_LIMIT:
        raise TooLarge(f"An image may have at most {settings.SYNNEFO_IMAGE_LIMIT} bytes.")
    if most is not None and size > most:
        raise TooLarge(f"The project's quota has room for {most} more bytes of images.")


def inspect(file: IO[bytes], image: Image, size: int) -> int:
    """Refuse bytes that are not what the image says; how large the disk in them is."""
    file.seek(0)
    head = file.read(image_formats.HEAD)
    file.seek(max(0, size - image_formats.TAIL))
    tail = file.read(image_formats.TAIL)
    found = image_formats.recognized(head, tail)
    strict = settings.SYNNEFO_IMAGE_FORMAT_MATCH and image.container_format == "bare"
    if strict:
        image_formats.check_match(image.disk_format or "raw", found)
    image_formats.check_safe(found, head)
    known = found if found == image.disk_format else "raw"
    virtual_size = image_formats.virtual_size(known, head, tail, size)
    check_size(virtual_size)
    return virtual_size


def put_aside(image: Image) -> None:
    """What was written waits for its import."""
    os.replace(part_of(image), staged_of(image))
    _sync_folder(image)


def keep(image: Image) -> None:
    """Put what was written in its place, for good."""
    os.replace(part_of(image), path_of(image))
    _sync_folder(image)


def keep_staged(image: Image) -> None:
    """Put what waited in its place, for good."""
    os.replace(staged_of(image), path_of(image))
    _sync_folder(image)


def share(source: Image, image: Image) -> None:
    """Give an image the bytes of another one, without a second copy: they never change."""
    path_of(image).unlink(missing_ok=True)
    os.link(path_of(source), path_of(image))
    _sync_folder(image)


def forget(image: Image) -> None:
    """Remove all bytes of an image."""
    for path in (path_of(image), staged_of(image), part_of(image)):
        path.unlink(missing_ok=True)


def _sync_folder(image: Image) -> None:
    descriptor = os.open(path_of(image).parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
