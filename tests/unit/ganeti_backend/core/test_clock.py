"""The machine's clock is set back or ahead while jobs are under way."""

from __future__ import annotations

import time

from ganeti_backend import opcodes
from ganeti_backend.master.master import Master
from ganeti_backend.queue.jobs import JobStatus
from tests.unit.ganeti_backend.core.conftest import Gate, Lab

HOUR = 3600 * 10**9


class SteppingClock:
    """The time of day, until somebody sets it."""

    def __init__(self) -> None:
        self.offset = 0

    def __call__(self) -> int:
        return time.time_ns() + self.offset


def creation(name: str) -> opcodes.OpCode:
    return opcodes.OpInstanceCreate(
        instance_name=name, disk_template="file", disks=[{"size": 64}], os_type="noop"
    )


def started(lab: Lab) -> SteppingClock:
    """The lab's master, again, with a clock of the test's."""
    lab.master.stop()
    clock = SteppingClock()
    lab.master = Master(lab.settings, lab.nodes, clock=clock, patience=5.0, threads=8)
    lab.master.start()
    return clock


def test_jobs_go_on_when_the_clock_is_set_back(lab: Lab) -> None:
    clock = started(lab)
    first = lab.master.submit([creation("before")])
    lab.wait(first)
    clock.offset = -HOUR
    second = lab.master.submit([creation("after")])
    assert second > first
    assert lab.wait(second).status == JobStatus.SUCCESS
    assert [one.name for one in lab.master.config.instances()] == ["before", "after"]


def test_a_job_that_runs_across_the_step_ends(lab: Lab) -> None:
    clock = started(lab)
    gate = Gate(lab, "disk_create")
    try:
        job_id = lab.master.submit([creation("across")])
        assert gate.reached.wait(20)
        clock.offset = -HOUR
        waiting = lab.master.submit([opcodes.OpInstanceStartup(instance_name="across")])
    finally:
        gate.opened.set()
    assert lab.wait(job_id).status == JobStatus.SUCCESS
    assert lab.wait(waiting).status == JobStatus.SUCCESS


def test_nothing_is_archived_too_early(lab: Lab) -> None:
    clock = started(lab)
    job_id = lab.master.submit([creation("kept")])
    lab.wait(job_id)
    file = lab.settings.queue_dir / f"job-{job_id}"
    clock.offset = -HOUR
    lab.master.archive_older_than(60)
    assert file.exists()
    clock.offset = 2 * HOUR
    lab.master.archive_older_than(60)
    assert not file.exists()
    assert lab.master.job(job_id) is not None


def test_a_restart_with_an_earlier_clock_knows_everything(lab: Lab) -> None:
    clock = started(lab)
    job_id = lab.master.submit([creation("there")])
    lab.wait(job_id)
    lab.crash()
    clock.offset = -HOUR
    lab.master = Master(lab.settings, lab.nodes, clock=clock, patience=5.0, threads=8)
    lab.master.start()
    job = lab.master.job(job_id)
    assert job is not None
    assert job.status == JobStatus.SUCCESS
    assert lab.master.config.instance("there") is not None
    lab.succeed(opcodes.OpInstanceShutdown(instance_name="there"))
