"""INSTANCE_CHANGE_GROUP: jobs that bring an instance into another node group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ganeti_backend import errors, opcodes, settings
from ganeti_backend.node_rpc.fake import FakeNodeClient
from tests.unit.ganeti_backend.moves.conftest import NODE3, Lab


@pytest.fixture
def groups(lab: Lab) -> Lab:
    lab.succeed(opcodes.OpGroupAdd(group_name="far"))
    lab.succeed(opcodes.OpGroupAssignNodes(group_name="far", nodes=[NODE3]))
    return lab


def change(**values: Any) -> opcodes.OpInstanceChangeGroup:
    return opcodes.OpInstanceChangeGroup(**{"instance_name": "vm1", **values})


@pytest.mark.parametrize("wish", [{}, {"target_groups": ["far"]}])
def test_an_instance_goes_to_another_group(groups: Lab, wish: dict[str, Any]) -> None:
    groups.make("sharedfile")
    result = groups.succeed(change(**wish))
    ((done, job_id),) = result["jobs"]
    assert done
    assert groups.wait(job_id).status == "success"
    assert groups.instance.primary_node == NODE3
    groups.settled()


@pytest.mark.parametrize(
    ("wish", "code", "text"),
    [
        ({"target_groups": ["default"]}, errors.ECODE_INVAL, "Can't use group(s) default"),
        ({"target_groups": ["nosuch"]}, errors.ECODE_NOENT, "'nosuch' not found"),
        ({"instance_name": "vm9"}, errors.ECODE_NOENT, "'vm9' not known"),
    ],
)
def test_refusals(groups: Lab, wish: dict[str, Any], code: str, text: str) -> None:
    groups.make("sharedfile")
    kind, (message, found) = groups.fail(change(**wish))
    assert (kind, found) == ("OpPrereqError", code)
    assert text in message


def test_where_there_is_no_other_group(lab: Lab) -> None:
    lab.make("sharedfile")
    assert lab.fail(change())[1] == ["There are no possible target groups", errors.ECODE_INVAL]


def test_local_disks_and_lack_of_room_are_said(groups: Lab) -> None:
    groups.make("file")
    kind, (message,) = groups.fail(change())
    assert kind == "OpExecError"
    assert "its disks are on one node only" in message


def test_networks_must_be_connected_there(groups: Lab) -> None:
    groups.network()
    groups.make("sharedfile", nics=[{"network": "net1", "ip": "pool"}])
    kind, (message,) = groups.fail(change())
    assert kind == "OpExecError"
    assert "Unable to change group of instance vm1" in message
    _, (message, code) = groups.fail(
        opcodes.OpInstanceMigrate(instance_name="vm1", target_node=NODE3)
    )
    assert code == errors.ECODE_STATE
    assert "not connected to network net1" in message


def test_hooks_hear_of_the_groups(groups: Lab) -> None:
    groups.make("sharedfile")
    groups.nodes.asked.clear()
    groups.succeed(change())
    env = groups.calls("hooks_run")[0][1]["env"]
    assert env["GANETI_HOOKS_PATH"] == "instance-change-group"
    assert env["GANETI_TARGET_GROUPS"] == "far"


def test_a_mirrored_instance_takes_one_copy_with_it_and_then_the_other(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    names = [f"node{number}.local" for number in range(1, 5)]
    lab.settings = settings.for_state(tmp_path, 0, range(1, 5))
    lab.nodes = FakeNodeClient(names)
    lab.start(patience=0.3)
    try:
        lab.succeed(opcodes.OpGroupAdd(group_name="far"))
        lab.succeed(opcodes.OpGroupAssignNodes(group_name="far", nodes=names[2:]))
        lab.make("drbd")
        ((_, job_id),) = lab.succeed(change())["jobs"]
        job = lab.wait(job_id)
        assert job.status == "success", [op.result for op in job.ops]
        assert set(lab.instance.nodes) == set(names[2:])
        lab.settled()
        assert sorted(lab.disks_on) == names[2:]
    finally:
        lab.master.stop()
