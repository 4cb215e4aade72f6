"""The job queue: jobs in memory, every state on disk before anyone is told of it.

Changes to one job are made one after the other, whichever thread makes them, and concurrent writers
share one trip to the disk. The files are `job_files.py`, `master.processor` runs the jobs.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ganeti_backend import durable, errors, opcodes
from ganeti_backend.queue import jobs
from ganeti_backend.queue.job_files import JobFiles, archive_name, encoded
from ganeti_backend.queue.jobs import Job
from ganeti_backend.state_rows import QUEUE, Alone, Replication, Row

log = logging.getLogger(__name__)

MAX_JOBS = 5000
RETRY_SECONDS = 1.0
ARCHIVE_AT_ONCE = 100  # Jobs moved while nothing else is written.
Record = tuple[int, bytes | Job]  # job id, content of its file or what to make it from
Step = Callable[[Job], Job]


class Entry:
    """One live job: its newest state, what is shown of it, and the writes between the two."""

    __slots__ = ("mutex", "newest", "shown", "unsaved")

    def __init__(self, job: Job) -> None:
        self.mutex = threading.Lock()
        self.newest = job
        self.shown = job
        self.unsaved = 0


class JobQueue:
    def __init__(
        self,
        folder: Path,
        clock: Callable[[], int] = time.time_ns,
        max_jobs: int = MAX_JOBS,
        replication: Replication | None = None,
    ) -> None:
        self.folder = folder
        self.clock = clock
        self._files = JobFiles(folder)
        self._max_jobs = max_jobs
        self._replication: Replication = replication or Alone()
        self._mutex = threading.Lock()
        self._entries: dict[int, Entry] = {}
        self._arriving: dict[int, Job] = {}
        self._serial = 0
        self._watchers: dict[int, list[threading.Event]] = {}
        self._group: durable.GroupCommit[Record] = durable.GroupCommit(self._write)
        self._stop = threading.Event()

    # Starting and ending.

    def open(self) -> None:
        """Take the queue over and read it. JobQueueError names what cannot be read."""
        self._files.open()
        try:
            self._entries = {job.id: Entry(job) for job in self._files.read_all()}
        except errors.JobQueueError:
            self._files.close()
            raise
        # A crash between the job's rename and the serial's leaves a job beyond the serial.
        self._serial = max([self._files.serial, *self._entries])

    def close(self) -> None:
        self._stop.set()
        if self._files.is_open:
            self.flush()
            self._files.close()

    # Reading.

    def job(self, job_id: int) -> Job | None:
        """The job, live or archived."""
        found = self._entries.get(job_id)
        if found is not None:
            return found.shown
        if job_id < 1 or job_id > self._serial:
            return None
        return self._files.read_archived(job_id)

    def job_ids(self) -> list[int]:
        return sorted(self._entries)

    def archived_job_ids(self) -> list[int]:
        return self._files.archived_ids()

    def jobs(self) -> list[Job]:
        """The live jobs by id."""
        return [entry.shown for _, entry in sorted(self._entries.copy().items())]

    # Writing.

    def submit(self, batches: Sequence[Sequence[opcodes.OpCode]]) -> list[Job]:
        """Store new jobs; negative ids in `depends` count backwards within this submission."""
        if self.drained:
            raise errors.QueueDrained("Queue drained")
        made, records = self._make(batches)
        try:
            batch = self._group.put_all(records)
            self._replication.wait(self._group.wait(batch))
        except OSError as error:
            self._withdraw(made)
            raise errors.JobQueueError(
                f"Cannot store the job: {error.strerror or error}"
            ) from error
        with self._mutex:
            self._entries.update({job.id: Entry(job) for job in made})
            self._forget_arriving(made)
        return made

    def _make(self, batches: Sequence[Sequence[opcodes.OpCode]]) -> tuple[list[Job], list[Record]]:
        with self._mutex:
            live = len(self._entries) + len(self._arriving)
            if live + len(batches) > self._max_jobs:
                raise errors.QueueFull(f"Job queue is full: {live} jobs, archive some")
            first = self._serial + 1
            now = self.clock()
            made: list[Job] = []
            for index, ops in enumerate(batches):
                resolved = [resolve_depends(op, first + index, first) for op in ops]
                made.append(jobs.new_job(first + index, resolved, now))
            try:
                records: list[Record] = [(job.id, encoded(job)) for job in made]
            except TypeError as error:
                text = f"The opcode cannot be stored as JSON: {error}"
                raise errors.OpPrereqError(text, errors.ECODE_INVAL) from error
            self._serial += len(made)
            self._arriving.update({job.id: job for job in made})
            return made, records

    def _withdraw(self, made: Sequence[Job]) -> None:
        try:
            self._files.withdraw([job.id for job in made])
        except OSError as error:
            log.error("a job that could not be stored may come back at a start: %s", error)
        with self._mutex:
            self._forget_arriving(made)
        self._replication.offer([(QUEUE, f"job-{job.id}", None) for job in made])

    def _forget_arriving(self, made: Sequence[Job]) -> None:
        for job in made:
            del self._arriving[job.id]

    def change(self, job_id: int, step: Step, *, durable: bool = True) -> Job:
        """Take a job a step further; with `durable`, return when that survives a power cut.

        The step sees what all steps before it made of the job. What it returns unchanged is not
        written. Without `durable` the change is shown at once and written with the next batch.
        JobLost for a job that is not live.
        """
        entry = self._entries.get(job_id)
        if entry is None:
            raise errors.JobLost(f"Job {job_id} lost")
        with entry.mutex:
            job = step(entry.newest)
            if job is entry.newest:
                return job
            # By the job's own thread, so that a result no JSON can hold harms no other job. Of
            # quick messages one after the other only the last state is put into words.
            content = encoded(job) if durable else job
            entry.newest = job
            entry.unsaved += durable
            batch = self._group.put((job_id, content))
            if not entry.unsaved:
                entry.shown = job
        if durable:
            self._settle(entry, job, batch)
        self._tell_watchers(job_id)
        return job

    def save(self, job: Job) -> None:
        """Make this the job's state, whatever it was."""
        self.change(job.id, lambda _: job)

    def note(self, job: Job) -> None:
        self.change(job.id, lambda _: job, durable=False)

    def flush(self) -> None:
        """Write what was noted."""
        try:
            self._group.flush()
        except OSError as error:
            log.error("cannot write the job queue: %s", error)

    def _settle(self, entry: Entry, job: Job, batch: durable.Batch[Record]) -> None:
        """A full disk must not lose what a job reached: keep trying until the queue is closed."""
        while True:
            try:
                position = self._group.wait(batch)
                break
            except OSError as error:
                log.error("cannot write job %d, trying again: %s", job.id, error)
                if self._stop.wait(RETRY_SECONDS):
                    raise errors.JobQueueError(f"Cannot store job {job.id}: {error}") from error
            with entry.mutex:
                batch = self._group.put((job.id, encoded(entry.newest)))
        if job.finalized:
            self._replication.wait(position)
        with entry.mutex:
            entry.unsaved -= 1
            if not entry.unsaved:
                entry.shown = entry.newest

    def _write(self, batch: Sequence[Record]) -> int:
        contents = {
            job_id: encoded(content) if isinstance(content, Job) else content
            for job_id, content in dict(batch).items()
        }
        serial, before = self._serial, self._files.serial
        self._files.write(serial, contents)
        rows: list[Row] = [(QUEUE, f"job-{n}", text.decode()) for n, text in contents.items()]
        if serial > before:
            rows.append((QUEUE, "serial", f"{serial}\n"))
        return self._replication.offer(rows)

    def capture(self) -> Callable[[], list[Row]]:
        """The whole live queue for a copy of it; putting it into words needs no exclusion."""
        with self._mutex:
            # With those that are on disk and not yet in the list: their copy was sent before.
            found = {job_id: entry.newest for job_id, entry in self._entries.items()}
            found.update(self._arriving)
            serial, drained = self._serial, self.drained

        def rows() -> list[Row]:
            made: list[Row] = [(QUEUE, f"job-{n}", encoded(j).decode()) for n, j in found.items()]
            made.append((QUEUE, "serial", f"{serial}\n"))
            return [*made, (QUEUE, "drain", "")] if drained else made

        return rows

    def exclusively(self, action: Callable[[], None]) -> None:
        """Run something while nothing of the queue is being written."""
        self._group.exclusively(action)

    # Draining and archiving.

    @property
    def drained(self) -> bool:
        return self._files.drained

    def set_drained(self, drained: bool) -> None:
        self._files.set_drained(drained)
        row: Row = (QUEUE, "drain", "" if drained else None)
        self._replication.wait(self._replication.offer([row]))

    def archive(
        self, job_ids: Sequence[int], go_on: Callable[[], bool] = lambda: True
    ) -> list[int]:
        """Move final jobs to the archive, for as long as `go_on` says; answers which."""
        moved: list[int] = []
        for start in range(0, len(job_ids), ARCHIVE_AT_ONCE):
            if not go_on():
                break
            some = job_ids[start : start + ARCHIVE_AT_ONCE]
            self._group.flush()  # So that no write of theirs comes after the move.
            self._group.exclusively(partial(self._move, some, moved))
        return moved

    def _move(self, job_ids: Sequence[int], moved: list[int]) -> None:
        entries = ((job_id, self._entries.get(job_id)) for job_id in dict.fromkeys(job_ids))
        final = [n for n, entry in entries if entry is not None and entry.shown.finalized]
        if final:
            self._files.move_to_archive(final)
            rows: list[Row] = [(QUEUE, archive_name(n), {"from": f"job-{n}"}) for n in final]
            self._replication.offer(rows)
        with self._mutex:
            for job_id in final:
                del self._entries[job_id]
        moved.extend(final)

    def finished_before(self, seconds: float) -> list[int]:
        """Final jobs that ended before this time, oldest first."""
        ended = [(job.end_timestamp or (0, 0), job.id) for job in self.jobs() if job.finalized]
        return [job_id for end, job_id in sorted(ended) if end[0] < seconds]

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

    def _tell_watchers(self, job_id: int) -> None:
        with self._mutex:
            watchers = self._watchers.pop(job_id, ())
        for event in watchers:
            event.set()

    def _unwatch(self, job_id: int, event: threading.Event) -> None:
        with self._mutex:
            events = self._watchers.get(job_id, [])
            if event in events:
                events.remove(event)
            if not events:
                self._watchers.pop(job_id, None)


def log_entries(job: Job, previous_serial: int | None) -> list[Any]:
    entries = sorted(
        (entry for op in job.ops for entry in op.log if entry[0] > (previous_serial or 0)),
        key=lambda entry: entry[0],
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
