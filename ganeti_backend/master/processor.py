"""Runs the queue's jobs: which may begin, in which order, with which locks, what becomes of them.

A job is begun when its dependencies are over, waits for its locks without a thread, then runs on a
pool of threads, the most urgent first. Every state it takes is in the queue's files first. What
happens after a crash is in `recovery.py`.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from ganeti_backend import errors
from ganeti_backend.locks import Declare, Level, LockManager
from ganeti_backend.master.runs import Line, Run, Stage
from ganeti_backend.master.unit_table import UNITS
from ganeti_backend.queue import dependencies, jobs, recovery
from ganeti_backend.queue.dependencies import Verdict
from ganeti_backend.queue.job_queue import JobQueue, Step
from ganeti_backend.queue.jobs import Job, JobStatus
from ganeti_backend.units import execution
from ganeti_backend.units.base import JobHandle, Reach, Unit

log = logging.getLogger(__name__)

THREADS = 32
STOP_SECONDS = 8.0
NOTES_GATHER = 0.02  # Seconds in which log messages gather to be written together.
# Who waits so many seconds for a lock becomes a little more urgent, again and again.
STARVING_AFTER = 900.0
CHANGEABLE = frozenset({JobStatus.QUEUED, JobStatus.WAITING})


class Processor:
    def __init__(
        self, queue: JobQueue, locks: LockManager, reach: Reach, threads: int = THREADS
    ) -> None:
        self._queue = queue
        self._locks = locks
        self._reach = reach
        self._mutex = threading.Lock()
        self._work = threading.Condition(self._mutex)
        self._line = Line()
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
        self._reach.config.keep_receipts(job.id for job in recovered if not job.finalized)
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
        found = recovery.recovered(job, self._now())
        if found is not job:
            self._queue.save(found)
        return found

    # Asking for things.

    def enqueue(self, submitted: list[Job]) -> None:
        with self._mutex:
            for job in submitted:
                run = self._runs[job.id] = Run(job.id)
                self._push(run, job.priority, self._begin)

    def cancel(self, job_id: int, kill: bool = False) -> tuple[bool, str]:
        """Whether the job will not run (any further), and that in words.

        A running job is only asked to stop where its unit waits for something long; with `kill` it
        is asked at the next safe point, whatever it does.
        """
        with self._mutex:
            run = self._runs.get(job_id)
            job = self._queue.job(job_id)
            if run is None or job is None:
                return False, f"Job {job_id} not found in queue"
            if run.stage is Stage.RUNNING:
                if not kill and not (run.unit is not None and run.unit.interruptible):
                    return False, f"Job {job_id} is running and cannot be canceled"
                run.canceled.set()
            else:
                run.canceled.set()
                if run.stage is Stage.QUEUED:
                    del self._runs[job_id]
            request, stage = run.request, run.stage
        if stage is Stage.QUEUED or (
            stage is Stage.LOCKING and request is not None and self._locks.interrupt(request)
        ):
            self._finish_canceled(run)
            return True, f"Dequeued job {job_id}"
        # It runs, or its locks are being granted right now; its own thread sees the wish.
        self._change(run, lambda job: job.canceling())
        return True, f"Job {job_id} will be canceled"

    def change_priority(self, job_id: int, priority: int) -> tuple[bool, str]:
        """Whether anything of the job still had a priority to change, and that in words."""
        if not -20 <= priority <= 19:
            raise errors.wrong(f"Invalid priority {priority}, from -20 to 19 is possible")
        with self._mutex:
            run = self._runs.get(job_id)
        if run is None:
            return False, f"Job {job_id} not found in queue"
        if not self._set_priority(run, priority):
            return False, f"Job {job_id} has no opcode left whose priority could be changed"
        return True, f"Priority of job {job_id} changed to {priority}"

    def age(self, waited: float = STARVING_AFTER) -> None:
        """Make jobs that starve for a lock more urgent by one step."""
        now = time.monotonic()
        with self._mutex:
            starving = [
                run
                for run in self._runs.values()
                if run.stage is Stage.LOCKING and now - run.locking_since >= waited
            ]
        for run in starving:
            job = self._queue.job(run.job_id)
            if job is not None and not job.finalized and job.ops[run.index].priority > -20:
                run.locking_since = now
                self._set_priority(run, job.ops[run.index].priority - 1, only=run.index)

    def _set_priority(self, run: Run, priority: int, only: int | None = None) -> bool:
        changed: list[int] = []

        def step(job: Job) -> Job:
            for index, op in enumerate(job.ops):
                if op.status in CHANGEABLE and only in (None, index):
                    job = job.with_op(index, priority=priority)
                    changed.append(index)
            return job

        job = self._change(run, step)
        if job is not None and changed:
            with self._mutex:
                self._line.move(run, job.priority)
                request = run.request
            if request is not None and run.index in changed:
                self._locks.reprioritise(request, priority)
        return bool(changed)

    @property
    def unfinished(self) -> set[int]:
        with self._mutex:
            return set(self._runs)

    # The threads.

    def _push(self, run: Run, priority: int, step: Callable[[Run], None]) -> None:
        """With the mutex held."""
        self._line.push(run, priority, step)
        self._work.notify()

    def _serve(self) -> None:
        while True:
            with self._mutex:
                while not self._line and not self._stopping:
                    self._work.wait()
                if self._stopping:
                    return
                run = self._line.pop()
                step = run.step
            try:
                if step is not None:
                    step(run)
            except Exception as error:  # A mistake must not take the thread, nor the job, with it.
                log.exception("job %d could not be carried on", run.job_id)
                self._give_up(run, error)

    def _give_up(self, run: Run, error: Exception) -> None:
        """The processor itself failed over a job: it ends in error and holds nothing."""
        if self._reach.stop.is_set():
            return
        try:
            self._release(run)
            job = self._queue.job(run.job_id)
            if job is not None and not job.finalized:
                self._end(run, JobStatus.ERROR, errors.encode(error))
        except errors.GenericError:
            log.exception("job %d stays as it is until the next start", run.job_id)

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
            verdict, reason, wanted = dependencies.judge(job, run.index, self._queue.job)
            if verdict is Verdict.WAIT:
                self._blocked.setdefault(wanted, set()).add(job.id)
                return
            run.stage = Stage.LOCKING
            run.locking_since = time.monotonic()
        if verdict is Verdict.CANCEL:
            self._finish_canceled(run)
        elif verdict is Verdict.FAIL:
            error = ["OpPrereqError", [reason, errors.ECODE_STATE]]
            self._end(run, JobStatus.ERROR, error)
        else:
            self._lock(run)

    def _lock(self, run: Run) -> None:
        job = self._change(run, lambda job: self._waiting(job, run.index), durable=False)
        if job is None:
            return
        op = job.ops[run.index]
        handle = JobHandle(
            job_id=job.id,
            op_index=run.index,
            log=lambda text: self._log(run, jobs.LOG_MESSAGE, text),
            tell=lambda kind, entry: self._log(run, kind, entry),
            again=job.interruptions(run.index) > 0,
            canceled=run.canceled,
            granted=lambda level: self._granted(run, level),
        )
        run.unit = UNITS[type(op.input)](op.input, self._reach, handle)
        self._ask_for_locks(run, handle.owner, run.unit.locks, op.priority)

    def _waiting(self, job: Job, index: int) -> Job:
        now = self._now()
        return job.with_op(index, status=JobStatus.WAITING, start_timestamp=now).replace(
            start_timestamp=job.start_timestamp or now,
            process_id=os.getpid(),
            livelock=str(self._queue.folder / "lock"),
        )

    def _granted(self, run: Run, level: Level) -> frozenset[str]:
        request = run.request
        return frozenset() if request is None else self._locks.granted(request, level)

    def _ask_for_locks(self, run: Run, owner: str, declare: Declare, priority: int) -> None:
        """Run at once if all are free; else who frees the last one puts the job in line."""
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
        if canceled:
            self._release(run)
            self._finish_canceled(run)
            return
        now = self._now()
        job = self._change(
            run, lambda job: job.with_op(run.index, status=JobStatus.RUNNING, exec_timestamp=now)
        )
        if job is None or run.unit is None:
            raise errors.ProgrammerError(f"job {run.job_id} runs without being begun")
        abandoned = recovery.abandoned(job, run.index, run.unit.RERUN)
        status, result = self._outcome(run, run.unit, abandoned)
        self._release(run)
        if status is JobStatus.ERROR and self._reach.stop.is_set():
            # It failed because the master stops; the next master takes it up again.
            return
        self._end(run, status, result)

    def _outcome(self, run: Run, unit: Unit[Any], abandoned: bool) -> tuple[JobStatus, Any]:
        try:
            if run.lock_error is not None:
                raise run.lock_error
            if abandoned:
                return JobStatus.SUCCESS, execution.abandon(unit, self._reach, recovery.CAUSE)
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

    def _end(self, run: Run, status: JobStatus, result: Any) -> None:
        def step(job: Job) -> Job:
            if job.finalized:
                return job
            return job.ended(run.index, self._now(), status, result)

        try:
            job = self._change(run, step)
        except TypeError:
            text = f"The result of job {run.job_id}, opcode {run.index}, is not JSON"
            status, result = JobStatus.ERROR, ["OpResultError", [text]]
            job = self._change(run, step)
        if job is None:
            return
        if job.finalized:
            self._over(run, job)
        elif run.canceled.is_set():
            self._finish_canceled(run)
        else:
            with self._mutex:
                run.stage = Stage.QUEUED
                self._push(run, job.priority, self._begin)

    def _finish_canceled(self, run: Run) -> None:
        job = self._change(run, lambda job: job.canceled(self._now()))
        if job is not None:
            self._over(run, job)

    def _change(self, run: Run, step: Step, *, durable: bool = True) -> Job | None:
        """The changed job, or None for one that is not live any more."""
        try:
            return self._queue.change(run.job_id, step, durable=durable)
        except errors.JobLost:
            return None

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

    def _log(self, run: Run, kind: str, message: Any) -> None:
        if isinstance(message, str):
            # What no UTF-8 can hold comes from outside programs and must not spoil the job's file.
            message = message.encode(errors="replace").decode()

        def step(job: Job) -> Job:
            return job if job.finalized else job.logged(run.index, self._now(), kind, message)

        self._change(run, step, durable=False)
        self._notes.set()

    def _now(self) -> jobs.Timestamp:
        return jobs.timestamp(self._queue.clock())
