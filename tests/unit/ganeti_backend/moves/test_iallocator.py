"""Ganeti's iallocator protocol with plug-ins that are scripts of this test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganeti_backend import errors, opcodes
from ganeti_backend.iallocator import plugin
from tests.unit.ganeti_backend.core.conftest import Gate, gate
from tests.unit.ganeti_backend.moves.conftest import NODE1, NODE2, NODE3, Lab

__all__ = ["gate"]

# What Debian's hail refuses to work without.
TOP = {"cluster_tags", "enabled_hypervisors", "nodegroups", "instances", "nodes", "request"}
GROUP = {"name", "alloc_policy", "networks", "ipolicy", "tags"}
NODE = {
    "total_disk", "free_disk", "total_memory", "reserved_memory", "free_memory", "total_cpus",
    "reserved_cpus", "free_spindles", "group", "drained", "offline", "ndparams",
}  # fmt: skip
INSTANCE = {
    "tags", "vcpus", "memory", "spindle_use", "nodes", "disk_template", "nics", "disks",
    "disk_space_total",
}  # fmt: skip
ALLOCATE = {
    "type", "name", "required_nodes", "disk_space_total", "disks", "nics", "vcpus", "memory",
    "disk_template", "spindle_use", "tags",
}  # fmt: skip


def script(lab: Lab, text: str, name: str = "mine") -> Path:
    """A plug-in of the cluster's own folder."""
    path = lab.settings.data_dir / "iallocators" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def answers(lab: Lab, result: Any, *, success: bool = True, info: str = "fine") -> None:
    """A plug-in that keeps its question and always says the same."""
    said = json.dumps({"success": success, "info": info, "result": result})
    script(lab, f"cp \"$1\" {lab.settings.data_dir}/question\ncat <<'END'\n{said}\nEND\n")


def question(lab: Lab) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((lab.settings.data_dir / "question").read_text())
    return found


def create(**values: Any) -> opcodes.OpInstanceCreate:
    return opcodes.OpInstanceCreate(
        **{"instance_name": "new1", "iallocator": "mine", "disk_template": "diskless", **values}
    )


def test_a_plug_in_chooses_the_node_of_a_new_instance(lab: Lab) -> None:
    lab.make("drbd", tags=["a"])
    answers(lab, [NODE3, NODE1])
    wish = {"disk_template": "drbd", "disks": [{"size": 32}], "beparams": {"vcpus": 2}}
    assert lab.succeed(create(**wish)) == [NODE3, NODE1]
    asked = question(lab)
    assert asked.keys() >= TOP
    assert all(group.keys() >= GROUP for group in asked["nodegroups"].values())
    assert all(node.keys() >= NODE for node in asked["nodes"].values())
    assert asked["instances"]["vm1"].keys() >= INSTANCE
    assert asked["instances"]["vm1"]["nodes"] == [NODE1, NODE2]
    assert asked["instances"]["vm1"]["disk_space_total"] == 64 + 128
    assert asked["request"].keys() >= ALLOCATE
    assert (asked["request"]["required_nodes"], asked["request"]["vcpus"]) == (2, 2)
    node = asked["nodes"][NODE1]
    assert {"spindle_count", "exclusive_storage"} <= node["ndparams"].keys()


def test_offline_and_silent_nodes_say_nothing_of_their_room(lab: Lab) -> None:
    node = lab.master.config.node(NODE2)
    assert node is not None
    lab.master.config.commit([node.touched(0.0, offline=True)])
    lab.nodes.nodes[NODE3].reachable = False
    answers(lab, [NODE1])
    lab.succeed(create())
    nodes = question(lab)["nodes"]
    assert [nodes[name]["offline"] for name in (NODE1, NODE2, NODE3)] == [False, True, True]
    assert ["free_memory" in nodes[name] for name in (NODE1, NODE2, NODE3)] == [True, False, False]


