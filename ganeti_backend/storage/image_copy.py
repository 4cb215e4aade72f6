"""Copies an image into a disk file: only its data, in chunks, with progress, down to the platter.

An image is a plain file in one folder, named without a path. The format is always stated, never
guessed: a guest could otherwise write a header that makes the node open another file for it.
"""

import errno
import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from ganeti_backend.errors import CommandError, StorageError
from ganeti_backend.programs import command
from ganeti_backend.storage.base import Image, Progress, identifier

CHUNK = 4 << 20
FORMATS = ("raw", "qcow2")
CONVERT_TIMEOUT = 3600
PERCENT = re.compile(r"\(([0-9.]+)/100%\)")
# Keys of `qemu-img info` that let an image draw in other files of the node.
FOREIGN = ("backing-filename", "full-backing-filename", "data-file")


def find(folder: Path, image_id: str, image_format: str) -> Image:
    """The image of this name; StorageError if the name is a path or there is no such file."""
    if image_format not in FORMATS:
        raise StorageError(f"unknown image format {image_format!r}; use {' or '.join(FORMATS)}")
    path = folder / identifier(image_id, "image name")
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        raise StorageError(f"image {image_id} not found: {error.strerror}") from error
    if not stat.S_ISREG(mode):
        raise StorageError(f"image {image_id} is not a plain file")
    return Image(path, image_format)


def copy(image: Image, disk: Path, progress: Progress) -> None:
    """Replace the content of a disk file; its length stays, and the rest reads as zeros."""
    length = disk.stat().st_size
    needed = virtual_size(image)
    if needed > length:
        raise StorageError(
            f"image {image.path.name} needs {-(-needed >> 20)} MiB, the disk has {length >> 20} MiB"
        )
    os.truncate(disk, 0)
    os.truncate(disk, length)
    progress(0)
    if image.format == "raw":
        _copy_raw(image.path, disk, progress)
    else:
        _convert(image, disk, progress)
    with disk.open("rb+") as file:
        os.fdatasync(file.fileno())
    progress(100)


def virtual_size(image: Image) -> int:
    """The size of the disk that the image describes, in bytes."""
    if image.format == "raw":
        return image.path.stat().st_size
    try:
        found = command.run(
            ["qemu-img", "info", "-f", image.format, "--output=json", image.path], timeout=30
        )
    except CommandError as error:
        raise StorageError(f"image {image.path.name} cannot be read: {error.message}") from error
    facts = json.loads(found.stdout)
    details = facts.get("format-specific", {}).get("data", {})
    if any(facts.get(key) or details.get(key) for key in FOREIGN):
        raise StorageError(f"image {image.path.name} refers to other files")
    return int(facts["virtual-size"])


def _copy_raw(source: Path, target: Path, progress: Progress) -> None:
    with source.open("rb") as reader, target.open("rb+") as writer:
        extents = list(_data(reader.fileno(), os.fstat(reader.fileno()).st_size))
        whole, done = sum(end - start for start, end in extents), 0
        for start, end in extents:
            for offset in range(start, end, CHUNK):
                count = min(CHUNK, end - offset)
                _copy_range(reader.fileno(), writer.fileno(), offset, count)
                done += count
                progress(done * 100 // whole)


def _copy_range(source: int, target: int, offset: int, count: int) -> None:
    """Let the kernel copy; it shares blocks where the file system can."""
    while count:
        try:
            copied = os.copy_file_range(source, target, count, offset, offset)
        except OSError as error:
            if error.errno not in {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}:
                raise
            copied = os.pwrite(target, os.pread(source, count, offset), offset)
        if copied == 0:
            raise StorageError("the image became shorter while it was copied")
        offset, count = offset + copied, count - copied


def _data(descriptor: int, length: int) -> Iterator[tuple[int, int]]:
    """The parts of a sparse file that hold data."""
    position = 0
    while position < length:
        try:
            start = os.lseek(descriptor, position, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            raise
        position = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, position


def _convert(image: Image, disk: Path, progress: Progress) -> None:
    def report(text: str) -> None:
        for percent in PERCENT.findall(text):
            progress(int(float(percent)))

    words: list[str | Path] = [
        "qemu-img",
        "convert",
        "-p",
        "-n",
        "-f",
        image.format,
        "-O",
        "raw",
        image.path,
        disk,
    ]
    try:
        command.stream(words, report, timeout=CONVERT_TIMEOUT)
    except CommandError as error:
        raise StorageError(f"image {image.path.name} cannot be copied: {error.message}") from error
