"""Runs the queue's jobs: which may begin, in which order, with which locks, what becomes of them.

A job is begun when its dependencies are over, waits for its locks without a thread, then runs on a
pool of threads, the most urgent first. Every state it takes is in the queue's files first. What
happens after a crash is in `recovery.py`.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ganeti_backend import errors, jobs, opcodes, recovery
from ganeti_backend.job_queue import JobQueue
from ganeti_backend.jobs import Job, JobStatus
from ganeti_backend.locks import Declare, LockManager, Request
from ganeti_backend.units import UNITS, execution
from ganeti_backend.units.base import JobHandle, Reach, Unit

log = logging.getLogger(__name__)

THREADS = 32
STOP_SECONDS = 8.0
NOTES_GATHER = 0.02  # Seconds in which log messages gather to be written together.
DEFAULT_DEPENDS = frozenset({JobStatus.SUCCESS, JobStatus.ERROR})


class Stage(Enum):
    QUEUED = "queued"
    LOCKING = "locking"
    RUNNING = "running"


@dataclass(eq=False)
class Run:
    """What the processor knows about a job that is not over; guarded by its mutex."""

    job_id: int
    stage: Stage = Stage.QUEUED
    index: int = 0
    unit: Unit[Any] | None = None
    request: Request | None = None
    lock_error: Exception | None = None
    canceled: threading.Event = field(default_factory=threading.Event)


class Verdict(Enum):
    """What a job's dependencies say about it."""

    READY = "ready"
    WAIT = "wait"
    CANCEL = "cancel"
    FAIL = "fail"


