"""The master dies at each step it takes: at every system call that changes its files.

Each of these moments gives the files that a cut would leave and the nodes as they were; a new
master starts on them. What had begun is taken up again or cleaned up after, what waited runs, and
nobody holds a lock for the dead.
"""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import pytest

from ganeti_backend import opcodes
from ganeti_backend.queue.jobs import JobStatus
from tests.unit.ganeti_backend.core.conftest import Lab
from tests.unit.ganeti_backend.core.power_cut import PowerCut, images

CREATE = opcodes.OpInstanceCreate(
    instance_name="vm1",
    disk_template="file",
    disks=[{"size": 64}],
    os_type="image",
    osparams={"img_id": "i"},
    nics=[{}],
)
REMOVE = opcodes.OpInstanceRemove(instance_name="vm1")
DELAY = opcodes.OpTestDelay(on_master=False, on_nodes=["node1.local"])
AFTER = opcodes.OpTestDelay(depends=[[-1, []]])
WAIT = 20.0


class Story:
    """What a master does, with its files and nodes after each of its steps."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.nodes: list[Any] = []
        self.acknowledged = 0

    def tell(self, op: opcodes.OpCode, before: list[opcodes.OpCode]) -> PowerCut:
        """Run the opcode and a job after it, on a master whose files are watched."""
        lab = self._lab
        for earlier in before:
            lab.succeed(earlier)
        lab.crash()
        root = lab.settings.data_dir.parent
        with pytest.MonkeyPatch.context() as patch:
            layer = PowerCut(root, patch)
            layer.on_state = self._note
            lab.start()
            ids = lab.master.submit_many([[op], [AFTER]])
            self.acknowledged = layer.now
            for job_id in ids:
                assert lab.wait(job_id).status == JobStatus.SUCCESS
            lab.master.stop()
        return layer

    def _note(self) -> None:
        with self._lab.nodes._lock:
            self.nodes.append(copy.deepcopy(self._lab.nodes.nodes))


def whole(lab: Lab, job_ids: list[int]) -> None:
    """Nothing is half there, and nothing is held."""
    for job_id in job_ids:
        lab.wait(job_id)
    lab.master.housekeeping.clean_up_creations()
    lab.master.housekeeping.clear_debris()
    master = lab.master
    assert master.locks.locks() == []
    assert master.processor.unfinished == set()
    assert master.config.pending() == []
    known = {disk.uuid: i.primary_node for i in master.config.instances() for disk in i.disks}
    found = {disk: name for name, node in lab.nodes.nodes.items() for disk in node.disks}
    assert found == known
    guests = {guest: name for name, node in lab.nodes.nodes.items() for guest in node.guests}
    assert guests == {i.name: i.primary_node for i in master.config.instances()}


@pytest.mark.parametrize(
    ("op", "before", "may_fail"),
    [(CREATE, [], False), (REMOVE, [CREATE], False), (DELAY, [], True)],
    ids=["create", "remove", "not-twice"],
)
def test_a_master_that_dies_leaves_nothing_half_done(
    lab: Lab,
    tmp_path_factory: pytest.TempPathFactory,
    op: opcodes.OpCode,
    before: list[opcodes.OpCode],
    may_fail: bool,
) -> None:
    story = Story(lab)
    layer = story.tell(op, before)
    root = Path(layer.root)
    first = len(before) + 1
    chance = random.Random(3)
    target = tmp_path_factory.mktemp("cuts")
    seen: set[str] = set()
    moments = range(story.acknowledged, len(layer.states))
    for moment in moments:
        # One way to cut at each moment; the test of the queue tries all of them.
        *_, image = images(layer.states[moment], root, target / str(moment), chance)
        after = Lab(image)
        after.nodes.nodes = story.nodes[moment]
        after.start()
        try:
            whole(after, [first, first + 1])
            job = after.master.job(first)
            assert job is not None
            seen.add(job.status.value)
            instance = after.master.config.instance("vm1")
            if isinstance(op, opcodes.OpInstanceCreate):
                assert (instance is not None) == (job.status == JobStatus.SUCCESS)
            if job.status != JobStatus.SUCCESS:
                cause = "The job was interrupted by a restart of the master"
                assert job.ops[0].result == ["OpExecError", [cause]]
            follower = after.master.job(first + 1)
            assert follower is not None
            # It ran, unless the master died while it did so.
            assert (follower.status == JobStatus.ERROR) == (follower.interruptions(0) > 0)
        finally:
            after.master.stop()
    assert seen == ({"success", "error"} if may_fail else {"success"})
    assert len(moments) > 10
