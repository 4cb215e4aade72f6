"""A new opcode is complete: it has a unit, a way in by RAPI and, for instances, a row of states."""

import inspect

import pytest

from ganeti_backend import opcodes
from ganeti_backend.master.unit_table import UNITS
from ganeti_backend.rapi.resources import ROWS
from ganeti_backend.rapi.table import Write
from synnefo.core.server_states import STATE_AFTER

# Opcodes that administrators reach by commands only, as in Ganeti.
NO_RAPI = {
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
    "OP_NODE_ADD",
    "OP_NODE_QUERYVOLS",
    "OP_NODE_REMOVE",
    "OP_OOB_COMMAND",
    "OP_OS_DIAGNOSE",
    "OP_RESTRICTED_COMMAND",
    "OP_TEST_ALLOCATOR",
    "OP_TEST_DELAY",
}


def all_opcodes():
    return [
        member
        for _, member in inspect.getmembers(opcodes, inspect.isclass)
        if issubclass(member, opcodes.OpCode) and member is not opcodes.OpCode
    ]


def missing(kinds, units, writes, states):
    """What each opcode lacks, in words."""
    for kind in kinds:
        if kind not in units:
            yield f"{kind.OP_ID} has no unit"
        if kind.OP_ID not in writes | NO_RAPI:
            yield f"{kind.OP_ID} has no row in rapi/resources"
        if kind.OP_ID.startswith("OP_INSTANCE_") and kind.OP_ID not in states:
            yield f"{kind.OP_ID} has no row in core/server_states.py"


def stale(excused, kinds, writes):
    """What is excused from the remote API and has no need of it, in words."""
    for op_id in sorted(excused - {kind.OP_ID for kind in kinds}):
        yield f"{op_id} is no opcode"
    for op_id in sorted(excused & writes):
        yield f"{op_id} has a row in rapi/resources"


def rapi_writes():
    return {row.act.op_id for row in ROWS if isinstance(row.act, Write)}


def test_every_opcode_is_complete():
    assert list(missing(all_opcodes(), UNITS, rapi_writes(), STATE_AFTER)) == []


def test_no_opcode_is_excused_for_nothing():
    assert list(stale(NO_RAPI, all_opcodes(), rapi_writes())) == []


class OpInstanceDream:
    OP_ID = "OP_INSTANCE_DREAM"


def test_an_incomplete_opcode_is_noticed():
    assert len(list(missing([OpInstanceDream], UNITS, rapi_writes(), STATE_AFTER))) == 3


def test_a_stale_excuse_is_noticed():
    excused = {"OP_INSTANCE_DREAM", "OP_NOBODY_KNOWS"}
    found = list(stale(excused, [OpInstanceDream], {"OP_INSTANCE_DREAM"}))
    assert [line.partition(" ")[0] for line in found] == ["OP_NOBODY_KNOWS", "OP_INSTANCE_DREAM"]


@pytest.mark.parametrize("kind", UNITS, ids=lambda kind: kind.OP_ID)
def test_unit_is_named_as_its_opcode(kind):
    assert f"Op{UNITS[kind].__name__}" == kind.__name__