class Processor:
    def __init__(
        self, queue: JobQueue, locks: LockManager, reach: Reach, threads: int = THREADS
    ) -> None:
        self._queue = queue
        self._locks = locks
        self._reach = reach
        self._mutex = threading.Lock()
        self._work = threading.Condition(self._mutex)
        self._numbers = itertools.count()
        self._ready: list[tuple[int, int, Run, Callable[[Run], None]]] = []
        self._runs: dict[int, Run] = {}
        self._blocked: dict[int, set[int]] = {}  # job id: those that wait for its end
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"job-{number}", daemon=True)
            for number in range(threads)
        ]
        self._flusher = threading.Thread(target=self._flush_notes, name="job-notes", daemon=True)
        self._notes = threading.Event()

    # Starting and ending.

    def start(self) -> None:
        """Take up what the queue holds, then serve."""
        unfinished = [job for job in self._queue.jobs() if not job.finalized]
        recovered = [self._recover(job) for job in unfinished]
        self._reach.config.forget_receipts(job.id for job in self._queue.jobs() if job.finalized)
        for thread in [*self._threads, self._flusher]:
            thread.start()
        self.enqueue([job for job in recovered if not job.finalized])

    def stop(self) -> None:
        """Begin nothing more, wait a little for what runs; what is cut short runs again later."""
        self._reach.stop.set()
        with self._mutex:
            self._stopping = True
            self._work.notify_all()
        self._notes.set()
        deadline = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _recover(self, job: Job) -> Job:
        found = recovery.recovered(job, self._now(), lambda op: UNITS[type(op)].RERUN)
        if found is not job:
            self._queue.save(found)
        return found

    # Asking for things.

    def enqueue(self, submitted: list[Job]) -> None:
        with self._mutex:
            for job in submitted:
                run = self._runs[job.id] = Run(job.id)
                self._push(run, job.priority, self._begin)

    def cancel(self, job_id: int) -> tuple[bool, str]:
        """Whether the job will not run (any further), and that in words."""
        with self._mutex:
            run = self._runs.get(job_id)
            job = self._queue.job(job_id)
            if run is None or job is None:
                return False, f"Job {job_id} not found in queue"
            if run.stage is Stage.RUNNING:
                op = job.ops[run.index].input
                if isinstance(op, opcodes.OpTestDelay) and op.interruptible:
                    run.canceled.set()
                    return True, f"Job {job_id} will be canceled"
                return False, f"Job {job_id} is running and cannot be canceled"
            run.canceled.set()
            if run.stage is Stage.QUEUED:
                del self._runs[job_id]
            request = run.request
        if run.stage is Stage.QUEUED or (request is not None and self._locks.interrupt(request)):
            self._finish_canceled(run)
        # Otherwise the locks are being granted right now, and the run's thread sees the wish.
        return True, f"Dequeued job {job_id}"

    @property
    def unfinished(self) -> set[int]:
        with self._mutex:
            return set(self._runs)

    # The threads.

    def _push(self, run: Run, priority: int, step: Callable[[Run], None]) -> None:
        """With the mutex held."""
        heapq.heappush(self._ready, (priority, next(self._numbers), run, step))
        self._work.notify()

    def _serve(self) -> None:
        while True:
            with self._mutex:
                while not self._ready and not self._stopping:
                    self._work.wait()
                if self._stopping:
                    return
                _, _, run, step = heapq.heappop(self._ready)
            try:
                step(run)
            except Exception:  # A job's mistake must not take the thread with it.
                log.exception("job %d could not be carried on", run.job_id)

    def _flush_notes(self) -> None:
        while True:
            self._notes.wait()
            self._notes.clear()
            if self._reach.stop.wait(NOTES_GATHER):
                return
            self._queue.flush()

    # One opcode: begin, lock, run, end.

    def _begin(self, run: Run) -> None:
        with self._mutex:
            job = self._queue.job(run.job_id)
            if run.canceled.is_set() or job is None or job.finalized:
                return
            run.index = next(i for i, op in enumerate(job.ops) if op.status not in jobs.FINALIZED)
            verdict, reason = self._dependencies(job, run.index)
            if verdict is Verdict.WAIT:
                return
            run.stage = Stage.LOCKING
        if verdict is Verdict.CANCEL:
            self._finish_canceled(run)
        elif verdict is Verdict.FAIL:
            error = ["OpPrereqError", [reason, errors.ECODE_STATE]]
            self._end(run, job, JobStatus.ERROR, error)
        else:
            self._lock(run, job)

    def _lock(self, run: Run, job: Job) -> None:
        now = self._now()
        op = job.ops[run.index]
        job = job.with_op(run.index, status=JobStatus.WAITING, start_timestamp=now).replace(
            start_timestamp=job.start_timestamp or now,
            process_id=os.getpid(),
            livelock=str(self._queue.folder / "lock"),
        )
        self._queue.note(job)
        handle = JobHandle(
            job_id=job.id,
            op_index=run.index,
            log=lambda text: self._log(run, text),
            again=job.interruptions(run.index) > 0,
            canceled=run.canceled,
        )
        run.unit = UNITS[type(op.input)](op.input, self._reach, handle)
        self._ask_for_locks(run, handle.owner, run.unit.locks, op.priority)

    def _ask_for_locks(self, run: Run, owner: str, declare: Declare, priority: int) -> None:
        """Run at once if all are free; else whoever frees the last one puts the job in line."""
        run.lock_error = None
        asking = threading.get_ident()
        at_once: list[bool] = []

        def done(error: Exception | None) -> None:
            run.lock_error = error
            if threading.get_ident() == asking and not returned.is_set():
                at_once.append(True)
                return
            with self._mutex:
                self._push(run, priority, self._run)

        returned = threading.Event()
        run.request = request = self._locks.request(owner, declare, done, priority)
        self._locks.acquire(request)
        returned.set()
        if at_once:
            self._run(run)
            return
        self._notes.set()
        if run.canceled.is_set() and self._locks.interrupt(request):
            self._finish_canceled(run)

    def _run(self, run: Run) -> None:
        with self._mutex:
            canceled = run.canceled.is_set()
            if not canceled:
                run.stage = Stage.RUNNING
        job = self._queue.job(run.job_id)
        if job is None or run.unit is None:
            raise errors.ProgrammerError(f"job {run.job_id} runs without being begun")
        if canceled:
            self._release(run)
            self._finish_canceled(run)
            return
        now = self._now()
        self._queue.save(job.with_op(run.index, status=JobStatus.RUNNING, exec_timestamp=now))
        status, result = self._outcome(run, run.unit)
        self._release(run)
        if status is JobStatus.ERROR and self._reach.stop.is_set():
            # It failed because the master stops; the next master runs it again.
            return
        ended = self._queue.job(run.job_id)
        if ended is not None:
            self._end(run, ended, status, result)

    def _outcome(self, run: Run, unit: Unit[Any]) -> tuple[JobStatus, Any]:
        try:
            if run.lock_error is not None:
                raise run.lock_error
            return JobStatus.SUCCESS, execution.run(unit, self._reach)
        except errors.JobCanceled as error:
            return JobStatus.CANCELED, error.message
        except errors.GenericError as error:
            log.info("job %d failed: %s", run.job_id, error.message)
            return JobStatus.ERROR, errors.encode(error)
        except Exception as error:  # A mistake in a unit ends its job, not the master.
            log.exception("job %d failed unexpectedly", run.job_id)
            return JobStatus.ERROR, errors.encode(error)
        finally:
            unit.finish()
            self._reach.live.forget_running()

    def _release(self, run: Run) -> None:
        if run.request is not None:
            self._locks.release(run.request)
            run.request = None

    def _end(self, run: Run, job: Job, status: JobStatus, result: Any) -> None:
        try:
            job = job.ended(run.index, self._now(), status, result)
            self._queue.save(job)
        except TypeError:
            text = f"The result of {job.ops[run.index].input.summary} is not JSON"
            failed = ["OpResultError", [text]]
            job = job.ended(run.index, self._now(), JobStatus.ERROR, failed)
            self._queue.save(job)
        if job.finalized:
            self._over(run, job)
        else:
            with self._mutex:
                run.stage = Stage.QUEUED
                self._push(run, job.priority, self._begin)

    def _finish_canceled(self, run: Run) -> None:
        job = self._queue.job(run.job_id)
        if job is not None:
            job = job.canceled(self._now())
            self._queue.save(job)
            self._over(run, job)

    def _over(self, run: Run, job: Job) -> None:
        """The job is final on disk: let go of what was kept for it and wake who waited for it."""
        self._reach.config.forget_receipts([job.id])
        with self._mutex:
            self._runs.pop(job.id, None)
            for waiting in sorted(self._blocked.pop(job.id, ())):
                blocked = self._runs.get(waiting)
                found = self._queue.job(waiting)
                if blocked is not None and found is not None:
                    self._push(blocked, found.priority, self._begin)

    def _dependencies(self, job: Job, index: int) -> tuple[Verdict, str]:
        """With the mutex held: a job that must wait is noted with the one it waits for."""
        for wanted, statuses in job.ops[index].input.depends or ():
            found = self._queue.job(wanted) if wanted != job.id else None
            if found is None:
                return Verdict.FAIL, f"Job depends on job {wanted}, which does not exist"
            if not found.finalized:
                self._blocked.setdefault(wanted, set()).add(job.id)
                return Verdict.WAIT, ""
            accepted = set(statuses) or DEFAULT_DEPENDS
            if found.status in accepted:
                continue
            if found.status is JobStatus.CANCELED:
                return Verdict.CANCEL, ""
            names = ", ".join(sorted(accepted))
            return Verdict.FAIL, f"Job {wanted} ended with {found.status}, wanted: {names}"
        return Verdict.READY, ""

    def _log(self, run: Run, text: str) -> None:
        job = self._queue.job(run.job_id)
        if job is not None:
            self._queue.note(job.logged(run.index, self._now(), jobs.LOG_MESSAGE, text))
            self._notes.set()

    def _now(self) -> jobs.Timestamp:
        return jobs.timestamp(self._queue.clock())
