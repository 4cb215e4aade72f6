"""The queue's folder in Ganeti's layout: job-N, serial, version, lock, drain, archive/N/job-N.

One process owns it (the file `lock`). A batch is safe once it is in the journal
(`queue_journal.py`); the files follow by rename, for readers, and get to the disk when the journal
is turned over. Who waits for a write is not known here; see `job_queue.py`.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import orjson

from ganeti_backend import durable, errors
from ganeti_backend.queue.jobs import Job
from ganeti_backend.queue.queue_journal import QueueJournal

log = logging.getLogger(__name__)

VERSION = 1
JOB_FILE = re.compile(r"job-([0-9]+)")
JOBS_PER_ARCHIVE = 10_000
TURN_OVER_AT = 8 << 20  # Bytes of the journal.
ADVICE = "Restore it ('gnt-cluster restore' from a backup), or move it away and start again"


class JobFiles:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._text = str(folder)
        self._lock = -1
        self._serial = 0
        self._journal = QueueJournal(folder)
        self._unsynced: set[str] = set()  # Files whose content only the journal has for sure.
        self._syncing: threading.Thread | None = None

    # Starting and ending.

    def open(self) -> None:
        """Take the folder over; JobQueueError if another master has it or it is too new."""
        (self.folder / "archive").mkdir(parents=True, exist_ok=True)
        self._lock = take_lock(self.folder)
        try:
            self._check_version()
            self._replay()
        except errors.JobQueueError:
            self.close()
            raise

    def _replay(self) -> None:
        """Bring the files to what the journal says, and both to the disk."""
        newest: dict[str, str] = {}
        serials = []
        for record in self._journal.records():
            serials.append(record.get("serial", 0))
            newest.update(record.get("jobs", {}))
            for job_id in record.get("gone", ()):
                newest.pop(str(job_id), None)
        try:
            serials.append(self._read_number("serial", 0))
        except errors.JobQueueError:
            # A power cut may tear it; then the journal has the right one.
            if not any(serials):
                raise
        self._serial = max(serials)
        for job_id, content in newest.items():
            durable.write_new(f"{self._text}/job-{job_id}.new", content.encode())
            os.rename(f"{self._text}/job-{job_id}.new", f"{self._text}/job-{job_id}")
        if self._serial:
            durable.replace(self.folder / "serial", b"%d\n" % self._serial)
        durable.sync_folder(self._text)
        self._journal.start_anew()

    def close(self) -> None:
        if self._syncing is not None:
            self._syncing.join()
        self._checkpoint()
        self._journal.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _checkpoint(self) -> None:
        """At a clean end nothing is left for the next start to bring in order."""
        if not self._journal.size:
            return
        try:
            for name in self._unsynced:
                sync_file(f"{self._text}/{name}")
            durable.sync_folder(self._text)
            self._journal.start_anew()
        except OSError as error:
            log.error("the next start will read the queue's journal: %s", error)

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
        jobs = {str(job_id): content.decode() for job_id, content in contents.items()}
        self._journal.append({"serial": serial, "jobs": jobs})
        if serial > self._serial:
            self._show("serial", b"%d\n" % serial)
            self._serial = serial
        for job_id, content in contents.items():
            self._show(f"job-{job_id}", content)
        if self._journal.size > TURN_OVER_AT:
            self._turn_over()

    def _show(self, name: str, content: bytes) -> None:
        """Readers see the old content or the new; the journal keeps it safe."""
        # Plain text instead of paths: this runs several times for every job.
        target = f"{self._text}/{name}"
        durable.write_new(f"{target}.new", content, sync=False)
        os.rename(f"{target}.new", target)
        self._unsynced.add(name)

    def _turn_over(self) -> None:
        """Start a new journal; the files are brought to the disk aside, then the old one goes."""
        if not self._journal.turn_over():
            return
        names, self._unsynced = self._unsynced, set()
        self._syncing = threading.Thread(
            target=self._sync_files, args=(names,), name="queue-sync", daemon=True
        )
        self._syncing.start()

    def _sync_files(self, names: set[str]) -> None:
        try:
            for name in names:
                sync_file(f"{self._text}/{name}")
            durable.sync_folder(self._text)
            self._journal.drop_old()
        except OSError as error:
            log.error("the queue's old journal stays until the next start: %s", error)

    def withdraw(self, job_ids: Sequence[int]) -> None:
        """Whoever submitted these is told that it failed: no trace may be found at a start."""
        for job_id in job_ids:
            (self.folder / f"job-{job_id}").unlink(missing_ok=True)
        durable.sync_folder(self._text)
        self._journal.append({"gone": list(job_ids)})

    def move_to_archive(self, job_ids: Sequence[int]) -> None:
        folders = {self.folder}
        for job_id in job_ids:
            target = self.archive_path(job_id)
            if not target.parent.exists():
                target.parent.mkdir()
                durable.sync_folder(target.parent.parent)
            # A try that a full disk cut short may have moved it already.
            source = self.folder / f"job-{job_id}"
            if source.exists() or not target.exists():
                sync_file(str(source))
                source.rename(target)
            folders.add(target.parent)
        # The new names first: a power cut in between shows a job twice rather than never.
        for folder in sorted(folders, reverse=True):
            durable.sync_folder(folder)
        self._journal.append({"gone": list(job_ids)})

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


def sync_file(path: str) -> None:
    """Bring a file's content to the disk; one that is gone by now needs that no more."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
