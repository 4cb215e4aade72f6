from __future__ import annotations

from ganeti_backend import opcodes
from ganeti_backend.queue import jobs, recovery
from ganeti_backend.queue.jobs import JobStatus

NOW = (9, 0)


def job(*statuses: JobStatus) -> jobs.Job:
    made = jobs.new_job(1, [opcodes.OpTestDelay() for _ in statuses], 0)
    for index, status in enumerate(statuses):
        made = made.with_op(index, status=status)
    return made


def statuses(found: jobs.Job) -> list[str]:
    return [op.status.value for op in found.ops]


def test_jobs_that_had_not_begun_are_queued() -> None:
    waiting = recovery.recovered(job(JobStatus.WAITING, JobStatus.QUEUED), NOW)
    assert statuses(waiting) == ["queued", "queued"]
    assert waiting.ops[0].log == ()
    assert not recovery.abandoned(waiting, 0, may_rerun=False)


def test_a_running_opcode_is_taken_up_again_and_says_so() -> None:
    found = recovery.recovered(job(JobStatus.SUCCESS, JobStatus.RUNNING), NOW)
    assert statuses(found) == ["success", "queued"]
    assert found.interruptions(1) == 1
    assert not recovery.abandoned(found, 1, may_rerun=True)


def test_an_opcode_that_must_not_run_twice_is_abandoned() -> None:
    found = recovery.recovered(job(JobStatus.RUNNING, JobStatus.QUEUED), NOW)
    assert statuses(found) == ["queued", "queued"]
    assert recovery.abandoned(found, 0, may_rerun=False)


def test_a_death_before_it_was_taken_up_counts_once() -> None:
    found = recovery.recovered(job(JobStatus.RUNNING), NOW)
    assert recovery.recovered(found, NOW) == found
    waiting = found.with_op(0, status=JobStatus.WAITING)
    assert recovery.recovered(waiting, NOW) == found
    assert recovery.abandoned(found, 0, may_rerun=False)


def test_there_is_a_limit_of_tries() -> None:
    found = job(JobStatus.RUNNING)
    for _ in range(recovery.MAX_TRIES):
        assert not recovery.abandoned(found, 0, may_rerun=True)
        running = found.with_op(0, status=JobStatus.RUNNING)
        found = recovery.recovered(running, NOW)
    assert recovery.abandoned(found, 0, may_rerun=True)


def test_a_job_that_was_being_canceled_is_canceled() -> None:
    for begun in (JobStatus.WAITING, JobStatus.RUNNING):
        found = recovery.recovered(job(begun, JobStatus.QUEUED).canceling(), NOW)
        assert statuses(found) == ["canceled", "canceled"]
