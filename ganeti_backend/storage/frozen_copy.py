"""A copy of a disk as it is at one moment, from which an export can take its time.

Where the file system can share blocks between files the copy costs nothing; elsewhere the data is
copied and the holes of a sparse file stay holes.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from ganeti_backend.errors import StorageError

CLONE = 0x40049409  # FICLONE
STEP = 8 << 20


def make(source: Path, target: Path, look: Callable[[], None]) -> None:
    """Copy; a copy that is there is replaced. `look` may raise to end it."""
    try:
        with source.open("rb") as reading, target.open("wb") as writing:
            os.chmod(target, 0o600)
            if _clone(reading.fileno(), writing.fileno()):
                return
            size = reading.seek(0, os.SEEK_END)
            os.truncate(writing.fileno(), size)
            _copy(reading.fileno(), writing.fileno(), size, look)
    except OSError as error:
        target.unlink(missing_ok=True)
        text = f"cannot copy disk {source.name} for its export: {error.strerror}"
        raise StorageError(f"{text}; an export with a long sleep needs no copy") from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _clone(source: int, target: int) -> bool:
    try:
        fcntl.ioctl(target, CLONE, source)
    except OSError:
        return False
    return True


def _copy(source: int, target: int, size: int, look: Callable[[], None]) -> None:
    position = 0
    while position < size:
        start, end = _next_data(source, position, size)
        while start < end:
            look()
            piece = os.pread(source, min(STEP, end - start), start)
            if not piece:
                return
            start += os.pwrite(target, piece, start)
        position = max(end, position + 1)


def _next_data(source: int, position: int, size: int) -> tuple[int, int]:
    """The next part that holds data; a block device has no holes to be told of."""
    try:
        start = os.lseek(source, position, os.SEEK_DATA)
        return start, os.lseek(source, start, os.SEEK_HOLE)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return size, size
        if error.errno == errno.EINVAL:
            return position, size
        raise
