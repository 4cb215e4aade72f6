"""What becomes of the jobs that the last master left behind (pure).

Nothing that was accepted is lost. Jobs that had not begun run as if nothing had happened. A job
that was running is run again from the beginning of the opcode that was cut short: units may run
twice (see `units/execution.py` for how finished work is recognised, `units/instances/create.py` for
how half-done work is taken away). An opcode that was cut short `MAX_TRIES` times, or whose unit
says that it must not run twice, ends in error with that cause instead.
"""

from __future__ import annotations

from collections.abc import Callable

from ganeti_backend import jobs, opcodes
from ganeti_backend.jobs import Job, JobStatus, Timestamp

MAX_TRIES = 3


def recovered(job: Job, now: Timestamp, may_rerun: Callable[[opcodes.OpCode], bool]) -> Job:
    """The job, queued again or final."""
    if job.status in (JobStatus.CANCELING, JobStatus.CANCELED):
        return job.canceled(now)
    for index, op in enumerate(job.ops):
        if op.status == JobStatus.WAITING:
            job = job.with_op(index, status=JobStatus.QUEUED)
        elif op.status == JobStatus.RUNNING:
            return interrupted(job, index, now, may_rerun(op.input))
    return job


def interrupted(job: Job, index: int, now: Timestamp, rerun: bool) -> Job:
    tries = job.interruptions(index) + 1
    text = f"{jobs.INTERRUPTED} (try {tries} of {MAX_TRIES})"
    job = job.logged(index, now, jobs.LOG_MESSAGE, text)
    if rerun and tries < MAX_TRIES:
        return job.with_op(index, status=JobStatus.QUEUED)
    reason = f"The job was {jobs.INTERRUPTED}"
    return job.ended(index, now, JobStatus.ERROR, ["OpExecError", [reason]])