def test_the_clusters_default_is_used_where_none_is_named(lab: Lab) -> None:
    answers(lab, [NODE3])
    cluster = lab.master.config.cluster()
    lab.master.config.commit([cluster.touched(0.0, default_iallocator="mine")])
    assert lab.succeed(create(iallocator=None)) == [NODE3]
    assert lab.succeed(create(instance_name="new2", iallocator="builtin")) != [NODE3]


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("echo broken >&2; exit 3", "OpExecError", "broken"),
        ("echo '{'", "OpExecError", "its output is not JSON"),
        ("echo '[]'", "OpExecError", "its output is not an object"),
        ('echo \'{"success": 1, "info": ""}\'', "OpExecError", "'success' is missing"),
        ('echo \'{"success": true, "info": ""}\'', "OpExecError", "'result' is missing"),
        ('echo \'{"success": true, "info": "", "result": ["x"]}\'', "OpExecError", "node 'x'"),
        ('echo \'{"success": true, "info": "", "result": []}\'', "OpExecError", "chose 0 nodes"),
        ('echo \'{"success": true, "info": "", "result": [1]}\'', "OpExecError", "node names"),
        (
            'echo \'{"success": false, "info": "FailMem: 3", "result": []}\'',
            "OpPrereqError",
            "Can't compute nodes using iallocator 'mine': FailMem: 3",
        ),
    ],
)
def test_bad_answers_are_errors_that_say_what_is_wrong(
    lab: Lab, text: str, kind: str, said: str
) -> None:
    script(lab, text)
    found, (message, *code) = lab.fail(create())
    assert found == kind
    assert said in message
    assert code == ([errors.ECODE_NORES] if kind == "OpPrereqError" else [])
    assert lab.master.config.instances() == []


@pytest.mark.parametrize("name", ["nosuch", "../mine", ".hidden", "a b", ""])
def test_unknown_and_impossible_names(tmp_path: Path, name: str) -> None:
    (tmp_path / "mine").write_text("")
    with pytest.raises(errors.OpPrereqError, match="not found"):
        plugin.find(name, str(tmp_path))


def test_a_plug_in_that_hangs_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "slow"
    path.write_text("#!/bin/sh\nexec sleep 60\n")
    path.chmod(0o755)
    with pytest.raises(errors.OpExecError, match="Iallocator 'slow' failed"):
        plugin.Plugin("slow", path, limit=0.2).ask({})


def test_a_migration_asks_where_to(lab: Lab) -> None:
    lab.make("sharedfile")
    answers(lab, [NODE3])
    lab.succeed(opcodes.OpInstanceMigrate(instance_name="vm1", iallocator="mine"))
    assert lab.instance.primary_node == NODE3
    request = question(lab)["request"]
    assert request == {
        "type": "relocate",
        "name": "vm1",
        "disk_space_total": 64,
        "required_nodes": 1,
        "relocate_from": [NODE1],
    }


def test_many_at_once(lab: Lab) -> None:
    answers(lab, [[["a", [NODE3]], ["b", [NODE1]]], ["c"]])
    wanted = [
        {"instance_name": name, "disk_template": "diskless", "mode": "create"} for name in "abc"
    ]
    op = opcodes.OpInstanceMultiAlloc(iallocator="mine", instances=wanted)
    result = lab.succeed(op)
    assert (result["allocatable"], result["failed"]) == (["a", "b"], ["c"])
    for done, job_id in result["jobs"]:
        assert done
        assert lab.wait(job_id).status == "success"
    placed = {item.name: item.primary_node for item in lab.master.config.instances()}
    assert placed == {"a": NODE3, "b": NODE1}


@pytest.mark.parametrize("many", [False, True])
def test_a_plug_in_is_shown_nodes_whose_locks_are_free(
    lab: Lab, gate: Callable[..., Gate], many: bool
) -> None:
    answers(lab, [[["new1", [NODE2]]], []] if many else [NODE2])
    held = gate("test_delay", times=2)
    busy = lab.master.submit([opcodes.OpTestDelay(on_master=False, on_nodes=[NODE1, NODE3])])
    assert held.reached.wait(10)
    wish = {"instance_name": "new1", "disk_template": "diskless"}
    op = opcodes.OpInstanceMultiAlloc(
        iallocator="mine", instances=[wish], opportunistic_locking=True
    )
    found = lab.succeed(op if many else create(opportunistic_locking=True))
    nodes = question(lab)["nodes"]
    assert {name: nodes[name]["offline"] for name in nodes} == {
        NODE1: True, NODE2: False, NODE3: True,
    }  # fmt: skip
    held.opened.set()
    lab.wait(busy)
    for _, job_id in found["jobs"] if many else ():
        lab.wait(job_id)
    assert lab.master.config.instance("new1").primary_node == NODE2


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        ([{"instance_name": "a"}, {"instance_name": "a"}], "duplicate instance names: a"),
        ([{"instance_name": "a", "pnode": NODE1}, {"instance_name": "b"}], "Either all instances"),
        ([{"instance_name": "a", "iallocator": "hail"}], "not allowed to be set"),
        ([{"instance_name": "a", "colour": 1}], "colour"),
        ([{"OP_ID": "OP_TEST_DELAY", "duration": 1.0}], "no creation of an instance"),
    ],
)
def test_wrong_wishes_for_many(lab: Lab, wish: list[dict[str, Any]], text: str) -> None:
    kind, (message, *_) = lab.fail(opcodes.OpInstanceMultiAlloc(instances=wish))
    assert kind == "OpPrereqError"
    assert text in message


