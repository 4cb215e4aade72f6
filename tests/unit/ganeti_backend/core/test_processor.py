from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from ganeti_backend import errors, opcodes
from ganeti_backend.master.runs import Run
from ganeti_backend.master.unit_table import UNITS
from ganeti_backend.queue.jobs import LOG_MESSAGE, JobStatus
from tests.unit.ganeti_backend.core.conftest import Gate, Lab
from tests.unit.ganeti_backend.core.test_replication import until

MakeGate = Callable[..., Gate]


def hold(**values: object) -> opcodes.OpTestDelay:
    """Holds the node's lock for as long as its gate is closed."""
    return opcodes.OpTestDelay(on_master=False, on_nodes=["node1.local"], **values)


def test_a_job_waits_for_its_locks_and_then_runs(lab: Lab, gate: MakeGate) -> None:
    held = gate("test_delay")
    first = lab.master.submit([hold()])
    assert held.reached.wait(10)
    second = lab.master.submit([hold()])
    lab.wait(second, lambda job: job.status == JobStatus.WAITING)
    assert lab.master.job(first).status == JobStatus.RUNNING
    held.opened.set()
    assert lab.wait(first).status == lab.wait(second).status == JobStatus.SUCCESS
    assert lab.master.locks.locks() == []


def test_jobs_that_wait_for_locks_hold_no_threads(lab: Lab, gate: MakeGate) -> None:
    held = gate("test_delay")
    waiting = [lab.master.submit([hold()]) for _ in range(30)]
    assert held.reached.wait(10)
    lab.succeed(opcodes.OpTestDelay(duration=0.0))
    held.opened.set()
    assert {lab.wait(job_id).status for job_id in waiting} == {JobStatus.SUCCESS}


def test_the_urgent_job_gets_the_lock_first(lab: Lab, gate: MakeGate) -> None:
    held = gate("test_delay")
    first = lab.master.submit([hold()])
    assert held.reached.wait(10)
    low = lab.master.submit([hold(priority=10)])
    high = lab.master.submit([hold(priority=-10)])
    for job_id in (low, high):
        lab.wait(job_id, lambda job: job.status == JobStatus.WAITING)
    held.opened.set()
    jobs = {job_id: lab.wait(job_id) for job_id in (first, low, high)}
    assert jobs[high].ops[0].exec_timestamp < jobs[low].ops[0].exec_timestamp


def test_opcodes_of_a_job_run_one_after_the_other(lab: Lab) -> None:
    job = lab.run(
        opcodes.OpInstanceCreate(instance_name="vm1"),
        opcodes.OpInstanceShutdown(instance_name="vm1"),
    )
    assert [op.status for op in job.ops] == [JobStatus.SUCCESS] * 2
    assert job.ops[0].end_timestamp <= job.ops[1].start_timestamp
    assert [entry[0] for op in job.ops for entry in op.log] == list(range(1, job.log_serial + 1))


def test_the_rest_of_a_failed_job_is_not_run(lab: Lab) -> None:
    job = lab.run(
        opcodes.OpInstanceShutdown(instance_name="absent"),
        opcodes.OpInstanceCreate(instance_name="vm1"),
    )
    assert [op.status for op in job.ops] == [JobStatus.ERROR] * 2
    assert lab.master.config.instances() == []


