"""The bytes of images on the disk: written beside, checked, then put in their place.

Whoever writes an image holds a lock on its file of parts. The lock dies with its holder, so that
what is left of an upload can be told from one that goes on.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings

from synnefo.core.faults import BadRequest, Conflict, TooLarge
from synnefo.db.models import Image

QCOW2 = b"QFI\xfb"
QCOW2_HEADER = 80
EXTERNAL_DATA = 1 << 2  # among the features that a reader has to know
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


def write(file: IO[bytes], chunks: Iterable[bytes], disk_format: str | None) -> Written:
    """Take the bytes as they come; they are on the disk when this returns."""
    md5, sha512, size = hashlib.md5(usedforsecurity=False), hashlib.sha512(), 0
    try:
        for chunk in chunks:
            size += len(chunk)
            check_size(size)
            file.write(chunk)
            md5.update(chunk)
            sha512.update(chunk)
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise TooLarge("There is no room for the bytes of this image.", cause=error) from error
    virtual_size = _size_of_qcow2(file) if disk_format == "qcow2" else size
    check_size(virtual_size)
    return Written(size, virtual_size, md5.hexdigest(), sha512.hexdigest())


def check_size(size: int) -> None:
    """Refuse more than an image may have."""
    if size > settings.SYNNEFO_IMAGE_LIMIT:
        raise TooLarge(f"An image may have at most {settings.SYNNEFO_IMAGE_LIMIT} bytes.")


def _size_of_qcow2(file: IO[bytes]) -> int:
    """How large the disk in it is. One that draws in other files would show those of the node."""
    file.seek(0)
    header = file.read(QCOW2_HEADER)
    if len(header) < QCOW2_HEADER or header[:4] != QCOW2:
        raise BadRequest("The data is not a qcow2 image.", field="disk_format")
    version, backing, size = struct.unpack(">IQ8xQ", header[4:32])
    if version not in {2, 3}:
        raise BadRequest(f"Version {version} of qcow2 is not known.", field="disk_format")
    features = struct.unpack(">Q", header[72:80])[0] if version == 3 else 0
    if backing or features & EXTERNAL_DATA:
        raise BadRequest("An image must not refer to other files.", field="disk_format")
    return int(size)


def keep(image: Image) -> None:
    """Put what was written in its place, for good."""
    os.replace(part_of(image), path_of(image))
    descriptor = os.open(path_of(image).parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
