"""INSTANCE_MIGRATE: whatever happens on the way, the guest runs once and is where we say it is."""

from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend import errors, opcodes
from ganeti_backend.node_rpc import calls
from tests.unit.ganeti_backend.moves.conftest import NODE1, NODE2, NODE3, Lab, log_of


def migrate(**values: Any) -> opcodes.OpInstanceMigrate:
    return opcodes.OpInstanceMigrate(**{"instance_name": "vm1", **values})


@pytest.mark.parametrize("template", ["diskless", "sharedfile", "rbd", "ext"])
def test_an_instance_that_every_node_can_run_goes_to_the_named_one(lab: Lab, template: str) -> None:
    lab.make(template)
    lab.succeed(migrate(target_node=NODE3))
    assert lab.instance.primary_node == NODE3
    lab.settled()
    assert lab.calls("instance_start")[1:] == []
    ((_, started),) = lab.calls("migration_start")
    assert started["live"] is True


def test_a_mirrored_instance_changes_roles(lab: Lab) -> None:
    lab.make("drbd")
    lab.succeed(migrate())
    assert lab.instance.nodes == (NODE2, NODE1)
    lab.settled()
    roles = [(node, found["role"]) for node, found in lab.calls("disk_activate")][2:]
    assert roles == [(NODE2, "both"), (NODE1, "both"), (NODE1, "secondary"), (NODE2, "primary")]


def test_the_allocator_chooses_where_nobody_does(lab: Lab) -> None:
    lab.make("sharedfile")
    heavy = {"maxmem": 4096}
    lab.succeed(opcodes.OpInstanceCreate(instance_name="heavy", pnode=NODE2, beparams=heavy))
    lab.succeed(migrate())
    assert lab.instance.primary_node == NODE3


def test_a_non_live_migration_is_asked_for_by_mode_or_flag(lab: Lab) -> None:
    lab.make("diskless")
    lab.succeed(migrate(target_node=NODE2, mode="non-live"))
    lab.succeed(migrate(target_node=NODE1, live=False))
    assert [found["live"] for _, found in lab.calls("migration_start")] == [False, False]


@pytest.mark.parametrize(
    ("template", "wish", "code", "text"),
    [
        ("file", {}, errors.ECODE_STATE, "disk layout 'file' does not allow migrations"),
        ("plain", {"target_node": NODE2}, errors.ECODE_STATE, "does not allow migrations"),
        ("sharedfile", {"target_node": NODE1}, errors.ECODE_STATE, "to its primary node"),
        ("sharedfile", {"target_node": "nosuch"}, errors.ECODE_NOENT, "Node 'nosuch' not known"),
        ("drbd", {"target_node": NODE3}, errors.ECODE_INVAL, "only to their secondary node"),
        ("drbd", {"iallocator": "hail"}, errors.ECODE_INVAL, "only to their secondary node"),
        ("diskless", {"mode": "live", "live": True}, errors.ECODE_INVAL, "Only one of"),
        (
            "diskless",
            {"target_node": NODE2, "iallocator": "hail"},
            errors.ECODE_INVAL,
            "both an iallocator and a target",
        ),
        ("diskless", {"iallocator": "nosuch"}, errors.ECODE_INVAL, "'nosuch' not found"),
        ("diskless", {"iallocator": "../x"}, errors.ECODE_INVAL, "'../x' not found"),
        ("diskless", {"instance_name": "vm9"}, errors.ECODE_NOENT, "'vm9' not known"),
    ],
)
def test_refusals_change_nothing(
    lab: Lab, template: str, wish: dict[str, Any], code: str, text: str
) -> None:
    before = lab.make(template)
    kind, (message, found) = lab.fail(migrate(**wish))
    assert (kind, found) == ("OpPrereqError", code)
    assert text in message
    assert lab.instance == before
    lab.settled()


def test_a_full_target_says_what_it_lacks(lab: Lab) -> None:
    lab.nodes.nodes[NODE2].memory = 100
    lab.make("sharedfile")
    kind, (message, code) = lab.fail(migrate(target_node=NODE2))
    assert (kind, code) == ("OpPrereqError", errors.ECODE_NORES)
    assert message.endswith("node2.local: 100 MiB of memory free, 128 MiB needed")


def memories(lab: Lab) -> list[int]:
    return [arguments["memory"] for _node, arguments in lab.calls("instance_balloon")]


def test_a_guest_makes_do_with_what_the_target_has(lab: Lab) -> None:
    lab.nodes.nodes[NODE2].memory = 100
    lab.make("sharedfile", beparams={"minmem": 64, "maxmem": 128})
    lab.succeed(migrate(target_node=NODE2))
    assert memories(lab) == [100]
    assert lab.nodes.nodes[NODE2].guests["vm1"]["memory"] == 100
    lab.settled()


