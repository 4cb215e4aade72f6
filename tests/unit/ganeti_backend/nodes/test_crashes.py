"""The master dies while it changes nodes and groups: the job is done all the same, and once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ganeti_backend import opcodes
from ganeti_backend.master.unit_table import UNITS
from ganeti_backend.node_rpc.fake import FakeNode
from ganeti_backend.queue.jobs import Job, JobStatus
from ganeti_backend.units.base import JobHandle
from tests.unit.ganeti_backend.core.conftest import Lab

KilledAt = Callable[..., Lab]
NEW = "node4.local"
RACK2 = opcodes.OpGroupAdd(group_name="rack2")
STEPS: list[tuple[opcodes.OpCode, list[opcodes.OpCode]]] = [
    (opcodes.OpNodeAdd(node_name=NEW, primary_ip="192.0.2.4"), []),
    (opcodes.OpNodeRemove(node_name="node3.local"), []),
    (opcodes.OpNodeSetParams(node_name="node2.local", offline=True), []),
    (RACK2, []),
    (opcodes.OpGroupSetParams(group_name="rack2", alloc_policy="unallocable"), [RACK2]),
    (opcodes.OpGroupRename(group_name="rack2", new_name="rack3"), [RACK2]),
    (opcodes.OpGroupRemove(group_name="rack2"), [RACK2]),
]


@pytest.mark.parametrize("phase", ["pre", "post"])
@pytest.mark.parametrize(("op", "before"), STEPS, ids=lambda item: getattr(item, "OP_ID", ""))
def test_each_change(
    lab: Lab,
    killed_at: KilledAt,
    op: opcodes.OpCode,
    before: list[opcodes.OpCode],
    phase: str,
) -> None:
    lab.nodes.nodes[NEW] = FakeNode()
    following = killed_at("hooks_run", op, phase=phase, before=before)
    job = following.wait(len(before) + 1)
    assert job.status == JobStatus.SUCCESS, job.ops[0].result
    assert seen(following) == seen(lab)
    if phase == "pre":
        assert job.interruptions(0) == 1


def seen(lab: Lab) -> Any:
    """What is in the configuration, whatever uuids and times it got there with."""
    config = lab.master.config
    groups = {group.uuid: group.name for group in config.groups()}
    nodes = [(n.name, n.offline, n.master_candidate, groups[n.group]) for n in config.nodes()]
    found = [(group.name, group.alloc_policy) for group in config.groups()]
    return sorted(nodes), sorted(found), config.cluster().removed_nodes


def test_a_node_that_never_answered_is_not_added_later(killed_at: KilledAt, lab: Lab) -> None:
    lab.nodes.nodes[NEW] = FakeNode()
    following = killed_at("version", opcodes.OpNodeAdd(node_name=NEW, primary_ip="192.0.2.4"))
    assert following.wait(1).status == JobStatus.SUCCESS
    assert following.master.places.find(NEW) == ("192.0.2.4", 1811)


def again(lab: Lab, parent: Job) -> Any:
    """Run the opcode of a finished job as a master would that knows nothing of its end."""
    op = parent.ops[0].input
    handle = JobHandle(parent.id, 0, lambda _text: None, again=True)
    unit = UNITS[type(op)](op, lab.master.processor._reach, handle)
    unit.check_prerequisites()
    return unit.execute()


def test_jobs_are_submitted_once(lab: Lab) -> None:
    for name in ("vm1", "vm2"):
        lab.succeed(opcodes.OpInstanceCreate(instance_name=name, pnode="node1.local", start=False))
    parent = lab.run(opcodes.OpNodeMigrate(node_name="node1.local"))
    made = parent.ops[0].result
    assert len(made["jobs"]) == 2
    count = len(lab.master.job_ids())
    assert again(lab, parent) == made
    assert len(lab.master.job_ids()) == count


def test_only_what_is_missing_is_submitted(lab: Lab) -> None:
    lab.succeed(opcodes.OpInstanceCreate(instance_name="vm1", pnode="node1.local", start=False))
    parent = lab.run(opcodes.OpNodeMigrate(node_name="node1.local"))
    lab.succeed(opcodes.OpInstanceCreate(instance_name="vm2", pnode="node1.local", start=False))
    (first,) = parent.ops[0].result["jobs"]
    found = again(lab, parent)["jobs"]
    assert found[0] == first
    ((_, second),) = found[1:]
    job = lab.wait(second)
    assert job.ops[0].input.target == "vm2"
