"""What a job's dependencies say about it (pure): may it begin, must it wait, can it never."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from ganeti_backend.queue.jobs import Job, JobStatus

DEFAULT = frozenset({JobStatus.SUCCESS, JobStatus.ERROR})


class Verdict(Enum):
    READY = "ready"
    WAIT = "wait"
    CANCEL = "cancel"
    FAIL = "fail"


def judge(job: Job, index: int, find: Callable[[int], Job | None]) -> tuple[Verdict, str, int]:
    """The verdict over one opcode, why, and the job that decided."""
    for wanted, statuses in job.ops[index].input.depends or ():
        found = find(wanted) if wanted != job.id else None
        if found is None:
            return Verdict.FAIL, f"Job depends on job {wanted}, which does not exist", wanted
        if not found.finalized:
            return Verdict.WAIT, "", wanted
        accepted = set(statuses) or DEFAULT
        if found.status in accepted:
            continue
        if found.status is JobStatus.CANCELED:
            return Verdict.CANCEL, "", wanted
        names = ", ".join(sorted(accepted))
        return Verdict.FAIL, f"Job {wanted} ended with {found.status}, wanted: {names}", wanted
    return Verdict.READY, "", 0
