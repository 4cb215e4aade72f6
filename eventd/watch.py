"""Which files of a folder changed, by inotify; and the jobs of queue and archive, by looking.

Ganeti replaces a job file by renaming a new one over it, so a rename to `job-N` is one change.
When the kernel drops events (overflow) everything is looked through again. Only this module knows
pyinotify.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
import select
import struct
import sys
import termios
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

with warnings.catch_warnings():
    # pyinotify imports asyncore, which Python 3.11 announces to remove.
    warnings.simplefilter("ignore", DeprecationWarning)
    import pyinotify

from eventd.notifications import Job

log = logging.getLogger(__name__)

JOB_FILE = re.compile(r"^job-([0-9]+)$")
ARCHIVE = "archive"
SERIAL = "serial"
JOBS_PER_FOLDER = 10_000
REPLACED = pyinotify.IN_MOVED_TO
WRITTEN = pyinotify.IN_CLOSE_WRITE
# What the kernel writes before a file's name: the watch, what happened, a cookie, the length.
HEAD = struct.Struct("iIII")
SIZE = struct.Struct("i")
GONE = pyinotify.IN_DELETE_SELF | pyinotify.IN_MOVE_SELF


class FolderGone(Exception):  # noqa: N818  # The name says what happened.
    """The folder itself was moved or removed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Names of files that changed, each once, in order of their last change; or all, perhaps."""

    names: tuple[str, ...]
    look_through: bool = False


class FolderWatch:
    """An inotify watch on one folder, for REPLACED or WRITTEN files, from its creation on."""

    def __init__(self, folder: Path, kinds: int) -> None:
        self._folder = folder
        self._kinds = kinds
        self._manager = pyinotify.WatchManager()
        self._names: dict[str, None] = {}
        self._overflow = False
        self._gone = False
        self._manager.add_watch(str(folder), kinds | GONE, quiet=False)
        self._reader, self._writer = os.pipe()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Watch no longer."""
        self._manager.close()
        os.close(self._reader)
        os.close(self._writer)

    def wake(self) -> None:
        """End a waiting `seen` now."""
        os.write(self._writer, b"!")

    def seen(self, timeout: float) -> Seen:
        """What changed since the last call; waits for something up to `timeout` seconds."""
        ready, _, _ = select.select([self._manager.get_fd(), self._reader], [], [], timeout)
        if self._reader in ready:
            os.read(self._reader, 4096)
        if self._manager.get_fd() in ready:
            self._read()
        if self._gone:
            raise FolderGone(f"{self._folder} was moved or removed")
        seen = Seen(tuple(self._names), self._overflow)
        self._names, self._overflow = {}, False
        return seen

    def _read(self) -> None:
        """What the kernel says. The library's own reader puts each event into words, for nobody."""
        descriptor = self._manager.get_fd()
        (size,) = SIZE.unpack(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(SIZE.size)))
        content, start = os.read(descriptor, size), 0
        while start < len(content):
            _, mask, _, length = HEAD.unpack_from(content, start)
            name = content[start + HEAD.size : start + HEAD.size + length]
            self._heard(mask, os.fsdecode(name.rstrip(b"\0")))
            start += HEAD.size + length

    def _heard(self, mask: int, name: str) -> None:
        if mask & pyinotify.IN_Q_OVERFLOW:
            self._overflow = True
        elif mask & (GONE | pyinotify.IN_IGNORED):
            self._gone = True
        elif mask & self._kinds:
            # Moving a repeated name to the end keeps the order of the last changes.
            self._names.pop(name, None)
            self._names[name] = None


# --- looking


def read_job(folder: Path, job_id: int) -> Job | None:
    """A job from the queue or the archive; None if it is in neither or no job at all.

    The queue is asked again after the archive, as an archiving may come between the two.
    """
    name = f"job-{job_id}"
    archived = folder / ARCHIVE / str(job_id // JOBS_PER_FOLDER) / name
    for path in (folder / name, archived, folder / name):
        try:
            job = json.loads(path.read_bytes())
        except FileNotFoundError:
            continue
        except ValueError as error:
            log.error("%s is not a job: %s", path, error)
            return None
        if not isinstance(job, dict) or not isinstance(job.get("ops"), list):
            log.error("%s is not a job", path)
            return None
        return job
    return None


def queued_ids(folder: Path) -> list[int]:
    """All jobs in the queue."""
    return sorted(ids(os.listdir(folder)))


def archived_ids(folder: Path, above: int) -> list[int]:
    """The archived jobs with ids above a given one."""
    found: list[int] = []
    archive = folder / ARCHIVE
    for part in archive.iterdir() if archive.is_dir() else ():
        if part.name.isdigit() and int(part.name) >= above // JOBS_PER_FOLDER and part.is_dir():
            found += (job_id for job_id in ids(os.listdir(part)) if job_id > above)
    return sorted(found)


def last_id(folder: Path) -> int:
    """The highest id that the queue ever gave, as far as its files tell."""
    try:
        given = int((folder / SERIAL).read_text())
    except (FileNotFoundError, ValueError):
        given = sys.maxsize  # Whoever cannot tell has to believe any position.
    return max([given, *queued_ids(folder)[-1:], *archived_ids(folder, given)[-1:]])


def ids(names: Iterable[str]) -> list[int]:
    """The ids of those names that are jobs'."""
    return [int(match[1]) for name in names if (match := JOB_FILE.match(name))]
