from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend import objects, opcodes
from ganeti_backend.parameters import ipolicy
from tests.unit.ganeti_backend.core.conftest import Lab


def group(lab: Lab, name: str = "rack2") -> objects.NodeGroup:
    found = lab.master.config.group(name)
    assert found is not None
    return found


def hook_environment(lab: Lab, path: str) -> dict[str, str]:
    ran = [a["env"] for _, a in lab.calls("hooks_run") if a["hooks_path"] == path]
    return dict(ran[0])


def limits(**values: int) -> list[dict[str, dict[str, int]]]:
    pair = ipolicy.DEFAULTS["minmax"][0]
    high = {**pair["max"], **{name.replace("_", "-"): value for name, value in values.items()}}
    return [{"min": pair["min"], "max": high}]


@pytest.fixture
def rack2(lab: Lab) -> str:
    lab.succeed(opcodes.OpGroupAdd(group_name="rack2"))
    return "rack2"


def modify(**values: Any) -> opcodes.OpGroupSetParams:
    return opcodes.OpGroupSetParams(group_name="rack2", **values)


def test_a_group_is_added(lab: Lab) -> None:
    values = {"alloc_policy": "last_resort", "ndparams": {"spindle_count": 4}}
    more = {"diskparams": {"drbd": {"metavg": "meta"}}, "ipolicy": {"vcpu-ratio": 2}}
    assert lab.succeed(opcodes.OpGroupAdd(group_name="rack2", **values, **more)) is None
    found = group(lab)
    assert (found.alloc_policy, found.ndparams) == ("last_resort", {"spindle_count": 4})
    assert (found.diskparams, found.ipolicy) == (more["diskparams"], {"vcpu-ratio": 2.0})


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"group_name": "default"}, "already_exists"),
        ({"ipolicy": {"nosuch": 1}}, "wrong_input"),
        ({"ipolicy": {"std": {}}}, "wrong_input"),
        ({"ipolicy": {"disk-templates": ["nosuch"]}}, "wrong_input"),
        ({"ipolicy": {"minmax": limits(memory_size=1)}}, "wrong_input"),
        ({"ndparams": {"nosuch": 1}}, "wrong_input"),
        ({"diskparams": {"drbd": {"nosuch": 1}}}, "wrong_input"),
        ({"disk_state": {"lvm": {}}}, "wrong_input"),
    ],
)
def test_refused_additions(lab: Lab, values: dict[str, Any], code: str) -> None:
    op = opcodes.OpGroupAdd(**{"group_name": "rack2", **values})
    assert lab.fail(op)[1][1] == code
    assert len(lab.master.config.groups()) == 1


def test_what_is_said_of_a_group_is_kept(lab: Lab, rack2: str) -> None:
    lab.succeed(modify(hv_state={"kvm": {"mem_node": 9}}))
    lab.succeed(modify(disk_state={"plain": {"xenvg": {"disk_reserved": 5}}}))
    assert group(lab).hv_state == {"kvm": {"mem_node": 9}}
    assert group(lab).disk_state == {"plain": {"xenvg": {"disk_reserved": 5}}}


def test_changes_and_back_to_the_defaults(lab: Lab, rack2: str) -> None:
    result = lab.succeed(modify(alloc_policy="unallocable", ndparams={"ssh_port": 2222}))
    assert result == [["ndparams", {"ssh_port": 2222}], ["alloc_policy", "unallocable"]]
    lab.succeed(modify(diskparams={"plain": {"stripes": 2}}, ipolicy={"spindle-ratio": 8}))
    assert group(lab).diskparams == {"plain": {"stripes": 2}}
    back = {"diskparams": {"plain": {"stripes": "default"}}, "ipolicy": {"spindle-ratio": None}}
    lab.succeed(modify(**back, ndparams={"ssh_port": "default"}))
    found = group(lab)
    assert (found.ndparams, found.diskparams, found.ipolicy) == ({}, {}, {})
    assert lab.fail(modify())[1][1] == "wrong_input"
    assert lab.fail(opcodes.OpGroupSetParams(group_name="x", ndparams={}))[1][1] == "unknown_entity"


def test_a_tighter_policy_names_whom_it_hits(lab: Lab) -> None:
    lab.succeed(opcodes.OpInstanceCreate(instance_name="vm1", beparams={"vcpus": 4}))
    change = {"ipolicy": {"minmax": limits(cpu_count=2)}}
    job = lab.run(opcodes.OpGroupSetParams(group_name="default", **change))
    assert job.status.value == "success"
    texts = [str(entry[3]) for entry in job.ops[0].log]
    assert any("vm1" in text and "violate" in text for text in texts)


def test_a_group_is_removed_when_it_is_empty(lab: Lab, rack2: str) -> None:
    text, code = lab.fail(opcodes.OpGroupRemove(group_name="default"))[1]
    assert code == "wrong_state"
    assert "node1.local, node2.local, node3.local" in text
    lab.succeed(opcodes.OpGroupRemove(group_name="rack2"))
    assert lab.master.config.group("rack2") is None
    assert lab.fail(opcodes.OpGroupRemove(group_name="rack2"))[1][1] == "unknown_entity"


