"""The master dies at any call of a move: the next one ends it, and the guest never runs twice."""

from __future__ import annotations

import copy
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ganeti_backend import opcodes
from ganeti_backend.queue.jobs import JobStatus
from tests.unit.ganeti_backend.moves.conftest import NODE1, NODE2, Lab

MIGRATE = opcodes.OpInstanceMigrate(instance_name="vm1", target_node=NODE2)
FAILOVER = opcodes.OpInstanceFailover(instance_name="vm1", target_node=NODE2)
MOVE = opcodes.OpInstanceMove(instance_name="vm1", target_node=NODE2)


class Snapshots:
    """What a SIGKILL before each node call of one job would leave."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self._lab = lab
        self._folder = folder
        self._one_at_a_time = threading.Lock()
        self.taken: list[tuple[str, Path, dict[str, Any]]] = []
        lab.nodes.on_call = self._on_call

    def _on_call(self, node: str, call: str, arguments: dict[str, Any]) -> None:
        assert len(self._lab.running_on) <= 1
        if call.startswith(("replica", "node_info", "instances_info")):
            return
        with self._one_at_a_time:  # Hooks run on several nodes at once.
            target = self._folder / str(len(self.taken))
            source = self._lab.settings.data_dir.parent
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.new"))
            nodes = copy.deepcopy(self._lab.nodes.nodes)
            self.taken.append((f"{call} on {node}", target, nodes))


@pytest.fixture
def after(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Runs an opcode, then for each of its node calls a master that was killed before it."""

    def each(op: opcodes.OpCode) -> Iterator[tuple[str, Lab]]:
        snapshots = Snapshots(lab, tmp_path_factory.mktemp("killed"))
        lab.succeed(op)
        lab.nodes.on_call = None
        for moment, folder, nodes in snapshots.taken:
            following = Lab(folder)
            following.nodes.nodes = nodes
            following.nodes.on_call = lambda *_, lab=following: _once(lab)
            following.start(patience=0.3)
            try:
                yield moment, following
            finally:
                following.master.stop()

    return each


def _once(lab: Lab) -> None:
    assert len(lab.running_on) <= 1


@pytest.mark.parametrize(
    ("template", "op"),
    [
        ("sharedfile", MIGRATE),
        ("drbd", MIGRATE),
        ("sharedfile", FAILOVER),
        ("drbd", FAILOVER),
        ("file", MOVE),
    ],
)
def test_a_move_survives_the_death_of_the_master(
    lab: Lab, after: Any, template: str, op: opcodes.OpCode
) -> None:
    lab.make(template)
    moments = []
    for moment, following in after(op):
        job = following.wait(2)
        moments.append(moment)
        assert job.status == JobStatus.SUCCESS, (moment, job.ops[0].result)
        following.nodes.on_call = None
        following.master.housekeeping.settle_copies()
        following.master.housekeeping.clear_debris()
        assert following.instance.primary_node == NODE2, moment
        following.settled()
        if template == "file":
            assert following.disks_on == [NODE2], moment
    assert len(moments) >= 7


def test_a_migration_given_up_by_the_queue_is_settled_by_housekeeping(lab: Lab, after: Any) -> None:
    """A job that nobody runs again leaves a doubt, which the master ends unasked."""
    lab.make("sharedfile")
    for moment, following in after(MIGRATE):
        following.wait(2)
        following.nodes.on_call = None
        following.master.housekeeping.settle_copies()
        assert following.running_on in ([NODE1], [NODE2]), moment
        following.settled()
