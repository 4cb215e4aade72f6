import pytest

from ganeti_backend import opcodes
from ganeti_backend.rapi.faults import HttpFault
from ganeti_backend.rapi.resources import ROWS
from ganeti_backend.rapi.table import WRITERS, Router, Write

# Opcodes that only the commands submit.
COMMANDS_ONLY = {
    "OP_CLUSTER_RENEW_CRYPTO",
    "OP_CLUSTER_CONFIG_QUERY",
    "OP_CLUSTER_DESTROY",
    "OP_CLUSTER_POST_INIT",
    "OP_CLUSTER_QUERY",
    "OP_CLUSTER_RENAME",
    "OP_CLUSTER_REPAIR_DISK_SIZES",
    "OP_CLUSTER_VERIFY",
    "OP_CLUSTER_VERIFY_CONFIG",
    "OP_CLUSTER_VERIFY_DISKS",
    "OP_CLUSTER_VERIFY_GROUP",
    "OP_GROUP_VERIFY_DISKS",
    "OP_TAGS_GET",
    "OP_TAGS_SEARCH",
    "OP_GROUP_EVACUATE",
    "OP_INSTANCE_CHANGE_GROUP",
    "OP_INSTANCE_CONSOLE",
    "OP_INSTANCE_MOVE",
    "OP_NODE_ADD",
    "OP_NODE_QUERYVOLS",
    "OP_NODE_REMOVE",
    "OP_OOB_COMMAND",
    "OP_OS_DIAGNOSE",
    "OP_RESTRICTED_COMMAND",
    "OP_TEST_ALLOCATOR",
    "OP_TEST_DELAY",
}


def test_every_write_is_an_opcode():
    written = {row.act.op_id for row in ROWS if isinstance(row.act, Write)}
    assert written == opcodes.CLASSES.keys() - COMMANDS_ONLY


def test_every_change_needs_the_right_to_write():
    for row in ROWS:
        if row.method != "GET" and not row.path.startswith("/2/query"):
            assert row.allowed == WRITERS, row


def test_no_row_is_hidden_by_another():
    keys = [(row.method, row.path) for row in ROWS]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/2/nosuch", 404), ("PATCH", "/2/nosuch", 404), ("DELETE", "/2/info", 501),
     ("GET", "/2/jobs/x", 404), ("GET", "/2/jobs/²", 404), ("GET", "/2/instances//info", 404),
     ("GET", "", 404)],
)  # fmt: skip
def test_no_row(method, path, status):
    with pytest.raises(HttpFault) as caught:
        Router(ROWS).find(method, path.split("/"))
    assert caught.value.status == status


def test_names_in_the_path():
    row, names = Router(ROWS).find("GET", ["", "2", "instances", "a/b", "info"])
    assert names == ("a/b",)
    assert row.source == "gnt:library:rlib2:instances_name_info"