def test_a_mistake_in_a_unit_ends_its_job_only(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    def broken(node: str, call: str, arguments: object) -> None:
        raise RuntimeError("a mistake")

    lab.nodes.on_call = broken
    assert lab.fail(hold()) == ["OpExecError", ["RuntimeError: a mistake"]]
    lab.nodes.on_call = None
    lab.succeed(hold())
    assert "failed unexpectedly" in caplog.text
    assert lab.master.locks.locks() == []


# Canceling.


def test_a_job_waiting_for_locks_can_be_canceled(lab: Lab, gate: MakeGate) -> None:
    held = gate("test_delay")
    first = lab.master.submit([hold()])
    assert held.reached.wait(10)
    second = lab.master.submit([hold(), hold()])
    lab.wait(second, lambda job: job.status == JobStatus.WAITING)
    assert lab.master.cancel(second) == (True, f"Dequeued job {second}")
    job = lab.wait(second)
    assert [op.status for op in job.ops] == [JobStatus.CANCELED] * 2
    assert lab.master.cancel(second) == (False, f"Job {second} not found in queue")
    held.opened.set()
    assert lab.wait(first).status == JobStatus.SUCCESS
    lab.succeed(hold())


def test_a_running_job_is_not_canceled(lab: Lab, gate: MakeGate) -> None:
    held = gate("test_delay")
    first = lab.master.submit([hold()])
    assert held.reached.wait(10)
    accepted, text = lab.master.cancel(first)
    assert not accepted
    assert "running" in text
    held.opened.set()
    assert lab.wait(first).status == JobStatus.SUCCESS


def test_an_interruptible_delay_can_be_canceled_while_it_runs(lab: Lab) -> None:
    job_id = lab.master.submit([opcodes.OpTestDelay(duration=60.0, interruptible=True)])
    lab.wait(job_id, lambda job: job.status == JobStatus.RUNNING)
    assert lab.master.cancel(job_id)[0]
    assert lab.wait(job_id).status == JobStatus.CANCELED


def test_canceling_something_unknown(lab: Lab) -> None:
    assert lab.master.cancel(99) == (False, "Job 99 not found in queue")


# Dependencies.


def after(job_id: int, *statuses: str) -> opcodes.OpTestDelay:
    return opcodes.OpTestDelay(depends=[[job_id, list(statuses)]])


def test_a_job_waits_for_the_one_it_depends_on(lab: Lab, gate: MakeGate) -> None:
    held = gate("test_delay")
    first = lab.master.submit([hold()])
    assert held.reached.wait(10)
    second = lab.master.submit([after(first, "success")])
    lab.succeed(opcodes.OpTestDelay())
    assert lab.master.job(second).status == JobStatus.QUEUED
    held.opened.set()
    assert lab.wait(second).status == JobStatus.SUCCESS


def test_a_queued_dependent_can_be_canceled_and_takes_its_followers_along(
    lab: Lab, gate: MakeGate
) -> None:
    held = gate("test_delay")
    first = lab.master.submit([hold()])
    second = lab.master.submit([after(first, "success")])
    third = lab.master.submit([after(second, "success")])
    fourth = lab.master.submit([after(second, "canceled")])
    assert lab.master.cancel(second)[0]
    assert lab.wait(third).status == JobStatus.CANCELED
    assert lab.wait(fourth).status == JobStatus.SUCCESS
    held.opened.set()
    lab.wait(first)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["success"], JobStatus.ERROR),
        (["error"], JobStatus.SUCCESS),
        ([], JobStatus.SUCCESS),
    ],
)
def test_what_a_failed_dependency_means(lab: Lab, statuses: list[str], expected: JobStatus) -> None:
    failed = lab.run(opcodes.OpInstanceShutdown(instance_name="absent"))
    assert lab.run(after(failed.id, *statuses)).status == expected


def test_a_dependency_that_does_not_exist_fails(lab: Lab) -> None:
    assert "does not exist" in lab.fail(after(999, "success"))[1][0]


def test_jobs_of_one_submission_may_depend_on_each_other(lab: Lab) -> None:
    ids = lab.master.submit_many([[opcodes.OpTestDelay()], [after(-1, "success")]])
    assert {lab.wait(job_id).status for job_id in ids} == {JobStatus.SUCCESS}


def test_two_hundred_creations_at_once(lab: Lab) -> None:
    for node in lab.nodes.nodes.values():
        node.memory = 10**6
    ops = [opcodes.OpInstanceCreate(instance_name=f"i{number}") for number in range(200)]
    ids = lab.master.submit_many([[op] for op in ops])
    assert {lab.wait(job_id).status for job_id in ids} == {JobStatus.SUCCESS}
    assert len(lab.master.config.instances()) == 200
    counts = [len(node.guests) for node in lab.nodes.nodes.values()]
    assert sum(counts) == 200
    assert max(counts) - min(counts) < 20


