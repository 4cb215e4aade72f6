"""INSTANCE_FAILOVER: also away from a node that says nothing any more."""

from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend import errors, opcodes
from ganeti_backend.node_rpc import calls
from tests.unit.ganeti_backend.moves.conftest import NODE1, NODE2, NODE3, Lab, log_of


def failover(**values: Any) -> opcodes.OpInstanceFailover:
    return opcodes.OpInstanceFailover(**{"instance_name": "vm1", **values})


def offline(lab: Lab, name: str, value: bool = True) -> None:
    node = lab.master.config.node(name)
    assert node is not None
    lab.master.config.commit([node.touched(0.0, offline=value)])


@pytest.mark.parametrize("template", ["diskless", "sharedfile", "rbd"])
def test_it_is_stopped_and_started_elsewhere(lab: Lab, template: str) -> None:
    lab.make(template)
    lab.succeed(failover(target_node=NODE2, shutdown_timeout=7))
    assert lab.instance.primary_node == NODE2
    lab.settled()
    ((node, stopped),) = lab.calls("instance_shutdown")
    assert (node, stopped["timeout"], stopped["force"]) == (NODE1, 7, False)


def test_a_mirrored_one_changes_roles(lab: Lab) -> None:
    lab.make("drbd")
    lab.succeed(failover())
    assert lab.instance.nodes == (NODE2, NODE1)
    lab.settled()


def test_a_stopped_one_stays_stopped(lab: Lab) -> None:
    lab.make("sharedfile", start=False)
    lab.succeed(failover(target_node=NODE2))
    assert lab.instance.primary_node == NODE2
    assert lab.running_on == []


@pytest.mark.parametrize("template", ["file", "plain"])
def test_local_disks_stay(lab: Lab, template: str) -> None:
    lab.make(template)
    kind, (message, code) = lab.fail(failover(target_node=NODE2))
    assert (kind, code) == ("OpPrereqError", errors.ECODE_STATE)
    assert "does not allow failovers" in message


def test_a_silent_source_is_not_passed_over_unasked(lab: Lab) -> None:
    before = lab.make("sharedfile")
    lab.nodes.nodes[NODE1].reachable = False
    kind, (message,) = lab.fail(failover(target_node=NODE2))
    assert kind == "OpExecError"
    assert message.startswith("Could not shut down instance vm1: Node node1.local is unreachable")
    assert lab.instance.primary_node == before.primary_node
    assert lab.instance.arriving_at is None
    assert lab.running_on == [NODE1]


def test_consistency_can_be_ignored_and_the_old_copy_is_dropped_later(lab: Lab) -> None:
    lab.make("sharedfile")
    lab.nodes.nodes[NODE1].reachable = False
    job = lab.run(failover(target_node=NODE2, ignore_consistency=True))
    assert job.ops[0].status == "success"
    assert "going on because consistency is ignored" in log_of(job)
    assert lab.instance.primary_node == NODE2
    assert lab.running_on == [NODE1, NODE2]
    assert lab.instance.left_behind == (NODE1,)
    lab.nodes.nodes[NODE1].reachable = True
    lab.master.housekeeping.settle_copies()
    lab.settled()


def test_an_offline_source_is_passed_over_and_asked_when_it_is_back(lab: Lab) -> None:
    lab.make("drbd")
    lab.nodes.nodes[NODE1].reachable = False
    offline(lab, NODE1)
    lab.succeed(failover(ignore_consistency=True))
    assert lab.instance.primary_node == NODE2
    lab.master.housekeeping.settle_copies()
    assert lab.instance.left_behind == (NODE1,)
    offline(lab, NODE1, False)
    lab.nodes.nodes[NODE1].reachable = True
    lab.master.housekeeping.settle_copies()
    lab.settled()


