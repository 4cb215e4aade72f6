from __future__ import annotations

from ganeti_backend import jobs, opcodes, recovery
from ganeti_backend.jobs import JobStatus

NOW = (9, 0)


def job(*statuses: JobStatus) -> jobs.Job:
    made = jobs.new_job(1, [opcodes.OpTestDelay() for _ in statuses], 0)
    for index, status in enumerate(statuses):
        made = made.with_op(index, status=status)
    return made


def statuses(found: jobs.Job) -> list[str]:
    return [op.status.value for op in found.ops]


def test_jobs_that_had_not_begun_are_queued() -> None:
    waiting = recovery.recovered(job(JobStatus.WAITING, JobStatus.QUEUED), NOW, lambda op: True)
    assert statuses(waiting) == ["queued", "queued"]
    assert waiting.ops[0].log == ()


def test_a_running_opcode_runs_again_and_says_so() -> None:
    found = recovery.recovered(job(JobStatus.SUCCESS, JobStatus.RUNNING), NOW, lambda op: True)
    assert statuses(found) == ["success", "queued"]
    assert found.interruptions(1) == 1


def test_an_opcode_that_must_not_run_twice_ends_with_the_cause() -> None:
    found = recovery.recovered(job(JobStatus.RUNNING, JobStatus.QUEUED), NOW, lambda op: False)
    assert statuses(found) == ["error", "error"]
    assert found.ops[0].result == [
        "OpExecError",
        ["The job was interrupted by a restart of the master"],
    ]
    assert found.end_timestamp == NOW


def test_there_is_a_limit_of_tries() -> None:
    found = job(JobStatus.RUNNING)
    for _ in range(recovery.MAX_TRIES):
        assert not found.finalized
        found = recovery.recovered(found.with_op(0, status=JobStatus.RUNNING), NOW, lambda op: True)
    assert statuses(found) == ["error"]


def test_a_job_that_was_being_canceled_is_canceled() -> None:
    found = recovery.recovered(job(JobStatus.CANCELING, JobStatus.QUEUED), NOW, lambda op: True)
    assert statuses(found) == ["canceled", "canceled"]
