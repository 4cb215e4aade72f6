from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend import opcodes
from tests.unit.ganeti_backend.core.conftest import Lab

ALL = ["node", "type", "name", "size", "used", "free", "allocatable"]


def listed(**values: Any) -> opcodes.OpNodeQueryStorage:
    return opcodes.OpNodeQueryStorage(**{"output_fields": ALL, "nodes": ["node2.local"], **values})


def test_units_are_listed(lab: Lab) -> None:
    lab.succeed(
        opcodes.OpInstanceCreate(
            instance_name="vm1", pnode="node2.local", disk_template="file", disks=[{"size": 64}]
        )
    )
    (row,) = lab.succeed(listed(storage_type="file"))
    assert row == ["node2.local", "file", "/fake/disks", 102400, 64, 102336, True]
    rows = lab.succeed(listed(nodes=[], output_fields=["node", "type"]))
    assert rows == [[f"node{n}.local", "file"] for n in (1, 2, 3)]


def test_a_silent_node_is_told_about(lab: Lab) -> None:
    lab.master.stop()
    lab.start(patience=0.0)
    lab.nodes.nodes["node2.local"].reachable = False
    job = lab.run(listed(nodes=[]))
    assert len(job.ops[0].result) == 2
    assert any("node2.local" in str(entry[3]) for entry in job.ops[0].log)


def test_a_physical_volume_is_taken_out_and_in(lab: Lab) -> None:
    fields = {"node_name": "node2.local", "storage_type": "lvm-pv", "name": "/dev/fake1"}
    change = opcodes.OpNodeModifyStorage(**fields, changes={"allocatable": False})
    assert lab.succeed(change) is None
    (row,) = lab.succeed(listed(storage_type="lvm-pv", output_fields=["allocatable"]))
    assert row == [False]
    assert lab.fail(change.replace(storage_type="file"))[1][1] == "wrong_input"
    assert lab.fail(change.replace(changes={"size": 1}))[1][1] == "wrong_input"
    error, (text,) = lab.fail(change.replace(name="/dev/nosuch"))
    assert (error, "/dev/nosuch" in text) == ("OpExecError", True)


def test_a_volume_group_is_repaired(lab: Lab) -> None:
    fields = {"node_name": "node2.local", "storage_type": "lvm-vg", "name": "xenvg"}
    repair = opcodes.OpRepairNodeStorage(**fields)
    assert lab.succeed(repair) is None
    assert lab.fail(repair.replace(storage_type="file"))[1][1] == "wrong_input"


def test_a_repair_spares_the_last_copy(lab: Lab) -> None:
    lab.succeed(opcodes.OpInstanceCreate(instance_name="vm1", pnode="node2.local"))
    instance = lab.master.config.instance("vm1")
    assert instance is not None
    lab.master.config.commit([instance.replace(secondary_node="node3.local")])
    lab.succeed(opcodes.OpNodeSetParams(node_name="node3.local", offline=True))
    fields = {"node_name": "node2.local", "storage_type": "lvm-vg", "name": "xenvg"}
    repair = opcodes.OpRepairNodeStorage(**fields)
    assert lab.fail(repair)[1][1] == "wrong_state"
    lab.succeed(repair.replace(ignore_consistency=True))


def test_volumes_with_their_instances(lab: Lab) -> None:
    lab.succeed(
        opcodes.OpInstanceCreate(
            instance_name="vm1", pnode="node2.local", disk_template="file", disks=[{"size": 64}]
        )
    )
    lab.nodes.nodes["node2.local"].disks["orphan"] = 1
    fields = ["node", "vg", "size", "instance"]
    rows = lab.succeed(opcodes.OpNodeQueryvols(output_fields=fields))
    assert sorted(rows) == [
        ["node2.local", "xenvg", "1", "-"],
        ["node2.local", "xenvg", "64", "vm1"],
    ]


@pytest.mark.parametrize(
    "op",
    [listed(output_fields=["nosuch"]), opcodes.OpNodeQueryvols(output_fields=["nosuch"]),
     listed(storage_type="diskless")],
)  # fmt: skip
def test_refused_lists(lab: Lab, op: opcodes.OpCode) -> None:
    assert lab.fail(op)[1][1] == "wrong_input"
