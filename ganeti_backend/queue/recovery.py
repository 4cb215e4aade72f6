"""What becomes of the jobs that the last master left behind (pure).

Nothing that was accepted is lost. Jobs that had not begun run as if nothing had happened. A job
that was running takes up the opcode that was cut short: if its unit may run twice it runs again
from its beginning (see `units/execution.py` for how finished work is recognised and
`units/instances/create.py` for how half-done work is taken away first). An opcode that was cut
short `MAX_TRIES` times, or whose unit must not run twice, is *abandoned*: under its locks the unit
takes back what it left, then the job ends in error with that cause.
"""

from __future__ import annotations

from ganeti_backend.queue import jobs
from ganeti_backend.queue.jobs import Job, JobStatus, Timestamp

MAX_TRIES = 3
CAUSE = f"The job was {jobs.INTERRUPTED}"


def recovered(job: Job, now: Timestamp) -> Job:
    """The job, queued again or final."""
    for index, op in enumerate(job.ops):
        if op.status in (JobStatus.CANCELING, JobStatus.CANCELED):
            # What it left is on record, and cleaned up by the master's housekeeping.
            return job.canceled(now)
        if op.status == JobStatus.RUNNING:
            return interrupted(job, index, now)
        if op.status == JobStatus.WAITING:
            job = job.with_op(index, status=JobStatus.QUEUED)
    return job


def interrupted(job: Job, index: int, now: Timestamp) -> Job:
    """Queued again, with a line in its log that counts how often this happened."""
    tries = job.interruptions(index) + 1
    text = f"{jobs.INTERRUPTED} (try {tries} of {MAX_TRIES})"
    job = job.logged(index, now, jobs.LOG_MESSAGE, text)
    return job.with_op(index, status=JobStatus.QUEUED)


def abandoned(job: Job, index: int, may_rerun: bool) -> bool:
    """Whether the opcode, if it was cut short, is only cleaned up after."""
    tries = job.interruptions(index)
    return tries > 0 and (tries >= MAX_TRIES or not may_rerun)
