"""Nodes come and go; the pool of master candidates stays as full as it can be."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ganeti_backend import objects, opcodes
from ganeti_backend.configuration.config import Receipt
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.fake import FakeNode
from tests.unit.ganeti_backend.core.conftest import Lab

NEW = "node4.local"


def add(**values: Any) -> opcodes.OpNodeAdd:
    return opcodes.OpNodeAdd(**{"node_name": NEW, "primary_ip": "192.0.2.4", **values})


def modify(name: str, **values: Any) -> opcodes.OpNodeSetParams:
    return opcodes.OpNodeSetParams(node_name=name, **values)


def node(lab: Lab, name: str) -> objects.Node:
    found = lab.master.config.node(name)
    assert found is not None
    return found


def candidates(lab: Lab) -> list[str]:
    return sorted(n.name for n in lab.master.config.nodes() if n.master_candidate)


@pytest.fixture
def fourth(lab: Lab) -> str:
    lab.nodes.nodes[NEW] = FakeNode()
    return NEW


def pool_of(lab: Lab, size: int) -> None:
    cluster = lab.master.config.cluster()
    lab.master.config.commit([cluster.touched(0.0, candidate_pool_size=size)])


def test_a_node_is_added(lab: Lab, fourth: str) -> None:
    assert lab.succeed(add(secondary_ip="198.51.100.4", port=1900)) is None
    found = node(lab, NEW)
    assert (found.primary_ip, found.secondary_ip) == ("192.0.2.4", "198.51.100.4")
    assert found.master_candidate
    assert lab.master.places.find(NEW) == ("192.0.2.4", 1900)
    lab.succeed(opcodes.OpInstanceCreate(instance_name="vm1", pnode=NEW))


def test_its_daemon_must_answer_first(lab: Lab) -> None:
    lab.nodes.nodes[NEW] = FakeNode(reachable=False)
    lab.master.stop()
    lab.start(patience=0.0)
    error, (text, code) = lab.fail(add())
    assert (error, code) == ("OpPrereqError", "environment_error")
    assert NEW in text
    assert lab.master.config.node(NEW) is None
    assert lab.master.places.find(NEW) is None


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"node_name": "node2.local"}, "already_exists"),
        ({"readd": True}, "unknown_entity"),
        ({"group": "nosuch"}, "unknown_entity"),
        ({"ndparams": {"nosuch": 1}}, "wrong_input"),
        ({"ndparams": {"spindle_count": "many"}}, "wrong_input"),
        ({"ndparams": {"exclusive_storage": True}}, "wrong_input"),
        ({"primary_ip": "no such host.invalid"}, "resolver_error"),
    ],
)
def test_refused_additions(lab: Lab, fourth: str, values: dict[str, Any], code: str) -> None:
    assert lab.fail(add(**values))[1][1] == code
    assert len(lab.master.config.nodes()) == 3


def test_two_nodes_cannot_be_at_one_place(lab: Lab, fourth: str) -> None:
    lab.succeed(add(port=1900))
    lab.nodes.nodes["node5.local"] = FakeNode()
    again = add(node_name="node5.local", port=1900)
    assert lab.fail(again)[1][1] == "resource_not_unique"


def test_several_groups_leave_no_default(lab: Lab, fourth: str) -> None:
    lab.succeed(opcodes.OpGroupAdd(group_name="rack2"))
    assert lab.fail(add())[1][1] == "wrong_input"
    lab.succeed(add(group="rack2"))
    rack2 = lab.master.config.group("rack2")
    assert rack2 is not None
    assert node(lab, NEW).group == rack2.uuid


def test_a_node_is_added_again(lab: Lab) -> None:
    lab.succeed(modify("node3.local", offline=True))
    lab.succeed(add(node_name="node3.local", primary_ip=None, readd=True))
    found = node(lab, "node3.local")
    assert (found.offline, found.drained, found.master_candidate) == (False, False, True)
    assert found.primary_ip == "127.0.0.1"


def test_a_node_of_the_settings_comes_back_elsewhere(lab: Lab) -> None:
    lab.succeed(add(node_name="node3.local", primary_ip="192.0.2.9", readd=True))
    assert lab.master.places.find("node3.local") == ("192.0.2.9", 3)


def test_hooks_of_an_addition(lab: Lab, fourth: str) -> None:
    lab.succeed(add(vm_capable=False))
    ran = [(n, a["phase"], a["env"]) for n, a in lab.calls("hooks_run")]
    existing = {"node1.local", "node2.local", "node3.local"}
    assert {n for n, phase, _ in ran if phase == "pre"} == existing
    assert {n for n, phase, _ in ran if phase == "post"} == existing | {NEW}
    env = ran[0][2]
    assert env["GANETI_NODE_NAME"] == env["GANETI_OP_TARGET"] == NEW
    assert env["GANETI_NODE_PIP"] == env["GANETI_NODE_SIP"] == "192.0.2.4"
    assert (env["GANETI_MASTER_CAPABLE"], env["GANETI_VM_CAPABLE"]) == ("True", "False")
    assert env["GANETI_OBJECT_TYPE"] == "NODE"


def test_a_node_is_removed_and_stays_away(lab: Lab) -> None:
    lab.succeed(opcodes.OpNodeRemove(node_name="node3.local"))
    assert lab.master.config.node("node3.local") is None
    lab.crash()
    lab.start()
    assert lab.master.config.node("node3.local") is None
    lab.succeed(add(node_name="node3.local", primary_ip="127.0.0.1"))
    lab.crash()
    lab.start()
    assert lab.master.config.node("node3.local") is not None


def test_the_last_post_hook_of_a_removed_node_runs_on_it(lab: Lab, fourth: str) -> None:
    lab.succeed(add(port=1900))
    lab.nodes.asked.clear()
    lab.succeed(opcodes.OpNodeRemove(node_name=NEW))
    ran = {(name, a["phase"]) for name, a in lab.calls("hooks_run")}
    assert (NEW, "post") in ran
    assert (NEW, "pre") not in ran
    assert lab.master.places.find(NEW) is None


def test_refused_removals(lab: Lab) -> None:
    assert lab.fail(opcodes.OpNodeRemove(node_name="node9"))[1][1] == "unknown_entity"
    master = lab.fail(opcodes.OpNodeRemove(node_name="node1.local"))
    assert "is the master node" in master[1][0]
    lab.succeed(opcodes.OpInstanceCreate(instance_name="vm1", pnode="node2.local"))
    used = lab.fail(opcodes.OpNodeRemove(node_name="node2.local"))
    assert used[1] == ["Instance vm1 is still running on the node", "wrong_input"]


def test_a_copy_that_may_be_left_holds_the_node(lab: Lab) -> None:
    lab.succeed(opcodes.OpInstanceCreate(instance_name="vm1", pnode="node2.local"))
    instance = lab.master.config.instance("vm1")
    assert instance is not None
    lab.master.config.commit([instance.replace(left_behind=("node3.local",))])
    text, code = lab.fail(opcodes.OpNodeRemove(node_name="node3.local"))[1]
    assert (code, "Remains of vm1" in text) == ("wrong_state", True)
    lab.succeed(modify("node3.local", offline=True))
    lab.succeed(opcodes.OpNodeRemove(node_name="node3.local"))
    instance = lab.master.config.instance("vm1")
    assert instance is not None
    assert instance.left_behind == ()


def test_a_removal_promotes_another(lab: Lab, fourth: str) -> None:
    pool_of(lab, 3)
    lab.succeed(add())
    assert not node(lab, NEW).master_candidate
    lab.succeed(opcodes.OpNodeRemove(node_name="node2.local"))
    assert candidates(lab) == ["node1.local", "node3.local", NEW]


@pytest.mark.parametrize(
    ("values", "flags"),
    [
        ({"offline": True}, (False, False, True)),
        ({"drained": True}, (False, True, False)),
        ({"master_candidate": False}, (False, False, False)),
        ({"master_capable": False}, (False, False, False)),
        ({"vm_capable": False}, (True, False, False)),
    ],
)
def test_roles_exclude_each_other(lab: Lab, values: dict[str, Any], flags: Any) -> None:
    result = lab.succeed(modify("node2.local", **values))
    found = node(lab, "node2.local")
    assert (found.master_candidate, found.drained, found.offline) == flags
    ((name, value),) = list(values.items())
    assert [name, str(value)] in result


def test_a_node_comes_back_as_candidate(lab: Lab) -> None:
    lab.succeed(modify("node2.local", drained=True))
    result = lab.succeed(modify("node2.local", drained=False))
    assert result == [["master_candidate", "True"], ["drained", "False"]]


@pytest.mark.parametrize("flag", ["drained", "offline"])
def test_a_candidate_is_neither_drained_nor_offline(lab: Lab, flag: str) -> None:
    lab.succeed(modify("node2.local", **{flag: True}))
    lab.succeed(modify("node2.local", master_candidate=True))
    found = node(lab, "node2.local")
    assert (found.master_candidate, found.drained, found.offline) == (True, False, False)


def test_a_node_that_does_not_answer_stays_offline(lab: Lab) -> None:
    lab.succeed(modify("node2.local", offline=True))
    lab.master.stop()
    lab.start(patience=0.0)
    lab.nodes.nodes["node2.local"].reachable = False
    assert lab.fail(modify("node2.local", offline=False))[1][1] == "wrong_state"
    assert node(lab, "node2.local").offline
    lab.nodes.nodes["node2.local"].reachable = True
    lab.succeed(modify("node2.local", offline=False))


@pytest.mark.parametrize(
    ("name", "values", "code"),
    [
        ("node2.local", {}, "wrong_input"),
        ("node2.local", {"offline": True, "drained": True}, "wrong_input"),
        ("node1.local", {"offline": True}, "wrong_input"),
        ("node1.local", {"master_candidate": False}, "wrong_input"),
        ("node1.local", {"master_capable": False}, "wrong_input"),
        ("node9.local", {"offline": True}, "unknown_entity"),
        ("node2.local", {"powered": False}, "wrong_state"),
        ("node2.local", {"secondary_ip": "198.51.100.2"}, "wrong_input"),
        ("node2.local", {"hv_state": {"nosuch": {}}}, "wrong_input"),
    ],
)
def test_refused_changes(lab: Lab, name: str, values: dict[str, Any], code: str) -> None:
    before = lab.master.config.nodes()
    assert lab.fail(modify(name, **values))[1][1] == code
    assert lab.master.config.nodes() == before


def test_what_is_said_of_a_node_is_kept(lab: Lab) -> None:
    disks = {"plain": {"xenvg": {"disk_reserved": 5}}}
    lab.succeed(modify("node2.local", hv_state={"kvm": {"mem_node": 9}}, disk_state=disks))
    found = next(node for node in lab.master.config.nodes() if node.name == "node2.local")
    assert (found.hv_state, found.disk_state) == ({"kvm": {"mem_node": 9}}, disks)


def test_a_node_with_instances_stays_vm_capable(lab: Lab) -> None:
    lab.succeed(opcodes.OpInstanceCreate(instance_name="vm1", pnode="node2.local"))
    assert lab.fail(modify("node2.local", vm_capable=False))[1][1] == "wrong_state"


def test_an_incapable_node_cannot_be_candidate(lab: Lab) -> None:
    lab.succeed(modify("node2.local", master_capable=False))
    assert lab.fail(modify("node2.local", master_candidate=True))[1][1] == "wrong_state"
    lab.succeed(modify("node2.local", master_capable=True))
    assert node(lab, "node2.local").master_candidate


def test_a_demotion_that_leaves_a_gap_needs_auto_promote(lab: Lab, fourth: str) -> None:
    pool_of(lab, 3)
    lab.succeed(add())
    text, code = lab.fail(modify("node2.local", offline=True))[1]
    assert code == "wrong_state"
    assert "auto_promote" in text
    lab.succeed(modify("node2.local", offline=True, auto_promote=True))
    assert candidates(lab) == ["node1.local", "node3.local", NEW]


def test_secondary_address_and_parameters(lab: Lab) -> None:
    values = {"secondary_ip": "198.51.100.2", "force": True, "ndparams": {"cpu_speed": "1.5"}}
    result = lab.succeed(modify("node2.local", **values))
    assert result == [["ndparams", {"cpu_speed": 1.5}], ["secondary_ip", "198.51.100.2"]]
    assert node(lab, "node2.local").serial_no == 2
    lab.succeed(modify("node2.local", ndparams={"cpu_speed": "default"}))
    assert node(lab, "node2.local").ndparams == {}


def test_hooks_of_a_change(lab: Lab) -> None:
    lab.succeed(modify("node2.local", drained=True))
    ran = [(name, a["env"]) for name, a in lab.calls("hooks_run") if a["phase"] == "pre"]
    assert {name for name, _ in ran} == {"node1.local", "node2.local"}
    env = ran[0][1]
    assert env["GANETI_OP_TARGET"] == "node2.local"
    assert (env["GANETI_DRAINED"], env["GANETI_OFFLINE"]) == ("True", "None")
    assert env["GANETI_MASTER_CANDIDATE"] == "None"


def test_hooks_are_not_tried_where_nobody_answers(lab: Lab) -> None:
    lab.nodes.nodes["node2.local"].reachable = False
    lab.succeed(modify("node2.local", offline=True))
    assert {name for name, _ in lab.calls("hooks_run")} == {"node1.local"}
    lab.nodes.asked.clear()
    lab.succeed(modify("node2.local", vm_capable=False))
    assert {name for name, _ in lab.calls("hooks_run")} == {"node1.local"}


def test_a_hook_refuses(lab: Lab, fourth: str) -> None:
    refusal = [["node-add-pre.d/no", "error", "not today"]]
    lab.nodes.hook_results["node-add", "pre"] = refusal
    assert lab.fail(add())[0] == "HooksAbort"
    assert lab.master.config.node(NEW) is None


def test_a_crash_after_the_change_runs_it_no_second_time(lab: Lab, fourth: str) -> None:
    """The receipt stands in the configuration with the change: what is left are the post hooks."""
    job_id = lab.master.submit([add()])
    lab.wait(job_id)
    found = node(lab, NEW)
    lab.master.config.commit(receipt=Receipt(job_id + 1, 0, None))
    again = lab.run(add())
    assert again.status.value == "success"
    assert node(lab, NEW) == found


def test_the_settings_move_a_node(lab: Lab) -> None:
    lab.crash()
    nodes = tuple(dataclasses.replace(n, address="127.0.0.9") for n in lab.settings.nodes)
    lab.settings = dataclasses.replace(lab.settings, nodes=nodes)
    lab.start()
    found = node(lab, "node2.local")
    assert (found.primary_ip, found.secondary_ip) == ("127.0.0.9", "127.0.0.9")


def test_nodes_are_asked_for_their_name(lab: Lab, fourth: str) -> None:
    real = lab.nodes.call

    def call(name: str, what: calls.Call, /, timeout: float | None = None, **more: Any) -> Any:
        if what is calls.VERSION:
            return {"version": "1", "node": "someone.else"}
        return real(name, what, timeout=timeout, **more)

    lab.nodes.call = call  # type: ignore[method-assign]
    text, code = lab.fail(add())[1]
    assert code == "environment_error"
    assert "someone.else" in text
