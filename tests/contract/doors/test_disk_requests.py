"""Disks through both doors: requests and commands become the same opcodes."""

import pytest
from fake_master import INSTANCE

from ganeti_backend.cli import gnt_instance

ONE = f"/2/instances/{INSTANCE}"
INSTANCES = gnt_instance.PROGRAM
REQUESTS = [
    ("POST", f"{ONE}/disk/1/grow", {"amount": 64, "wait_for_sync": False},
     "OP_INSTANCE_GROW_DISK", {"disk": 1, "amount": 64, "wait_for_sync": False}),
    # As Ganeti's own client asks for it.
    ("POST", f"{ONE}/replace-disks?mode=replace_auto&disks=0,1&early_release=1", None,
     "OP_INSTANCE_REPLACE_DISKS", {"mode": "replace_auto", "disks": [0, 1], "early_release": True}),
    ("POST", f"{ONE}/replace-disks", {"mode": "replace_new_secondary", "remote_node": "n"},
     "OP_INSTANCE_REPLACE_DISKS", {"mode": "replace_new_secondary", "remote_node": "n"}),
    ("POST", f"{ONE}/replace-disks", {"mode": "replace_on_primary", "disks": "1"},
     "OP_INSTANCE_REPLACE_DISKS", {"disks": [1]}),
    ("POST", f"{ONE}/recreate-disks", {"disks": [0], "nodes": ["n"]},
     "OP_INSTANCE_RECREATE_DISKS", {"disks": [0], "nodes": ["n"]}),
    ("PUT", f"{ONE}/activate-disks?ignore_size=1", None,
     "OP_INSTANCE_ACTIVATE_DISKS", {"ignore_size": True}),
    ("PUT", f"{ONE}/deactivate-disks?force=1", None,
     "OP_INSTANCE_DEACTIVATE_DISKS", {"force": True}),
    ("POST", f"{ONE}/snapshot", {"snapshot_name": "s"},
     "OP_INSTANCE_SNAPSHOT", {"snapshot_name": "s", "action": "create"}),
]  # fmt: skip
COMMANDS = [
    (("grow-disk", INSTANCE, "0", "1G", "--no-wait-for-sync"),
     "OP_INSTANCE_GROW_DISK", {"disk": 0, "amount": 1024, "wait_for_sync": False}),
    (("grow-disk", "--absolute", INSTANCE, "0", "1G"),
     "OP_INSTANCE_GROW_DISK", {"absolute": True}),
    (("replace-disks", "-p", "--disks", "0,2", INSTANCE),
     "OP_INSTANCE_REPLACE_DISKS", {"mode": "replace_on_primary", "disks": [0, 2]}),
    (("replace-disks", "-n", "node2", INSTANCE),
     "OP_INSTANCE_REPLACE_DISKS", {"mode": "replace_new_secondary", "remote_node": "node2"}),
    (("replace-disks", "-I", "hail", INSTANCE),
     "OP_INSTANCE_REPLACE_DISKS", {"mode": "replace_new_secondary", "iallocator": "hail"}),
    (("recreate-disks", "--disk=0", "--disk=1:size=2G", "-n", "n1:n2", INSTANCE),
     "OP_INSTANCE_RECREATE_DISKS",
     {"disks": [[0, {}], [1, {"size": 2048}]], "nodes": ["n1", "n2"]}),
    (("activate-disks", "--submit", "--ignore-size", INSTANCE),
     "OP_INSTANCE_ACTIVATE_DISKS", {"ignore_size": True}),
    (("deactivate-disks", "--force", INSTANCE),
     "OP_INSTANCE_DEACTIVATE_DISKS", {"force": True}),
    (("snapshot", "revert", "-f", INSTANCE, "s"),
     "OP_INSTANCE_SNAPSHOT", {"action": "revert", "snapshot_name": "s"}),
    (("modify", "--disk", "add:size=1G,name=data", "--disk", "root:remove", "--hotplug", INSTANCE),
     "OP_INSTANCE_SET_PARAMS",
     {"disks": [["add", -1, {"size": 1024, "name": "data"}], ["remove", "root", {}]],
      "hotplug": True}),
    (("modify", "-t", "drbd", "-n", "node2", "--no-wait-for-sync", INSTANCE),
     "OP_INSTANCE_SET_PARAMS",
     {"disk_template": "drbd", "remote_node": "node2", "wait_for_sync": False}),
    (("modify", "--new-primary", "node2", "-m", "64", INSTANCE),
     "OP_INSTANCE_SET_PARAMS", {"pnode": "node2", "runtime_mem": 64}),
]  # fmt: skip
MISTAKES = [
    ("replace-disks", INSTANCE),
    ("replace-disks", "-p", "-a", INSTANCE),
    ("grow-disk", INSTANCE, "x", "1G"),
    ("grow-disk", INSTANCE, "0", "much"),
    ("recreate-disks", "--disk=size=1G", INSTANCE),
    ("snapshot", "create", INSTANCE),
    ("modify", "--disk", "root", INSTANCE),
]


@pytest.mark.parametrize("case", REQUESTS, ids=lambda case: f"{case[0]} {case[1]}")
def test_request_becomes_an_opcode(rapi, master, case):
    method, path, body, op_id, expected = case
    answer = rapi.request(method, path, json=body)
    op = master.jobs[answer.json()].ops[0].input.to_dict()
    assert (op["OP_ID"], op["instance_name"]) == (op_id, INSTANCE)
    assert {name: op[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{ONE}/disk/x/grow", {"amount": 1}),
        ("POST", f"{ONE}/disk/0/grow", {"amount": 1, "disk": 1}),
        ("POST", f"{ONE}/replace-disks?mode=replace_auto&disks=a", None),
        ("POST", f"{ONE}/replace-disks", {"mode": "nonsense"}),
        ("POST", f"{ONE}/recreate-disks", {"disks": ["x"]}),
    ],
)
def test_bad_requests(rapi, master, method, path, body):
    before = dict(master.jobs)
    assert rapi.request(method, path, json=body).status_code == 400
    assert master.jobs == before


@pytest.mark.parametrize("case", COMMANDS, ids=lambda case: " ".join(case[0]))
def test_command_becomes_an_opcode(command, master, case):
    words, op_id, expected = case
    code, _out, err = command(INSTANCES, *words)
    assert code == 0, err
    op = master.jobs[max(master.jobs)].ops[0].input.to_dict()
    assert (op["OP_ID"], op["instance_name"]) == (op_id, INSTANCE)
    assert {name: op[name] for name in expected} == expected


@pytest.mark.parametrize("words", MISTAKES, ids=" ".join)
def test_mistaken_commands_submit_nothing(command, master, words):
    before = dict(master.jobs)
    assert command(INSTANCES, *words)[0] != 0
    assert master.jobs == before
