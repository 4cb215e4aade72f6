"""Commands and requests that take instances elsewhere: which opcodes they become."""

import json

import pytest
from fake_master import INSTANCE

from ganeti_backend.cli import gnt_debug, gnt_instance

INSTANCES = gnt_instance.PROGRAM
ONE = f"/2/instances/{INSTANCE}"


def last_op(master):
    return master.jobs[max(master.jobs)].ops[0].input.to_dict()


@pytest.mark.parametrize(
    ("words", "op_id", "fields"),
    [
        (("migrate",), "OP_INSTANCE_MIGRATE", {"mode": None, "cleanup": False}),
        (
            ("migrate", "--non-live", "--allow-failover", "-n", "n2"),
            "OP_INSTANCE_MIGRATE",
            {"mode": "non-live", "allow_failover": True, "target_node": "n2"},
        ),
        (
            ("migrate", "--cleanup", "--no-runtime-changes", "--ignore-hvversions"),
            "OP_INSTANCE_MIGRATE",
            {"cleanup": True, "allow_runtime_changes": False, "ignore_hvversions": True},
        ),
        (
            ("migrate", "--migration-mode=live", "-I", "hail", "--ignore-ipolicy"),
            "OP_INSTANCE_MIGRATE",
            {"mode": "live", "iallocator": "hail", "ignore_ipolicy": True},
        ),
        (
            ("failover", "--ignore-consistency", "--shutdown-timeout=5", "-n", "n2"),
            "OP_INSTANCE_FAILOVER",
            {"ignore_consistency": True, "shutdown_timeout": 5, "target_node": "n2"},
        ),
        (
            ("move", "-n", "n2", "--compress=gzip", "--ignore-consistency"),
            "OP_INSTANCE_MOVE",
            {"target_node": "n2", "compress": "gzip", "ignore_consistency": True},
        ),
    ],
)
def test_options_become_fields(command, master, words, op_id, fields):
    verb, *options = words
    assert command(INSTANCES, verb, "-f", "--submit", *options, INSTANCE)[0] == 0
    op = last_op(master)
    assert op["OP_ID"] == op_id
    assert op["instance_name"] == INSTANCE
    assert {name: op[name] for name in fields} == fields


@pytest.mark.parametrize("verb", ["migrate", "failover", "move"])
def test_what_disturbs_a_guest_is_asked_about(command, master, verb):
    options = ["-n", "n2"]
    code, _out, err = command(INSTANCES, verb, *options, INSTANCE)
    assert code != 0
    assert "Continue?" in err
    assert master.jobs == {} or last_op(master)["OP_ID"] != f"OP_INSTANCE_{verb.upper()}"


@pytest.mark.parametrize(
    "words",
    [
        ("migrate", "-n", "n2", "-I", "hail"),
        ("migrate", "--non-live", "--migration-mode=live"),
        ("move",),
    ],
)
def test_options_that_contradict_each_other(command, words):
    verb, *options = words
    code, _out, err = command(INSTANCES, verb, "-f", *options, INSTANCE)
    assert code != 0
    assert "--" in err


def test_change_group_names_groups(command, master):
    words = ("--to", "g1", "--to", "g2", "-I", "hail")
    command(INSTANCES, "change-group", "--submit", *words, INSTANCE)
    op = last_op(master)
    assert (op["target_groups"], op["iallocator"]) == (["g1", "g2"], "hail")


def test_batch_create_reads_a_file(command, master, tmp_path):
    path = tmp_path / "batch.json"
    path.write_text(json.dumps([{"name": "a", "os": "noop"}, {"instance_name": "b"}]))
    assert command(INSTANCES, "batch-create", "--submit", "-I", "hail", str(path))[0] == 0
    op = last_op(master)
    assert op["OP_ID"] == "OP_INSTANCE_MULTI_ALLOC"
    assert op["instances"] == [{"instance_name": "a", "os_type": "noop"}, {"instance_name": "b"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("{}", "must hold a list"),
        ('[{"iallocator": "hail"}]', "cannot have its own iallocator"),
        (None, "Cannot read"),
    ],
)
def test_batch_files_that_cannot_be(command, tmp_path, text, said):
    path = tmp_path / "batch.json"
    if text is not None:
        path.write_text(text)
    code, _out, err = command(INSTANCES, "batch-create", str(path))
    assert code != 0
    assert said in err


def test_an_allocator_is_asked_by_command(command, master):
    words = ("--dir=out", "-m", "allocate", "--algorithm=hail", "--disks=1G,512M", "-t", "drbd")
    more = ("--mem=2G", "-p", "2", "--tags=a,b", "--nics=/192.0.2.1/br0")
    command(gnt_debug.PROGRAM, "iallocator", "--submit", *words, *more, "new1")
    op = last_op(master)
    assert op["OP_ID"] == "OP_TEST_ALLOCATOR"
    assert (op["mode"], op["direction"], op["iallocator"]) == ("allocate", "out", "hail")
    assert op["disks"] == [{"size": 1024}, {"size": 512}]
    assert (op["memory"], op["vcpus"], op["tags"]) == (2048, 2, ["a", "b"])
    assert op["nics"] == [{"ip": "192.0.2.1", "bridge": "br0"}]


@pytest.mark.parametrize("verb", ["migrate", "failover"])
def test_requests_to_go_elsewhere(rapi, master, verb):
    answer = rapi.put(f"{ONE}/{verb}?dry-run=1", json={"target_node": "n2"})
    assert answer.status_code == 200
    op = last_op(master)
    assert op["OP_ID"] == f"OP_INSTANCE_{verb.upper()}"
    assert (op["instance_name"], op["target_node"], op["dry_run"]) == (INSTANCE, "n2", True)


def test_a_request_for_many(rapi, master):
    wish = {
        "__version__": 1,
        "name": "a",
        "os": "noop",
        "mode": "create",
        "nics": [],
        "pnode": None,
    }
    answer = rapi.post("/2/instances-multi-alloc", json={"instances": [wish], "iallocator": "x"})
    assert answer.status_code == 200
    op = last_op(master)
    assert op["instances"] == [
        {"instance_name": "a", "os_type": "noop", "mode": "create", "nics": []}
    ]
    assert op["iallocator"] == "x"


@pytest.mark.parametrize("body", [{}, {"instances": 1}, {"instances": ["a"]}])
def test_requests_for_many_that_cannot_be(rapi, body):
    answer = rapi.post("/2/instances-multi-alloc", json=body)
    assert answer.status_code == 400
    assert "instances" in answer.text