def test_secrets_of_many_do_not_get_into_the_job_file(lab: Lab) -> None:
    wish = {"instance_name": "a", "osparams_secret": {"password": "hunter2"}, "pnode": NODE1}
    ((_, job_id),) = lab.succeed(opcodes.OpInstanceMultiAlloc(instances=[wish]))["jobs"]
    lab.wait(job_id)
    found = list(lab.settings.queue_dir.glob("job-*"))
    assert len(found) == 2
    for path in found:
        assert "hunter2" not in path.read_text()


def test_the_built_in_allocator_places_many_and_names_those_that_do_not_fit(lab: Lab) -> None:
    big = {"disk_template": "diskless", "beparams": {"maxmem": 5000}}
    wanted = [{"instance_name": f"big{number}", **big} for number in range(4)]
    result = lab.succeed(opcodes.OpInstanceMultiAlloc(instances=wanted))
    assert result["allocatable"] == ["big0", "big1", "big2"]
    assert result["failed"] == ["big3"]


def ask(lab: Lab, **values: Any) -> Any:
    found = lab.succeed(opcodes.OpTestAllocator(**values))
    return json.loads(found)


def test_an_administrator_sees_question_and_answer(lab: Lab) -> None:
    wish = {"mode": "allocate", "name": "x", "memory": 64, "vcpus": 1, "disk_template": "drbd"}
    asked = ask(lab, **wish, disks=[{"size": 10}])
    assert asked["request"]["disk_space_total"] == 10 + 128
    said = ask(lab, **wish, disks=[{"size": 10}], direction="out")
    assert said["success"]
    assert len(set(said["result"])) == 2
    huge = ask(lab, **{**wish, "memory": 10**6}, disks=[], direction="out")
    assert not huge["success"]
    assert "MiB of memory free" in huge["info"]


def test_evacuation_by_kind_of_disk(lab: Lab) -> None:
    lab.make("drbd")
    wish = {"mode": "node-evacuate", "instances": ["vm1"], "direction": "out"}
    primary = ask(lab, **wish, evac_mode="primary-only")["result"]
    assert [op["OP_ID"] for job in primary[2] for op in job] == ["OP_INSTANCE_MIGRATE"]
    secondary = ask(lab, **wish, evac_mode="secondary-only")["result"]
    assert [op["OP_ID"] for job in secondary[2] for op in job] == ["OP_INSTANCE_REPLACE_DISKS"]
    local = {"disk_template": "file", "disks": [{"size": 8}], "iallocator": None}
    lab.succeed(create(instance_name="vm2", **local))
    found = ask(lab, **{**wish, "instances": ["vm2"]}, evac_mode="all")["result"]
    assert found[:2] == [
        [],
        [["vm2", "its disks are on one node only; 'gnt-instance move' copies them"]],
    ]


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        ({"mode": "allocate"}, "Missing attribute 'name'"),
        ({"mode": "allocate", "name": "x", "disk_template": "tape"}, "Unknown disk template"),
        ({"mode": "relocate", "name": "x"}, "not known"),
        ({"mode": "node-evacuate"}, "Missing attribute 'instances'"),
        ({"mode": "change-group", "instances": ["x"]}, "not known"),
    ],
)
def test_incomplete_questions(lab: Lab, wish: dict[str, Any], text: str) -> None:
    kind, (message, *_) = lab.fail(opcodes.OpTestAllocator(**wish))
    assert kind == "OpPrereqError"
    assert text in message
