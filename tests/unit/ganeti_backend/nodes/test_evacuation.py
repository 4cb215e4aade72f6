"""Bringing instances away from a node: which jobs, and never twice."""

from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.queue.jobs import Job
from ganeti_backend.units import child_jobs, relocation
from tests.unit.ganeti_backend.core.conftest import Lab

NODE = objects.Node(name="node1.local", uuid="n1")


def instance(name: str, template: str, **values: Any) -> objects.Instance:
    fixed = {"primary_node": NODE.name, "admin_state": objects.ADMIN_UP, **values}
    return objects.Instance(name=name, uuid=name, disk_template=template, **fixed)


def planned(mode: str, *instances: objects.Instance, **values: Any) -> list[list[str]]:
    wanted = relocation.Evacuation(**{"node": NODE, "mode": mode, **values})
    jobs = relocation.parsed(relocation.plan(wanted, instances))
    return [[f"{op.summary}" for op in ops] for ops in jobs]


MIRRORED = instance("db", "drbd", secondary_node="node2.local")
BACKUP = instance("web", "drbd", primary_node="node2.local", secondary_node=NODE.name)
SHARED = instance("mail", "sharedfile")


def test_primaries() -> None:
    found = planned("primary-only", MIRRORED, BACKUP, SHARED)
    assert found == [["INSTANCE_MIGRATE(db)"], ["INSTANCE_MIGRATE(mail)"]]


def test_secondaries() -> None:
    found = planned("secondary-only", MIRRORED, BACKUP, SHARED)
    assert found == [["INSTANCE_REPLACE_DISKS(web)"]]


def test_all() -> None:
    both = ["INSTANCE_MIGRATE(db)", "INSTANCE_REPLACE_DISKS(db)"]
    assert planned("all", MIRRORED, BACKUP) == [both, ["INSTANCE_REPLACE_DISKS(web)"]]


def test_what_does_not_run_or_whose_node_is_gone_fails_over() -> None:
    stopped = instance("db", "drbd", secondary_node="n2", admin_state=objects.ADMIN_DOWN)
    assert planned("primary-only", stopped) == [["INSTANCE_FAILOVER(db)"]]
    gone = planned("primary-only", MIRRORED, node=NODE.replace(offline=True))
    assert gone == [["INSTANCE_FAILOVER(db)"]]


def test_local_disks_cannot_be_brought_away() -> None:
    with pytest.raises(errors.OpExecError, match="Unable to evacuate instances cache"):
        planned("all", MIRRORED, instance("cache", "plain"))


@pytest.fixture
def crowded(lab: Lab) -> Lab:
    for name in ("vm1", "vm2"):
        lab.succeed(opcodes.OpInstanceCreate(instance_name=name, pnode=NODE.name))
    return lab


def test_the_result_is_the_jobs(crowded: Lab) -> None:
    found = crowded.succeed(opcodes.OpNodeMigrate(node_name=NODE.name))
    assert [ok for ok, _ in found["jobs"]] == [True, True]
    jobs = [crowded.master.job(job_id) for _, job_id in found["jobs"]]
    assert [job.ops[0].input.summary for job in jobs if job] == [
        "INSTANCE_MIGRATE(vm1)",
        "INSTANCE_MIGRATE(vm2)",
    ]
    sources = [entry[0] for entry in jobs[0].ops[0].input.reason] if jobs[0] else []
    assert sources == ["gnt:opcode:node_migrate", "gnt:opcode:instance_migrate"]


def test_an_interrupted_opcode_finds_its_jobs(crowded: Lab) -> None:
    made = crowded.succeed(opcodes.OpNodeMigrate(node_name=NODE.name))["jobs"]
    ((parent),) = [
        job for job in crowded.master.queue.jobs() if job.ops[0].input.OP_ID == "OP_NODE_MIGRATE"
    ]
    assert [job.id for job in children(crowded, parent)] == [job_id for _, job_id in made]


def children(lab: Lab, parent: Job) -> list[Job]:
    class Stub:
        class job:  # noqa: N801  It stands for an attribute.
            job_id, op_index = parent.id, 0

        class reach:  # noqa: N801
            jobs = staticmethod(lab.master.queue.jobs)

    return child_jobs.children(Stub())  # type: ignore[arg-type]


def test_a_drained_queue_is_told_for_each_job(
    crowded: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_jobs: Any) -> list[int]:
        raise errors.QueueDrained("Queue drained")

    object.__setattr__(crowded.master.processor._reach, "submit", refuse)
    found = crowded.succeed(opcodes.OpNodeMigrate(node_name=NODE.name))
    assert found == {"jobs": [[False, "Queue drained"], [False, "Queue drained"]]}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"node_name": "node9"}, "unknown_entity"),
        ({"remote_node": "node2.local", "iallocator": "hail"}, "wrong_input"),
        ({"remote_node": "node2.local", "mode": "primary-only"}, "wrong_input"),
        ({"remote_node": "node9"}, "unknown_entity"),
        ({"remote_node": NODE.name}, "wrong_input"),
    ],
)
def test_refused_evacuations(lab: Lab, values: dict[str, Any], code: str) -> None:
    op = opcodes.OpNodeEvacuate(**{"node_name": NODE.name, "mode": "secondary-only", **values})
    assert lab.fail(op)[1][1] == code


def test_an_empty_node_makes_no_jobs(lab: Lab) -> None:
    op = opcodes.OpNodeEvacuate(node_name="node3.local", mode="all")
    assert lab.succeed(op) == {"jobs": []}
