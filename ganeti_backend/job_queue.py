"""The job queue on disk, in Ganeti's layout: job-N, serial, version, lock, drain, archive/N/job-N.

Every stored job was fsynced, with its name in the folder, before anyone is told; concurrent writers
share the work. One process owns the queue (the file `lock`). Who runs the jobs is `processor.py`.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from ganeti_backend import durable, errors, jobs, opcodes
from ganeti_backend.jobs import Job

log = logging.getLogger(__name__)

VERSION = 1
JOB_FILE = re.compile(r"job-([0-9]+)")
JOBS_PER_ARCHIVE = 10_000
MAX_JOBS = 5000
RETRY_SECONDS = 1.0
Record = tuple[int, bytes | Job]  # job id, content of its file or what to make it from


class JobQueue:
    def __init__(
        self, folder: Path, clock: Callable[[], int] = time.time_ns, max_jobs: int = MAX_JOBS
    ) -> None:
        self.folder = folder
        self._folder_text = str(folder)
        self.clock = clock
        self._max_jobs = max_jobs
        self._mutex = threading.Lock()
        self._jobs: dict[int, Job] = {}
        self._serial = 0
        self._serial_on_disk = 0
        self._watchers: dict[int, list[threading.Event]] = {}
        self._group: durable.GroupCommit[Record] = durable.GroupCommit(self._write)
        self._lock_descriptor = -1
        self._stop = threading.Event()

    # Starting and ending.

    def open(self) -> None:
        """Take the queue over and read it. JobQueueError names what cannot be read."""
        (self.folder / "archive").mkdir(parents=True, exist_ok=True)
        self._take_lock()
        self._check_version()
        serial = self._read_number("serial", 0)
        for path in self.folder.iterdir():
            match = JOB_FILE.fullmatch(path.name)
            if match:
                job = read_job(path)
                self._jobs[job.id] = job
            elif path.name.endswith(".new"):
                path.unlink()
        self._serial_on_disk = serial
        # A crash between the job's rename and the serial's leaves a job beyond the serial.
        self._serial = max([serial, *self._jobs])

    def close(self) -> None:
        self._stop.set()
        if self._lock_descriptor >= 0:
            self._group.flush()
            os.close(self._lock_descriptor)
            self._lock_descriptor = -1

    def _take_lock(self) -> None:
        path = self.folder / "lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, durable.FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            text = f"{path} is held: another master daemon runs on this queue"
            raise errors.JobQueueError(text) from None
        self._lock_descriptor = descriptor

    def _check_version(self) -> None:
        if not (self.folder / "version").exists():
            durable.replace(self.folder / "version", b"%d\n" % VERSION)
        found = self._read_number("version", VERSION)
        if found != VERSION:
            raise errors.JobQueueError(f"Job queue version {found}, understood is {VERSION}")

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

    def job(self, job_id: int) -> Job | None:
        """The job, live or archived."""
        found = self._jobs.get(job_id)
        if found is not None or job_id < 1 or job_id > self._serial:
            return found
        path = self._archive_path(job_id)
        return read_job(path).replace(archived=True) if path.exists() else None

    def job_ids(self) -> list[int]:
        return sorted(self._jobs)

    def jobs(self) -> list[Job]:
        """The live jobs by id."""
        return [self._jobs[job_id] for job_id in self.job_ids() if job_id in self._jobs]

    # Writing.

    def submit(self, batches: Sequence[Sequence[opcodes.OpCode]]) -> list[Job]:
        """Store new jobs; negative ids in `depends` count backwards within this submission."""
        if self.drained:
            raise errors.QueueDrained("Queue drained")
        with self._mutex:
            if len(self._jobs) + len(batches) > self._max_jobs:
                raise errors.QueueFull(f"Job queue is full: {len(self._jobs)} jobs, archive some")
            first = self._serial + 1
            now = self.clock()
            made: list[Job] = []
            for index, ops in enumerate(batches):
                resolved = [resolve_depends(op, first + index, first) for op in ops]
                made.append(jobs.new_job(first + index, resolved, now))
            self._serial += len(made)
            batch = [self._group.put(record(job)) for job in made]
        try:
            for item in batch:
                self._group.wait(item)
        except OSError as error:
            self._withdraw(made)
            raise errors.JobQueueError(
                f"Cannot store the job: {error.strerror or error}"
            ) from error
        self._jobs.update({job.id: job for job in made})
        return made

    def save(self, job: Job) -> None:
        """Store a job's new state; return when it will survive a power cut.

        A full disk must not lose what a running job reached, so this keeps trying until the queue
        is closed.
        """
        while True:
            try:
                self._group.commit(record(job))
                break
            except OSError as error:
                log.error("cannot write job %d, trying again: %s", job.id, error)
                if self._stop.wait(RETRY_SECONDS):
                    raise errors.JobQueueError(f"Cannot store job {job.id}: {error}") from error
        self._show(job)

    def note(self, job: Job) -> None:
        """Show a job's new state at once; it is written with the next batch, or by `flush`."""
        # Messages come quickly one after the other; only the last state is put into words.
        self._group.put((job.id, job))
        self._show(job)

    def flush(self) -> None:
        """Write what was noted."""
        try:
            self._group.flush()
        except OSError as error:
            log.error("cannot write the job queue: %s", error)

    def _show(self, job: Job) -> None:
        self._jobs[job.id] = job
        with self._mutex:
            watchers = self._watchers.pop(job.id, ())
        for event in watchers:
            event.set()

    def _withdraw(self, made: Sequence[Job]) -> None:
        """The submitter is told that it failed, so no trace may be found at the next start."""
        for job in made:
            self._path(job.id).unlink(missing_ok=True)

    def _write(self, batch: Sequence[Record]) -> None:
        newest = dict(batch)
        renames: list[tuple[str, str]] = []
        serial = self._serial
        if serial > self._serial_on_disk:
            renames.append(self._prepare("serial", b"%d\n" % serial))
        for job_id, content in newest.items():
            written = encoded(content) if isinstance(content, Job) else content
            renames.append(self._prepare(f"job-{job_id}", written))
        for source, target in renames:
            os.rename(source, target)
        durable.sync_folder(self._folder_text)
        self._serial_on_disk = serial

    def _prepare(self, name: str, content: bytes) -> tuple[str, str]:
        # Plain text instead of paths: this runs several times for every job.
        target = f"{self._folder_text}/{name}"
        durable.write_new(f"{target}.new", content)
        return f"{target}.new", target

    def _path(self, job_id: int) -> Path:
        return self.folder / f"job-{job_id}"

    # Draining and archiving.

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

    def archive(self, job_ids: Sequence[int]) -> list[int]:
        """Move final jobs to the archive; answers which were moved."""
        moved: list[int] = []

        def move() -> None:
            folders = {self.folder}
            for job_id in job_ids:
                job = self._jobs.get(job_id)
                if job is None or not job.finalized:
                    continue
                target = self._archive_path(job_id)
                target.parent.mkdir(exist_ok=True)
                self._path(job_id).rename(target)
                folders |= {target.parent, target.parent.parent}
                moved.append(job_id)
            for folder in folders:
                durable.sync_folder(folder)

        if job_ids:
            self._group.exclusively(move)
        for job_id in moved:
            self._jobs.pop(job_id, None)
        return moved

    def finished_before(self, seconds: float) -> list[int]:
        """Final jobs that ended before this time, oldest first."""
        ended = [(job.end_timestamp or (0, 0), job.id) for job in self.jobs() if job.finalized]
        return [job_id for end, job_id in sorted(ended) if end[0] < seconds]

    def _archive_path(self, job_id: int) -> Path:
        return self.folder / "archive" / str(job_id // JOBS_PER_ARCHIVE) / f"job-{job_id}"

    # Watching.

    def wait_for_change(
        self,
        job_id: int,
        fields: Sequence[str],
        previous: list[Any] | None,
        previous_serial: int | None,
        timeout: float,
    ) -> dict[str, Any] | None:
        """The fields and new log entries once they differ from the previous; None if they stay.

        A final job is answered at once. JobLost for a job that does not exist.
        """
        deadline = time.monotonic() + timeout
        while True:
            event = threading.Event()
            with self._mutex:
                self._watchers.setdefault(job_id, []).append(event)
            try:
                job = self.job(job_id)
                if job is None:
                    raise errors.JobLost(f"Job {job_id} lost")
                values = jobs.field_values(job, fields)
                entries = log_entries(job, previous_serial)
                if job.finalized or values != previous or entries:
                    return {"job_info": values, "log_entries": entries}
                if not event.wait(max(0.0, deadline - time.monotonic())):
                    return None
            finally:
                self._unwatch(job_id, event)

    def _unwatch(self, job_id: int, event: threading.Event) -> None:
        with self._mutex:
            events = self._watchers.get(job_id, [])
            if event in events:
                events.remove(event)
            if not events:
                self._watchers.pop(job_id, None)


def record(job: Job) -> Record:
    """Made by the job's own thread, so that a result no JSON can hold harms no other job."""
    return job.id, encoded(job)


def encoded(job: Job) -> bytes:
    return orjson.dumps(job.to_dict(), option=orjson.OPT_APPEND_NEWLINE)


def read_job(path: Path) -> Job:
    try:
        return Job.from_dict(orjson.loads(path.read_bytes()))
    except (ValueError, KeyError, TypeError, IndexError, errors.OpPrereqError) as error:
        line = getattr(error, "lineno", 1)
        text = f"{path}: line {line}: not a job file ({error}). Restore it or move it away"
        raise errors.JobQueueError(text) from error


def log_entries(job: Job, previous_serial: int | None) -> list[Any]:
    entries = sorted(
        entry for op in job.ops for entry in op.log if entry[0] > (previous_serial or 0)
    )
    return [[serial, list(stamp), kind, message] for serial, stamp, kind, message in entries]


def resolve_depends(op: opcodes.OpCode, job_id: int, first: int) -> opcodes.OpCode:
    """Turn relative job ids into absolute ones."""
    if not op.depends:
        return op
    resolved = []
    for wanted, statuses in op.depends:
        absolute = wanted if wanted > 0 else job_id + wanted
        if wanted <= 0 and not first <= absolute < job_id:
            text = f"Relative job dependency {wanted} points outside of this submission"
            raise errors.OpPrereqError(text, errors.ECODE_INVAL)
        resolved.append([absolute, list(statuses)])
    return op.replace(depends=resolved)