def test_a_guest_that_has_little_already_is_left_alone(lab: Lab) -> None:
    lab.nodes.nodes[NODE2].memory = 100
    lab.make("sharedfile", beparams={"minmem": 64, "maxmem": 128})
    lab.succeed(opcodes.OpInstanceSetParams(instance_name="vm1", runtime_mem=80))
    lab.succeed(migrate(target_node=NODE2))
    assert memories(lab) == [80]


@pytest.mark.parametrize(("least", "changes"), [(64, {"allow_runtime_changes": False}), (101, {})])
def test_a_guest_is_not_squeezed_beyond_what_it_may(
    lab: Lab, least: int, changes: dict[str, Any]
) -> None:
    lab.nodes.nodes[NODE2].memory = 100
    lab.make("sharedfile", beparams={"minmem": least, "maxmem": 128})
    kind, (message, code) = lab.fail(migrate(target_node=NODE2, **changes))
    assert (kind, code) == ("OpPrereqError", errors.ECODE_NORES)
    assert "100 MiB of memory free, 128 MiB needed" in message
    assert memories(lab) == []


def test_a_guest_that_stays_gets_its_memory_back(lab: Lab) -> None:
    lab.nodes.nodes[NODE2].memory = 100
    lab.make("sharedfile", beparams={"minmem": 64, "maxmem": 128})
    lab.nodes.fail(calls.MIGRATION_START, "the cable is out")
    kind, _ = lab.fail(migrate(target_node=NODE2))
    assert kind == "OpExecError"
    assert memories(lab) == [100, 128]
    assert lab.running_on == [NODE1]


def test_a_stopped_instance_fails_over_if_that_is_allowed(lab: Lab) -> None:
    lab.make("sharedfile", start=False)
    kind, (message, code) = lab.fail(migrate(target_node=NODE2))
    assert (kind, code) == ("OpPrereqError", errors.ECODE_STATE)
    assert "it is not running, use failover instead" in message
    lab.succeed(migrate(target_node=NODE2, allow_failover=True))
    assert lab.instance.primary_node == NODE2
    assert lab.running_on == []


def test_always_failover_is_obeyed(lab: Lab) -> None:
    lab.make("sharedfile", beparams={"always_failover": True})
    lab.succeed(migrate(target_node=NODE2, allow_failover=True))
    assert lab.calls("migration_start") == []
    assert lab.instance.primary_node == NODE2
    lab.settled()


@pytest.mark.parametrize(
    "call",
    [
        calls.MIGRATION_DESCRIBE,
        calls.MIGRATION_PREPARE,
        calls.MIGRATION_START,
    ],
)
def test_what_fails_before_the_guest_is_sent_leaves_it_where_it_is(
    lab: Lab, call: calls.Call
) -> None:
    lab.make("sharedfile")
    lab.nodes.fail(call, "no")
    kind, (message,) = lab.fail(migrate(target_node=NODE2))
    assert kind == "OpExecError"
    assert message.startswith("Could not migrate instance vm1")
    assert message.endswith(f"it goes on on {NODE1}")
    assert lab.instance.primary_node == NODE1
    lab.settled()


def test_a_guest_that_does_not_get_through_goes_on_where_it_was(lab: Lab) -> None:
    lab.make("sharedfile")
    lab.nodes.stall = True
    _, (message,) = lab.fail(migrate(target_node=NODE2))
    assert "The guest did not get through: the line was cut" in message
    assert lab.instance.primary_node == NODE1
    lab.settled()


def test_a_target_that_dies_with_the_guest_gives_it_back(lab: Lab) -> None:
    """The source has sent everything; the target's emulator is gone before it could go on."""
    lab.make("sharedfile")

    def break_it(node: str, call: str, arguments: dict[str, Any]) -> None:
        if call == "migration_settle" and arguments["keep"] and node == NODE2:
            lab.nodes.nodes[NODE2].between.clear()

    lab.nodes.on_call = break_it
    lab.fail(migrate(target_node=NODE2))
    assert lab.instance.primary_node == NODE1
    lab.settled()


