"""The queue's folder in Ganeti's layout: job-N, serial, version, lock, drain, archive/N/job-N.

One process owns it (the file `lock`). Who waits for a write, and what a job is, is not known here
beyond reading and encoding one; see `job_queue.py`.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import orjson

from ganeti_backend import durable, errors
from ganeti_backend.jobs import Job

VERSION = 1
JOB_FILE = re.compile(r"job-([0-9]+)")
JOBS_PER_ARCHIVE = 10_000
ADVICE = "Restore it ('gnt-cluster restore' from a backup), or move it away and start again"


class JobFiles:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._text = str(folder)
        self._lock = -1
        self._serial = 0

    # Starting and ending.

    def open(self) -> None:
        """Take the folder over; JobQueueError if another master has it or it is too new."""
        (self.folder / "archive").mkdir(parents=True, exist_ok=True)
        self._lock = take_lock(self.folder)
        try:
            self._check_version()
            self._serial = self._read_number("serial", 0)
        except errors.JobQueueError:
            self.close()
            raise

    def close(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    @property
    def is_open(self) -> bool:
        return self._lock >= 0

    @property
    def serial(self) -> int:
        """The highest job id on disk."""
        return self._serial

    def _check_version(self) -> None:
        if not (self.folder / "version").exists():
            durable.replace(self.folder / "version", b"%d\n" % VERSION)
        found = self._read_number("version", VERSION)
        if found != VERSION:
            text = (
                f"{self.folder / 'version'}: line 1: this queue has version {found} and this"
                f" program understands {VERSION}. It was left as it is: start the newer program"
            )
            raise errors.JobQueueError(text)

    def _read_number(self, name: str, default: int) -> int:
        path = self.folder / name
        try:
            return int(path.read_text())
        except FileNotFoundError:
            return default
        except ValueError:
            text = f"{path}: line 1: not a number. Restore it, or write the highest job id into it"
            raise errors.JobQueueError(text) from None

    # Reading.

    def read_all(self) -> Iterator[Job]:
        """Every live job; what a crash left half written is swept away."""
        for path in self.folder.iterdir():
            match = JOB_FILE.fullmatch(path.name)
            if match:
                job = read_job(path)
                if f"job-{job.id}" != path.name:
                    text = f"{path}: line 1: holds job {job.id}. {ADVICE}"
                    raise errors.JobQueueError(text)
                yield job
            elif path.name.endswith(".new"):
                path.unlink()

    def read_archived(self, job_id: int) -> Job | None:
        try:
            return read_job(self.archive_path(job_id)).replace(archived=True)
        except FileNotFoundError:
            return None

    def archived_ids(self) -> list[int]:
        names = (path.name for path in (self.folder / "archive").glob("*/job-*"))
        return sorted(int(match[1]) for match in map(JOB_FILE.fullmatch, names) if match)

    def archive_path(self, job_id: int) -> Path:
        return self.folder / archive_name(job_id)

    # Writing.

    def write(self, serial: int, contents: Mapping[int, bytes]) -> None:
        """Store these jobs and the serial; on return they survive a power cut."""
        renames: list[tuple[str, str]] = []
        if serial > self._serial:
            renames.append(self._prepare("serial", b"%d\n" % serial))
        for job_id, content in contents.items():
            renames.append(self._prepare(f"job-{job_id}", content))
        for source, target in renames:
            os.rename(source, target)
        durable.sync_folder(self._text)
        self._serial = max(serial, self._serial)

    def _prepare(self, name: str, content: bytes) -> tuple[str, str]:
        # Plain text instead of paths: this runs several times for every job.
        target = f"{self._text}/{name}"
        durable.write_new(f"{target}.new", content)
        return f"{target}.new", target

    def withdraw(self, job_ids: Sequence[int]) -> None:
        """Whoever submitted these is told that it failed: no trace may be found at a start."""
        for job_id in job_ids:
            (self.folder / f"job-{job_id}").unlink(missing_ok=True)
        durable.sync_folder(self._text)

    def move_to_archive(self, job_ids: Sequence[int]) -> None:
        folders = {self.folder}
        for job_id in job_ids:
            target = self.archive_path(job_id)
            if not target.parent.exists():
                target.parent.mkdir()
                durable.sync_folder(target.parent.parent)
            source = self.folder / f"job-{job_id}"
            # A try that a full disk cut short may have moved it already.
            if source.exists() or not target.exists():
                source.rename(target)
            folders.add(target.parent)
        # The new names first: a power cut in between shows a job twice rather than never.
        for folder in sorted(folders, reverse=True):
            durable.sync_folder(folder)

    # Draining.

    @property
    def drained(self) -> bool:
        return (self.folder / "drain").exists()

    def set_drained(self, drained: bool) -> None:
        path = self.folder / "drain"
        if drained:
            durable.replace(path, b"")
        else:
            path.unlink(missing_ok=True)
            durable.sync_folder(self.folder)


def take_lock(folder: Path) -> int:
    """The descriptor that holds the queue, or JobQueueError if a master daemon has it."""
    path = folder / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, durable.FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        text = f"{path} is held: another master daemon runs on this queue"
        raise errors.JobQueueError(text) from None
    return descriptor


def archive_name(job_id: int) -> str:
    return f"archive/{job_id // JOBS_PER_ARCHIVE}/job-{job_id}"


def encoded(job: Job) -> bytes:
    return orjson.dumps(job.to_dict(), option=orjson.OPT_APPEND_NEWLINE)


def read_job(path: Path) -> Job:
    """The job of a file; FileNotFoundError, or JobQueueError that names the file and the line."""
    content = path.read_bytes()
    try:
        return Job.from_dict(orjson.loads(content))
    except (ValueError, KeyError, TypeError, IndexError, errors.OpPrereqError) as error:
        line = getattr(error, "lineno", 1)
        text = f"{path}: line {line}: not a job file ({error}). {ADVICE}"
        raise errors.JobQueueError(text) from error