def test_a_removal_takes_old_copies_with_it(lab: Lab) -> None:
    lab.make("sharedfile")
    lab.nodes.nodes[NODE1].reachable = False
    lab.succeed(failover(target_node=NODE2, ignore_consistency=True))
    remove = opcodes.OpInstanceRemove(instance_name="vm1")
    kind, (message,) = lab.fail(remove)
    assert kind == "OpExecError"
    assert "node1.local is unreachable" in message
    lab.nodes.nodes[NODE1].reachable = True
    lab.succeed(remove)
    assert lab.running_on == []


def test_a_node_that_was_taken_out_of_the_cluster_is_asked_nothing(lab: Lab) -> None:
    instance = lab.make("sharedfile")
    doubtful = instance.touched(0.0, arriving_at="gone.local", left_behind=("gone.local",))
    lab.master.config.commit([doubtful])
    lab.master.housekeeping.settle_copies()
    lab.settled()


def test_it_does_not_go_back_to_a_node_that_may_still_run_it(lab: Lab) -> None:
    lab.make("sharedfile")
    lab.nodes.nodes[NODE1].reachable = False
    lab.succeed(failover(target_node=NODE2, ignore_consistency=True))
    lab.nodes.nodes[NODE1].reachable = True
    lab.succeed(failover(target_node=NODE1))
    assert lab.instance.primary_node == NODE1
    lab.settled()


def test_a_degraded_mirror_is_no_place_to_go(lab: Lab) -> None:
    instance = lab.make("drbd")
    lab.nodes.nodes[NODE2].disks.pop(instance.disks[0].uuid)
    kind, (message,) = lab.fail(failover())
    assert kind == "OpExecError"
    assert "Disk 0 is degraded or not synchronised on node node2.local" in message
    assert lab.instance.primary_node == NODE1
    lab.settled()


def test_a_target_that_cannot_start_it_gives_it_back(lab: Lab) -> None:
    lab.make("sharedfile")

    def refuse(node: str, call: str, arguments: dict[str, Any]) -> None:
        if node == NODE2 and call == "instance_start":
            lab.nodes.fail(calls.INSTANCE_START, "no memory")
        elif node == NODE2 and call == "migration_settle":
            lab.nodes.heal(calls.INSTANCE_START)

    lab.nodes.on_call = refuse
    kind, (message,) = lab.fail(failover(target_node=NODE2))
    assert kind == "OpExecError"
    assert message.startswith("Could not start instance vm1: instance_start failed")
    assert lab.instance.primary_node == NODE1
    lab.settled()


def test_the_second_copy_must_fit_too(lab: Lab) -> None:
    lab.nodes.nodes[NODE2].memory = 64
    lab.make("sharedfile")
    kind, (message, code) = lab.fail(failover(target_node=NODE2))
    assert (kind, code) == ("OpPrereqError", errors.ECODE_NORES)
    assert "64 MiB of memory free, 128 MiB needed" in message


def test_hooks_run_where_ganetis_do(lab: Lab) -> None:
    lab.make("sharedfile")
    lab.succeed(failover(target_node=NODE3))
    lab.nodes.asked.clear()
    lab.succeed(failover(target_node=NODE2))
    hooks = [(node, found["phase"], found["env"]) for node, found in lab.calls("hooks_run")]
    ran = {(node, phase) for node, phase, _ in hooks}
    assert {node for node, phase in ran if phase == "pre"} == {NODE1, NODE2}
    assert {node for node, phase in ran if phase == "post"} == {NODE1, NODE2, NODE3}
    env = hooks[-1][2]
    assert (env["GANETI_OLD_PRIMARY"], env["GANETI_NEW_PRIMARY"]) == (NODE3, NODE2)
    assert (env["GANETI_OLD_SECONDARY"], env["GANETI_NEW_SECONDARY"]) == ("", "")
    assert env["GANETI_SHUTDOWN_TIMEOUT"] == "120"
    assert env["GANETI_IGNORE_CONSISTENCY"] == env["GANETI_FAILOVER_CLEANUP"] == "False"