# Steps that fail in the processor itself, and threads that meet over one job.


def test_a_mistake_before_a_unit_runs_ends_its_job_and_frees_its_locks(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("cannot be made")

    monkeypatch.setitem(UNITS, opcodes.OpTestDelay, broken)
    assert lab.fail(hold()) == ["OpExecError", ["RuntimeError: cannot be made"]]
    assert lab.master.processor.unfinished == set()
    assert lab.master.locks.locks() == []
    assert "could not be carried on" in caplog.text


def test_messages_of_several_threads_all_arrive_and_never_undo_the_end(lab: Lab) -> None:
    job_id = lab.master.submit([opcodes.OpTestDelay()])
    lab.wait(job_id)
    run = Run(job_id)
    lab.master.processor._log(run, LOG_MESSAGE, "late")
    assert lab.master.job(job_id).status == JobStatus.SUCCESS
    assert lab.master.job(job_id).log_serial == 0
    waiting = lab.master.submit([after(999_999, "success", "error")])
    lab.wait(waiting)
    held = lab.master.queue.submit([[opcodes.OpTestDelay()]])[0]
    with ThreadPoolExecutor(8) as threads:
        log, run = lab.master.processor._log, Run(held.id)
        list(threads.map(lambda n: log(run, LOG_MESSAGE, str(n)), range(100)))
    serials = [entry[0] for entry in lab.master.job(held.id).ops[0].log]
    assert serials == list(range(1, 101))


def test_text_that_is_not_unicode_does_not_spoil_a_job(lab: Lab) -> None:
    held = lab.master.queue.submit([[opcodes.OpTestDelay()]])[0]
    lab.master.processor._log(Run(held.id), LOG_MESSAGE, "name \udcff")
    lab.master.queue.flush()
    assert lab.master.job(held.id).ops[0].log[0][3] == "name ?"


# Killing and priorities.


def test_a_running_job_can_be_asked_to_stop_at_its_next_safe_point(
    lab: Lab, gate: MakeGate
) -> None:
    held = gate("hooks_run")
    create = opcodes.OpInstanceCreate(instance_name="vm1")
    job_id = lab.master.submit([create, hold()])
    assert held.reached.wait(10)
    assert not lab.master.cancel(job_id)[0]
    assert lab.master.processor.cancel(job_id, kill=True) == (
        True,
        f"Job {job_id} will be canceled",
    )
    assert lab.master.job(job_id).status == JobStatus.CANCELING
    held.opened.set()
    job = lab.wait(job_id)
    assert [op.status for op in job.ops] == [JobStatus.CANCELED] * 2
    assert lab.master.config.instances() == []
    assert lab.master.locks.locks() == []


def test_a_copy_of_an_image_can_be_canceled_and_is_undone(lab: Lab) -> None:
    copying = Gate(lab, "image_fill")
    create = opcodes.OpInstanceCreate(
        instance_name="vm1", disk_template="file", disks=[{"size": 64}],
        os_type="image", osparams={"img_id": "i"},
    )  # fmt: skip
    job_id = lab.master.submit([create])
    assert copying.reached.wait(10)
    assert lab.master.cancel(job_id) == (True, f"Job {job_id} will be canceled")
    copying.opened.set()
    assert lab.wait(job_id).status == JobStatus.CANCELED
    assert lab.master.config.instances() == []
    assert lab.master.config.pending() == []
    assert all(not node.disks for node in lab.nodes.nodes.values())


def test_the_priority_of_a_waiting_job_can_be_changed(lab: Lab, gate: MakeGate) -> None:
    held = gate("test_delay")
    first = lab.master.submit([hold()])
    assert held.reached.wait(10)
    early, late = lab.master.submit([hold()]), lab.master.submit([hold(), hold()])
    for job_id in (early, late):
        lab.wait(job_id, lambda job: job.status == JobStatus.WAITING)
    change = lab.master.processor.change_priority
    assert change(late, -20) == (True, f"Priority of job {late} changed to -20")
    assert [op.priority for op in lab.master.job(late).ops] == [-20, -20]
    assert lab.master.job(late).priority == -20
    held.opened.set()
    jobs = {job_id: lab.wait(job_id) for job_id in (first, early, late)}
    assert jobs[late].ops[0].exec_timestamp < jobs[early].ops[0].exec_timestamp
    assert change(first, 0) == (False, f"Job {first} not found in queue")
    with pytest.raises(errors.OpPrereqError, match="from -20 to 19"):
        change(first, 20)


def test_a_running_opcode_keeps_its_priority(lab: Lab, gate: MakeGate) -> None:
    held = gate("test_delay")
    job_id = lab.master.submit([hold()])
    assert held.reached.wait(10)
    assert lab.master.processor.change_priority(job_id, 10) == (
        False,
        f"Job {job_id} has no opcode left whose priority could be changed",
    )
    held.opened.set()
    lab.wait(job_id)


def _queued_for_locks(lab: Lab) -> int:
    return sum(len(info.pending) for info in lab.master.locks.locks())


def test_who_starves_for_a_lock_becomes_more_urgent(lab: Lab, gate: MakeGate) -> None:
    held = gate("test_delay")
    lab.master.submit([hold()])
    assert held.reached.wait(10)
    low = lab.master.submit([hold(priority=10)])
    until(lambda: _queued_for_locks(lab) == 1)  # The longest wait counts, once all are urgent.
    normal = lab.master.submit([hold()])
    until(lambda: _queued_for_locks(lab) == 2)
    lab.master.processor.age()
    assert lab.master.job(low).priority == 10
    for _ in range(40):
        lab.master.processor.age(0.0)
    assert lab.master.job(low).priority == lab.master.job(normal).priority == -20
    held.opened.set()
    jobs = {job_id: lab.wait(job_id) for job_id in (low, normal)}
    assert jobs[low].ops[0].exec_timestamp < jobs[normal].ops[0].exec_timestamp


# Opportunistic locking.


def opportunist(name: str = "vm1", **values: object) -> opcodes.OpInstanceCreate:
    return opcodes.OpInstanceCreate(instance_name=name, opportunistic_locking=True, **values)


def test_an_opportunist_takes_the_nodes_that_are_free(lab: Lab, gate: MakeGate) -> None:
    held = gate("test_delay", times=2)
    two = opcodes.OpTestDelay(on_master=False, on_nodes=["node1.local", "node3.local"])
    busy = lab.master.submit([two])
    assert held.reached.wait(10)
    assert lab.succeed(opportunist()) == ["node2.local"]
    assert lab.master.job(busy).status == JobStatus.RUNNING
    held.opened.set()
    lab.wait(busy)
    assert lab.master.locks.locks() == []


def test_an_opportunist_that_finds_nothing_free_may_try_again(lab: Lab, gate: MakeGate) -> None:
    held = gate("test_delay", times=3)
    nodes = ["node1.local", "node2.local", "node3.local"]
    busy = lab.master.submit([opcodes.OpTestDelay(on_master=False, on_nodes=nodes)])
    assert held.reached.wait(10)
    kind, (_text, code) = lab.fail(opportunist())
    assert (kind, code) == ("OpPrereqError", errors.ECODE_TEMP_NORES)
    held.opened.set()
    lab.wait(busy)
    big = {"maxmem": 10**6, "minmem": 10**6}
    assert lab.fail(opportunist(beparams=big))[1][1] == errors.ECODE_TEMP_NORES
    assert lab.fail(opportunist(pnode="node1.local"))[1][1] == errors.ECODE_INVAL
    lab.succeed(opportunist())