def test_a_target_cut_off_in_the_middle_is_cleaned_up_later(lab: Lab) -> None:
    lab.make("sharedfile")

    def cut(node: str, call: str, arguments: dict[str, Any]) -> None:
        if call == "migration_settle" and node == NODE2:
            lab.nodes.nodes[NODE2].reachable = False

    lab.nodes.on_call = cut
    _, (message,) = lab.fail(migrate(target_node=NODE2))
    assert "'gnt-instance migrate --cleanup vm1' finds out where it is" in message
    assert lab.instance.arriving_at == NODE2
    assert lab.running_on == []
    # Nobody starts it while the other node may have it, and a verification says so.
    lab.nodes.on_call = None
    job = lab.run(opcodes.OpClusterVerifyConfig())
    assert "'gnt-instance migrate --cleanup vm1' ends that" in log_of(job)
    kind, (message, code) = lab.fail(opcodes.OpInstanceStartup(instance_name="vm1"))
    assert (kind, code) == ("OpPrereqError", errors.ECODE_ENVIRON)
    assert "It is not known where instance vm1 runs" in message
    lab.nodes.nodes[NODE2].reachable = True
    lab.succeed(migrate(cleanup=True))
    assert lab.instance.primary_node == NODE2
    lab.settled()


def test_a_target_that_is_given_up_gives_the_guest_back(lab: Lab) -> None:
    lab.make("sharedfile")

    def cut(node: str, call: str, arguments: dict[str, Any]) -> None:
        if call == "migration_settle" and node == NODE2:
            lab.nodes.nodes[NODE2].reachable = False

    lab.nodes.on_call = cut
    lab.fail(migrate(target_node=NODE2))
    lab.nodes.on_call = None
    node = lab.master.config.node(NODE2)
    assert node is not None
    lab.master.config.commit([node.touched(0.0, offline=True)])
    lab.succeed(migrate(cleanup=True))
    assert lab.instance.primary_node == NODE1
    assert lab.running_on == [NODE1]
    assert lab.instance.left_behind == (NODE2,)


def test_a_source_that_dies_keeps_a_dead_copy_for_later(lab: Lab) -> None:
    lab.make("sharedfile")

    def cut(node: str, call: str, arguments: dict[str, Any]) -> None:
        if call == "migration_settle" and node == NODE1:
            lab.nodes.nodes[NODE1].reachable = False

    lab.nodes.on_call = cut
    job = lab.run(migrate(target_node=NODE2))
    assert job.ops[0].status == "success"
    assert "its copy is dropped when it answers" in log_of(job)
    assert lab.instance.primary_node == NODE2
    assert lab.instance.left_behind == (NODE1,)
    lab.nodes.on_call = None
    lab.nodes.nodes[NODE1].reachable = True
    lab.master.housekeeping.settle_copies()
    lab.settled()


def test_a_cleanup_follows_a_guest_that_somebody_else_moved(lab: Lab) -> None:
    lab.make("sharedfile")
    lab.nodes.nodes[NODE3].guests["vm1"] = lab.nodes.nodes[NODE1].guests.pop("vm1")
    lab.succeed(migrate(cleanup=True))
    assert lab.instance.primary_node == NODE3
    lab.settled()


def test_a_cleanup_does_not_choose_between_two(lab: Lab) -> None:
    lab.make("sharedfile")
    lab.nodes.nodes[NODE3].guests["vm1"] = dict(lab.nodes.nodes[NODE1].guests["vm1"])
    kind, (message,) = lab.fail(migrate(cleanup=True))
    assert kind == "OpExecError"
    assert f"runs on {NODE1} and on {NODE3}" in message
    assert lab.instance.primary_node == NODE1


def test_a_cleanup_of_nothing_changes_nothing(lab: Lab) -> None:
    before = lab.make("sharedfile", start=False)
    lab.succeed(migrate(cleanup=True))
    assert lab.instance == before


def test_hooks_hear_of_both_nodes(lab: Lab) -> None:
    lab.make("drbd")
    lab.nodes.asked.clear()
    lab.succeed(migrate())
    hooks = [(node, found["phase"], found["env"]) for node, found in lab.calls("hooks_run")]
    both = {(node, phase) for node in (NODE1, NODE2) for phase in ("pre", "post")}
    assert {(node, phase) for node, phase, _ in hooks} == both
    env = hooks[-1][2]
    assert env["GANETI_OLD_PRIMARY"] == env["GANETI_OLD_SECONDARY"].replace("2", "1") == NODE1
    assert (env["GANETI_NEW_PRIMARY"], env["GANETI_NEW_SECONDARY"]) == (NODE2, NODE1)
    assert env["GANETI_POST_OLD_PRIMARY"] == env["GANETI_POST_INSTANCE_PRIMARY"] == NODE2
    assert env["GANETI_MIGRATE_LIVE"] == "True"
    assert env["GANETI_MIGRATE_CLEANUP"] == "False"
    assert env["GANETI_ALLOW_RUNTIME_CHANGES"] == "True"
