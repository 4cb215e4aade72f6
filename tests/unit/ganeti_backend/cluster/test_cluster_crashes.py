"""The master dies in the middle of opcodes about the cluster: the next one ends them, once."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from ganeti_backend import opcodes
from ganeti_backend.queue.jobs import JobStatus
from ganeti_backend.units import child_jobs
from tests.unit.ganeti_backend.core.conftest import Lab
from tests.unit.ganeti_backend.core.test_crashes import KilledAt

NETWORK = opcodes.OpNetworkAdd(network_name="net1", network="192.0.2.0/28")
FILE = opcodes.OpInstanceCreate(
    instance_name="web1", disk_template="file", disks=[{"size": 10}], pnode="node1.local"
)
CHANGES = [
    opcodes.OpClusterSetParams(mac_prefix="aa:bb:cc", beparams={"vcpus": 2}),
    opcodes.OpClusterRename(name="new.local"),
    opcodes.OpNetworkSetParams(network_name="net1", gateway="192.0.2.1"),
    opcodes.OpNetworkRename(network_name="net1", new_name="net2"),
]


@pytest.mark.parametrize("phase", ["pre", "post"])
@pytest.mark.parametrize("op", CHANGES, ids=lambda op: op.OP_ID)
def test_a_change_is_made_once(killed_at: KilledAt, op: opcodes.OpCode, phase: str) -> None:
    lab = killed_at("hooks_run", op, phase=phase, before=[NETWORK])
    assert lab.wait(2).status == JobStatus.SUCCESS
    config = lab.master.config
    thing = (
        config.cluster()
        if op.OP_ID.startswith("OP_CLUSTER")
        else config.network("net1") or config.network("net2")
    )
    assert thing is not None
    if isinstance(op, opcodes.OpClusterRename | opcodes.OpNetworkRename):
        assert thing.name in ("new.local", "net2")
    # Of the cluster's changes some are of the masters' starts.
    assert thing.KIND == "cluster" or thing.serial_no == 2


@pytest.mark.parametrize(
    ("op", "call"),
    [
        (opcodes.OpClusterVerifyGroup(group_name="default"), "volumes"),
        (opcodes.OpClusterVerifyGroup(group_name="default"), "disk_status"),
        (opcodes.OpGroupVerifyDisks(group_name="default"), "disk_status"),
        (opcodes.OpClusterRepairDiskSizes(), "disk_status"),
    ],
)
def test_what_only_looks_looks_again(killed_at: KilledAt, op: opcodes.OpCode, call: str) -> None:
    lab = killed_at(call, op, before=[FILE])
    job = lab.wait(2)
    assert job.status == JobStatus.SUCCESS
    assert job.ops[0].result == lab.succeed(op)


@pytest.mark.parametrize("kind", [opcodes.OpClusterVerify, opcodes.OpClusterVerifyDisks])
def test_jobs_are_made_once(
    lab: Lab,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    kind: type[opcodes.OpCode],
) -> None:
    """The crash comes when the jobs are in the queue and nobody has been told."""
    lab.succeed(opcodes.OpGroupAdd(group_name="rack2"))
    submitted = child_jobs._submitted
    target = tmp_path_factory.mktemp("after") / "state"

    def then_copy(unit: Any, jobs: Any) -> Any:
        found = submitted(unit, jobs)
        folder = lab.settings.data_dir.parent
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns("*.new"))
        return found

    monkeypatch.setattr(child_jobs, "_submitted", then_copy)
    parent = lab.master.submit([kind()])
    lab.wait(parent)
    monkeypatch.undo()
    following = Lab(target)
    following.start()
    made = following.wait(parent).ops[0].result["jobs"]
    ids = [job_id for _, job_id in made]
    assert ids == list(range(parent + 1, parent + 1 + len(ids)))
    assert all(following.wait(job_id).status == JobStatus.SUCCESS for job_id in ids)
    assert max(following.master.job_ids()) == ids[-1]
    following.master.stop()