def test_the_only_group_stays(lab: Lab, rack2: str) -> None:
    names = ["node1.local", "node2.local", "node3.local"]
    lab.succeed(opcodes.OpGroupAssignNodes(group_name="rack2", nodes=names))
    lab.succeed(opcodes.OpGroupRemove(group_name="default"))
    assert lab.fail(opcodes.OpGroupRemove(group_name="rack2"))[1][1] == "wrong_state"


def test_a_group_is_renamed(lab: Lab, rack2: str) -> None:
    before = group(lab).uuid
    op = opcodes.OpGroupRename(group_name="rack2", new_name="rack3")
    assert lab.succeed(op) == "rack3"
    assert group(lab, "rack3").uuid == before
    assert lab.master.config.group("rack2") is None
    clash = opcodes.OpGroupRename(group_name="rack3", new_name="default")
    assert lab.fail(clash)[1][1] == "already_exists"
    env = hook_environment(lab, "group-rename")
    assert (env["GANETI_OLD_NAME"], env["GANETI_NEW_NAME"]) == ("rack2", "rack3")


def test_nodes_change_their_group(lab: Lab, rack2: str) -> None:
    op = opcodes.OpGroupAssignNodes(group_name="rack2", nodes=["node2.local", "node3.local"])
    assert lab.succeed(op) is None
    names = [n.name for n in lab.master.config.nodes() if n.group == group(lab).uuid]
    assert sorted(names) == ["node2.local", "node3.local"]
    wrong = opcodes.OpGroupAssignNodes(group_name="rack2", nodes=["node9"])
    assert lab.fail(wrong)[1][1] == "unknown_entity"


def test_an_instance_is_split_only_by_force(lab: Lab, rack2: str) -> None:
    lab.succeed(opcodes.OpInstanceCreate(instance_name="vm1", pnode="node1.local"))
    instance = lab.master.config.instance("vm1")
    assert instance is not None
    lab.master.config.commit([instance.replace(secondary_node="node2.local")])
    op = opcodes.OpGroupAssignNodes(group_name="rack2", nodes=["node2.local"])
    error, (text,) = lab.fail(op)
    assert (error, "vm1" in text) == ("OpExecError", True)
    lab.succeed(op.replace(force=True))
    assert lab.succeed(op) is None


def test_hooks(lab: Lab, rack2: str) -> None:
    lab.succeed(modify(alloc_policy="unallocable"))
    lab.succeed(opcodes.OpGroupRemove(group_name="rack2"))
    ran = [(n, a["hooks_path"], a["phase"], a["env"]) for n, a in lab.calls("hooks_run")]
    assert {n for n, *_ in ran} == {"node1.local"}
    paths = [(path, phase) for _, path, phase, _ in ran]
    assert ("group-add", "pre") in paths
    assert ("group-remove", "post") in paths
    changed = next(env for _, path, _, env in ran if path == "group-modify")
    assert changed["GANETI_GROUP_NAME"] == "rack2"
    assert changed["GANETI_NEW_ALLOC_POLICY"] == "unallocable"
    assert changed["GANETI_OBJECT_TYPE"] == "GROUP"


def summaries(lab: Lab, result: Any) -> list[list[str]]:
    jobs = [lab.wait(job_id) for _, job_id in result["jobs"]]
    return [[op.input.summary for op in job.ops] for job in jobs]


@pytest.fixture
def two_racks(lab: Lab, rack2: str) -> Lab:
    """Two instances in the group `default`, and a node in the other one."""
    for name in ("vm1", "vm2"):
        lab.succeed(opcodes.OpInstanceCreate(instance_name=name, pnode="node1.local"))
    lab.succeed(opcodes.OpGroupAssignNodes(group_name="rack2", nodes=["node3.local"]))
    return lab


def test_an_evacuation_is_a_job_for_each_instance(two_racks: Lab) -> None:
    op = opcodes.OpGroupEvacuate(group_name="default", sequential=True)
    result = two_racks.succeed(op)
    assert summaries(two_racks, result) == [["INSTANCE_MIGRATE(vm1)"], ["INSTANCE_MIGRATE(vm2)"]]
    first, second = (job_id for _, job_id in result["jobs"])
    chained = two_racks.master.job(second)
    assert chained is not None
    assert chained.ops[0].input.depends == [[first, []]]
    env = hook_environment(two_racks, "group-evacuate")
    assert env["GANETI_TARGET_GROUPS"] == group(two_racks).uuid
    found = [instance.primary_node for instance in two_racks.master.config.instances()]
    assert found == ["node3.local", "node3.local"]


def test_an_evacuation_by_failover(two_racks: Lab) -> None:
    op = opcodes.OpGroupEvacuate(group_name="default", force_failover=True)
    found = summaries(two_racks, two_racks.succeed(op))
    assert found == [["INSTANCE_FAILOVER(vm1)"], ["INSTANCE_FAILOVER(vm2)"]]


def test_an_evacuation_needs_somewhere_to_go(lab: Lab) -> None:
    assert lab.fail(opcodes.OpGroupEvacuate(group_name="default"))[1][1] == "wrong_input"
    to_itself = opcodes.OpGroupEvacuate(group_name="default", target_groups=["default"])
    assert lab.fail(to_itself)[1][1] == "wrong_input"
