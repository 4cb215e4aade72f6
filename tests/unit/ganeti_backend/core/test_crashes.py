"""The master dies at any moment, or a node does: nothing accepted is lost or stays half done."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ganeti_backend import opcodes
from ganeti_backend.configuration.config import Pending
from ganeti_backend.master.master import Master
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.fake import FakeNode
from ganeti_backend.queue.jobs import JobStatus
from tests.unit.ganeti_backend.core.conftest import Gate, Lab

KilledAt = Callable[..., Lab]
CREATE = opcodes.OpInstanceCreate(
    instance_name="vm1",
    disk_template="file",
    disks=[{"size": 64}],
    os_type="image",
    osparams={"img_id": "i"},
    nics=[{}],
)


class Snapshot:
    """What a SIGKILL at a certain node call leaves: the files and the nodes as they are by then."""

    def __init__(self, lab: Lab, target: Path, call: str, phase: str = "") -> None:
        self._lab = lab
        self._target = target
        self._call = call
        self._phase = phase
        self._nodes: dict[str, FakeNode] = {}
        lab.nodes.on_call = self._on_call

    def _on_call(self, node: str, call: str, arguments: dict[str, Any]) -> None:
        right_phase = arguments.get("phase", "") == self._phase
        if call != self._call or not right_phase or self._nodes:
            return
        self._nodes = copy.deepcopy(self._lab.nodes.nodes)
        folder = self._lab.settings.data_dir.parent
        shutil.copytree(folder, self._target, ignore=shutil.ignore_patterns("*.new"))

    def next_lab(self) -> Lab:
        """A new master on the copies; the old one is out of the story."""
        assert self._nodes, f"{self._call} was not called"
        self._lab.nodes.on_call = None
        following = Lab(self._target)
        following.nodes.nodes = self._nodes
        following.start()
        return following


@pytest.fixture
def killed_at(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KilledAt]:
    labs: list[Lab] = []

    def killed(call: str, op: opcodes.OpCode = CREATE, phase: str = "", before: Any = ()) -> Lab:
        for earlier in before:
            lab.succeed(earlier)
        target = tmp_path_factory.mktemp("after") / "state"
        snapshot = Snapshot(lab, target, call, phase)
        lab.run(op)
        labs.append(snapshot.next_lab())
        return labs[-1]

    yield killed
    for following in labs:
        following.master.stop()


MOMENTS = [
    ("hooks_run", "pre"),
    ("disk_create", ""),
    ("image_fill", ""),
    ("task_status", ""),
    ("instance_start", ""),
    ("hooks_run", "post"),
]


@pytest.mark.parametrize(("call", "phase"), MOMENTS)
def test_a_creation_survives_the_death_of_the_master(
    killed_at: KilledAt, call: str, phase: str
) -> None:
    lab = killed_at(call, phase=phase)
    job = lab.wait(1)
    assert job.status == JobStatus.SUCCESS
    assert job.interruptions(0) == 1
    instance = lab.master.config.instance("vm1")
    assert instance.admin_state == "up"
    assert lab.master.config.pending() == []
    disks = {disk: name for name, node in lab.nodes.nodes.items() for disk in node.disks}
    assert disks == {instance.disks[0].uuid: instance.primary_node}
    guests = [name for name, node in lab.nodes.nodes.items() if node.guests]
    assert guests == [instance.primary_node]
    if phase == "post":
        # It was complete before: nothing is made again, only the hooks run.
        assert lab.calls("disk_create") == []
        assert len(lab.calls("hooks_run")) == 1 + (instance.primary_node != "node1.local")


@pytest.mark.parametrize(
    ("op", "call"),
    [
        (opcodes.OpInstanceRemove(instance_name="vm1"), "disk_remove"),
        (opcodes.OpInstanceRemove(instance_name="vm1"), "instance_forget"),
        (opcodes.OpInstanceShutdown(instance_name="vm1"), "instance_shutdown"),
        (opcodes.OpInstanceStartup(instance_name="vm1"), "instance_start"),
        (opcodes.OpInstanceReboot(instance_name="vm1"), "instance_reboot"),
    ],
)
def test_other_work_is_done_again(killed_at: KilledAt, op: opcodes.OpCode, call: str) -> None:
    lab = killed_at(call, op, before=[CREATE])
    assert lab.wait(2).status == JobStatus.SUCCESS
    left = lab.master.config.instance("vm1")
    assert (left is None) == isinstance(op, opcodes.OpInstanceRemove)


@pytest.mark.parametrize(
    ("op", "before"),
    [
        (opcodes.OpInstanceRemove(instance_name="vm1"), [CREATE]),
        (opcodes.OpNetworkAdd(network_name="net1", network="10.0.0.0/24"), []),
    ],
)
def test_finished_work_is_recognised_by_its_receipt(
    killed_at: KilledAt, op: opcodes.OpCode, before: list[opcodes.OpCode]
) -> None:
    lab = killed_at("hooks_run", op, phase="post", before=before)
    assert lab.wait(len(before) + 1).status == JobStatus.SUCCESS


def test_work_that_must_not_run_twice_ends_in_error_with_the_cause(killed_at: KilledAt) -> None:
    delay = opcodes.OpTestDelay(on_master=False, on_nodes=["node1.local"])
    lab = killed_at("test_delay", delay)
    assert lab.wait(1).ops[0].result == [
        "OpExecError",
        ["The job was interrupted by a restart of the master"],
    ]
    lab.succeed(delay)


def test_queued_jobs_run_after_a_restart(lab: Lab, gate: Callable[..., Gate]) -> None:
    held = gate("test_delay")
    hold = opcodes.OpTestDelay(on_master=False, on_nodes=["node1.local"])
    first = lab.master.submit([hold])
    assert held.reached.wait(10)
    waiting = lab.master.submit([hold])
    dependent = lab.master.submit([opcodes.OpTestDelay(depends=[[waiting, ["success"]]])])
    lab.wait(waiting, lambda job: job.status == JobStatus.WAITING)
    held.opened.set()
    lab.wait(first)
    lab.crash()
    lab.start()
    for job_id in (waiting, dependent):
        assert lab.wait(job_id).status == JobStatus.SUCCESS


def test_remains_that_no_job_will_remove_are_removed_at_the_start(lab: Lab) -> None:
    disk = {"uuid": "d", "size": 1}
    lab.nodes.nodes["node2.local"].disks["d"] = 1
    lab.master.config.commit(pending=Pending("old", "node2.local", [disk], 77))
    lab.crash()
    lab.start()
    lab.master.housekeeping.clean_up_creations()
    assert lab.master.config.pending() == []
    assert lab.nodes.nodes["node2.local"].disks == {}


def test_a_node_daemon_that_restarts_is_waited_for(lab: Lab) -> None:
    refused: list[str] = []

    def flap(node: str, call: str, arguments: dict[str, Any]) -> None:
        found = lab.nodes.nodes[node]
        if call == "disk_create" and not refused:
            found.reachable = False
            refused.append(call)
        elif refused:
            found.reachable = True

    lab.nodes.on_call = flap
    lab.succeed(CREATE)
    assert len(lab.calls("disk_create")) == 2


def test_what_a_dead_node_keeps_is_removed_when_it_is_back(lab: Lab) -> None:
    lab.crash()
    lab.start(patience=0.3)

    def die(node: str, call: str, arguments: dict[str, Any]) -> None:
        if call == "image_fill":
            lab.nodes.nodes[node].reachable = False

    lab.nodes.on_call = die
    kind, (text,) = lab.fail(CREATE)
    assert kind == "OpExecError"
    assert "unreachable" in text
    assert lab.master.config.instances() == []
    (pending,) = lab.master.config.pending()
    lab.nodes.on_call = None
    node = lab.nodes.nodes[pending.node]
    assert node.disks
    node.reachable = True
    lab.master.housekeeping.clean_up_creations()
    assert lab.master.config.pending() == []
    assert node.disks == {}


def test_a_clean_stop_leaves_running_work_for_the_next_master(
    lab: Lab, gate: Callable[..., Gate]
) -> None:
    lab.nodes.fail(calls.TASK_STATUS, "never ready")
    held = gate("image_fill")
    job_id = lab.master.submit([CREATE])
    assert held.reached.wait(10)
    lab.master.processor._reach.stop.set()
    held.opened.set()
    lab.master.stop()
    lab.nodes.heal(calls.TASK_STATUS)
    lab.nodes.on_call = None
    lab.start()
    assert lab.wait(job_id).status == JobStatus.SUCCESS


def test_old_jobs_are_archived(tmp_path: Path) -> None:
    now = [1_000_000 * 10**9]
    lab = Lab(tmp_path)
    lab.master = Master(lab.settings, lab.nodes, clock=lambda: now[0], threads=2)
    lab.master.start()
    try:
        lab.succeed(opcodes.OpTestDelay())
        lab.master.housekeeping.archive_old_jobs()
        assert lab.master.job_ids() == [1]
        now[0] += 7 * 3600 * 10**9
        lab.master.housekeeping.archive_old_jobs()
        assert lab.master.job_ids() == []
        assert lab.master.job(1).archived  # type: ignore[union-attr]
    finally:
        lab.master.stop()
