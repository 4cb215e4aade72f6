"""INSTANCE_MOVE: disks are copied, and none is left on a node that the configuration forgot."""

from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend import errors, opcodes
from ganeti_backend.node_rpc import calls
from tests.unit.ganeti_backend.moves.conftest import NODE1, NODE2, Lab


def move(**values: Any) -> opcodes.OpInstanceMove:
    return opcodes.OpInstanceMove(**{"instance_name": "vm1", "target_node": NODE2, **values})


@pytest.mark.parametrize("template", ["file", "plain"])
def test_it_goes_with_its_disks(lab: Lab, template: str) -> None:
    lab.make(template)
    lab.succeed(move(compress="gzip"))
    assert lab.instance.primary_node == NODE2
    assert lab.disks_on == [NODE2]
    lab.settled()
    ((node, copied),) = lab.calls("disk_copy")
    assert (node, copied["compress"]) == (NODE1, "gzip")
    assert copied["peer"] == {"name": NODE2, "address": "127.0.0.1", "port": 2}


def test_a_stopped_one_stays_stopped(lab: Lab) -> None:
    lab.make("file", start=False)
    lab.succeed(move())
    assert lab.disks_on == [NODE2]
    assert lab.running_on == []


@pytest.mark.parametrize(
    ("template", "wish", "code", "text"),
    [
        ("drbd", {}, errors.ECODE_STATE, "'drbd' cannot be copied"),
        ("sharedfile", {}, errors.ECODE_STATE, "'sharedfile' cannot be copied"),
        ("file", {"target_node": NODE1}, errors.ECODE_STATE, "to its primary node"),
        ("file", {"target_node": "nosuch"}, errors.ECODE_NOENT, "'nosuch' not known"),
        ("file", {"compress": "rot13"}, errors.ECODE_INVAL, "Unknown compression 'rot13'"),
    ],
)
def test_refusals(lab: Lab, template: str, wish: dict[str, Any], code: str, text: str) -> None:
    before = lab.make(template)
    kind, (message, found) = lab.fail(move(**wish))
    assert (kind, found) == ("OpPrereqError", code)
    assert text in message
    assert lab.instance == before
    lab.settled()


@pytest.mark.parametrize("call", [calls.DISK_CREATE, calls.DISK_COPY, calls.TASK_STATUS])
def test_what_fails_is_taken_back(lab: Lab, call: calls.Call) -> None:
    lab.make("file")
    lab.nodes.fail(call, "no")
    kind, _ = lab.fail(move())
    assert kind == "OpExecError"
    assert lab.instance.primary_node == NODE1
    assert lab.disks_on == [NODE1]
    lab.settled()


def test_disks_on_a_silent_target_are_removed_later(lab: Lab) -> None:
    lab.make("file")

    def cut(node: str, call: str, arguments: dict[str, Any]) -> None:
        if call == "disk_copy":
            lab.nodes.nodes[NODE2].reachable = False
            lab.nodes.fail(calls.DISK_COPY, "the line was cut")

    lab.nodes.on_call = cut
    lab.fail(move())
    assert lab.running_on == [NODE1]
    assert len(lab.master.config.debris()) == 1
    lab.nodes.nodes[NODE2].reachable = True
    lab.master.housekeeping.clear_debris()
    assert lab.disks_on == [NODE1]
    lab.settled()


def test_hooks_hear_of_the_target(lab: Lab) -> None:
    lab.make("file")
    lab.nodes.asked.clear()
    lab.succeed(move())
    env = lab.calls("hooks_run")[-1][1]["env"]
    assert (env["GANETI_TARGET_NODE"], env["GANETI_SHUTDOWN_TIMEOUT"]) == (NODE2, "120")
    assert env["GANETI_POST_INSTANCE_PRIMARY"] == NODE2
