"""Growing, recreating, activating, replacing and snapshots of disks, from the outside."""

from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend import errors, opcodes
from ganeti_backend.node_rpc import calls
from ganeti_backend.queue.jobs import JobStatus
from tests.unit.ganeti_backend.core.conftest import Lab
from tests.unit.ganeti_backend.disks.conftest import N1, N2, N3, agree, create


def grow(**values: Any) -> opcodes.OpInstanceGrowDisk:
    return opcodes.OpInstanceGrowDisk(**{"instance_name": "vm1", "disk": 0, "amount": 0, **values})


def replace(mode: str, **values: Any) -> opcodes.OpInstanceReplaceDisks:
    return opcodes.OpInstanceReplaceDisks(instance_name="vm1", mode=mode, **values)


def recreate(**values: Any) -> opcodes.OpInstanceRecreateDisks:
    return opcodes.OpInstanceRecreateDisks(instance_name="vm1", **values)


def snapshot(action: str, name: str = "monday") -> opcodes.OpInstanceSnapshot:
    return opcodes.OpInstanceSnapshot(instance_name="vm1", action=action, snapshot_name=name)


def refused(lab: Lab, op: opcodes.OpCode, code: str, text: str) -> None:
    before = lab.master.config.instances()
    kind, (message, found) = lab.fail(op)
    assert (kind, found) == ("OpPrereqError", code), message
    assert text in message
    assert lab.master.config.instances() == before


def stop(lab: Lab) -> None:
    lab.succeed(opcodes.OpInstanceShutdown(instance_name="vm1"))


# Creating mirrored ones.


def test_a_mirrored_instance_has_two_nodes_in_sync(lab: Lab) -> None:
    job = lab.run(create("drbd"))
    assert job.ops[0].result == [N1, N2]
    instance = lab.master.config.instance("vm1")
    assert (instance.primary_node, instance.secondary_node) == (N1, N2)
    log = [entry[3] for entry in job.ops[0].log]
    assert any("50.00% done" in line for line in log)
    agree(lab)


def test_both_nodes_may_be_chosen(lab: Lab) -> None:
    lab.succeed(create("drbd", pnode=None, snode=None))
    assert len(set(lab.master.config.instance("vm1").nodes)) == 2


def test_a_failed_mirrored_creation_takes_everything_back(lab: Lab) -> None:
    lab.nodes.fail(calls.INSTANCE_START, "out of order")
    lab.fail(create("drbd"))
    assert not any(node.disks for node in lab.nodes.nodes.values())
    assert lab.master.config.pending() == []


@pytest.mark.parametrize("template", ["plain", "sharedfile", "rbd", "ext"])
def test_every_template_has_its_twin(lab: Lab, template: str) -> None:
    lab.succeed(create(template))
    instance = lab.master.config.instance("vm1")
    assert instance.disks[0].template == template
    assert instance.secondary_node is None


def test_disks_are_usable_as_long_as_their_guest_runs(lab: Lab) -> None:
    lab.succeed(create("plain"))
    uuid = lab.master.config.instance("vm1").disks[0].uuid
    assert uuid in lab.nodes.nodes[N1].active
    stop(lab)
    assert uuid not in lab.nodes.nodes[N1].active
    lab.succeed(opcodes.OpInstanceStartup(instance_name="vm1"))
    assert uuid in lab.nodes.nodes[N1].active


# Growing.


@pytest.mark.parametrize("template", ["file", "plain", "drbd", "sharedfile"])
@pytest.mark.parametrize(("amount", "absolute", "size"), [(36, False, 100), (100, True, 100)])
def test_a_disk_grows(lab: Lab, template: str, amount: int, absolute: bool, size: int) -> None:
    lab.succeed(create(template))
    assert lab.succeed(grow(amount=amount, absolute=absolute)) is None
    assert lab.master.config.instance("vm1").disks[0].size == size
    agree(lab)


def test_a_disk_that_cannot_grow_on_one_node_keeps_its_size(lab: Lab) -> None:
    lab.succeed(create("drbd"))
    seen: list[str] = []

    def refuse(node: str, call: str, arguments: dict[str, Any]) -> None:
        if call == "disk_grow" and node == N1:
            seen.append(node)
            lab.nodes.fail(calls.DISK_GROW, "no room")

    lab.nodes.on_call = refuse
    lab.fail(grow(amount=36))
    lab.nodes.on_call = None
    assert seen == [N1]
    assert lab.master.config.instance("vm1").disks[0].size == 64
    lab.nodes.heal(calls.DISK_GROW)
    lab.succeed(grow(amount=36))
    agree(lab)


def test_growth_that_is_refused(lab: Lab) -> None:
    lab.succeed(create())
    refused(lab, grow(disk=3, amount=1), errors.ECODE_INVAL, "Invalid disk number: 3")
    refused(lab, grow(amount=8, absolute=True), errors.ECODE_STATE, "smaller than current")
    refused(lab, grow(amount=10**9), errors.ECODE_NORES, "disk")
    lab.succeed(create("diskless", instance_name="vm2", disks=[]))
    op = grow(instance_name="vm2", amount=1)
    refused(lab, op, errors.ECODE_INVAL, "'diskless' does not support growing")


# Recreating.


def test_lost_disks_are_made_again(lab: Lab) -> None:
    lab.succeed(create("drbd", start=False))
    for name in (N1, N2):
        lab.nodes.nodes[name].disks.clear()
        lab.nodes.nodes[name].peers.clear()
    lab.succeed(recreate())
    agree(lab)


def test_a_recreated_disk_may_differ(lab: Lab) -> None:
    lab.succeed(create(start=False, disks=[{"size": 8}, {"size": 8}]))
    lab.nodes.nodes[N1].disks.clear()
    lab.succeed(recreate(disks=[0, [1, {"size": 16, "mode": "ro"}]]))
    second = lab.master.config.instance("vm1").disks[1]
    assert (second.size, second.mode) == (16, "ro")


def test_disks_are_recreated_elsewhere_when_their_node_is_dead(lab: Lab) -> None:
    lab.succeed(create(start=False))
    lab.succeed(recreate(nodes=[N3]))
    assert lab.master.config.instance("vm1").primary_node == N3
    agree(lab)


def test_what_a_dead_node_has_is_removed_when_it_is_back(lab: Lab) -> None:
    lab.succeed(create())
    config = lab.master.config
    lab.nodes.nodes[N1].guests.clear()
    config.commit([config.node(N1).replace(offline=True)])
    lab.succeed(recreate(nodes=[N3]))
    lab.master.housekeeping.clear_debris()
    assert [left.nodes for left in config.debris()] == [[N1]]
    assert lab.nodes.nodes[N1].disks
    config.commit([config.node(N1).replace(offline=False)])
    lab.master.housekeeping.clear_debris()
    assert lab.nodes.nodes[N1].disks == {}


def test_a_disk_that_is_there_is_not_recreated(lab: Lab) -> None:
    lab.succeed(create(start=False))
    kind, (text, *_) = lab.fail(recreate())
    assert kind == "OpExecError"
    assert "only missing disks" in text


def test_recreation_that_is_refused(lab: Lab) -> None:
    lab.succeed(create())
    refused(lab, recreate(), errors.ECODE_STATE, "cannot recreate disks")
    stop(lab)
    refused(lab, recreate(disks=[4]), errors.ECODE_INVAL, "Invalid disk index '4'")
    refused(lab, recreate(disks=[0, 0]), errors.ECODE_INVAL, "more than once")
    refused(lab, recreate(nodes=[N1, N2]), errors.ECODE_INVAL, "currently has 1 nodes")
    refused(lab, recreate(disks=[[0, {"name": "x"}]]), errors.ECODE_INVAL, "'name'")


# Activating.


def test_disks_are_made_usable_by_hand(lab: Lab) -> None:
    lab.succeed(create("drbd", start=False))
    disk = lab.master.config.instance("vm1").disks[0]
    for _ in range(2):
        (row,) = lab.succeed(opcodes.OpInstanceActivateDisks(instance_name="vm1"))
        assert row[:2] == [N1, "disk/0"]
    assert disk.uuid in lab.nodes.nodes[N1].active & lab.nodes.nodes[N2].active
    for _ in range(2):
        lab.succeed(opcodes.OpInstanceDeactivateDisks(instance_name="vm1"))
    assert not lab.nodes.nodes[N1].active | lab.nodes.nodes[N2].active


def test_disks_of_a_running_guest_stay_usable(lab: Lab) -> None:
    lab.succeed(create("plain"))
    op = opcodes.OpInstanceDeactivateDisks(instance_name="vm1")
    refused(lab, op, errors.ECODE_STATE, "cannot shutdown disks")
    lab.succeed(op.replace(force=True))


# Replacing.


@pytest.mark.parametrize("running", [True, False])
def test_another_node_takes_the_second_copy(lab: Lab, running: bool) -> None:
    lab.succeed(create("drbd", start=running))
    lab.succeed(replace("replace_new_secondary", remote_node=N3))
    assert lab.master.config.instance("vm1").secondary_node == N3
    assert lab.nodes.nodes[N2].disks == {}
    (_, environment) = lab.calls("hooks_run")[-1]
    assert environment["env"]["GANETI_OLD_SECONDARY"] == N2
    assert environment["env"]["GANETI_NEW_SECONDARY"] == N3
    agree(lab)


def test_the_allocator_may_choose_the_new_secondary(lab: Lab) -> None:
    lab.succeed(create("drbd"))
    lab.succeed(replace("replace_new_secondary"))
    assert lab.master.config.instance("vm1").secondary_node == N3
    lab.succeed(replace("replace_new_secondary", remote_node=N2, early_release=True))


@pytest.mark.parametrize("mode", ["replace_on_primary", "replace_on_secondary"])
def test_a_copy_is_made_anew_in_place(lab: Lab, mode: str) -> None:
    lab.succeed(create("drbd"))
    lab.succeed(replace(mode))
    ((node, _),) = lab.calls("disk_replace")
    assert node == (N1 if mode == "replace_on_primary" else N2)
    agree(lab)


def test_what_is_faulty_is_found(lab: Lab) -> None:
    lab.succeed(create("drbd", disks=[{"size": 8}, {"size": 8}]))
    lab.succeed(replace("replace_auto"))
    assert lab.calls("disk_replace") == []
    lost = lab.master.config.instance("vm1").disks[1].uuid
    del lab.nodes.nodes[N2].disks[lost]
    lab.succeed(replace("replace_auto"))
    ((node, arguments),) = lab.calls("disk_replace")
    assert (node, arguments["disk"]["uuid"]) == (N2, lost)
    agree(lab)


def test_two_faulty_copies_are_too_many(lab: Lab) -> None:
    lab.succeed(create("drbd"))
    saved = {name: dict(lab.nodes.nodes[name].disks) for name in (N1, N2)}
    for name in (N1, N2):
        lab.nodes.nodes[name].disks.clear()
    refused(lab, replace("replace_auto"), errors.ECODE_STATE, "more than one node")
    for name in (N1, N2):
        lab.nodes.nodes[name].disks.update(saved[name])


def test_a_failure_connects_to_the_old_secondary_again(lab: Lab) -> None:
    lab.succeed(create("drbd"))
    uuid = lab.master.config.instance("vm1").disks[0].uuid

    def break_it(node: str, call: str, arguments: dict[str, Any]) -> None:
        if call == "disk_status":
            lab.nodes.fail(calls.DISK_STATUS, "gone")

    lab.nodes.on_call = break_it
    lab.fail(replace("replace_new_secondary", remote_node=N3))
    lab.nodes.on_call = None
    lab.nodes.heal(calls.DISK_STATUS)
    assert lab.master.config.instance("vm1").secondary_node == N2
    assert lab.nodes.nodes[N1].peers == {uuid: N2}
    assert lab.nodes.nodes[N3].disks == {}
    wait = opcodes.OpInstanceActivateDisks(instance_name="vm1", wait_for_sync=True)
    lab.succeed(wait)


def test_replacements_that_are_refused(lab: Lab) -> None:
    lab.succeed(create("drbd"))
    new = "replace_new_secondary"
    refused(lab, replace(new, remote_node=N1), errors.ECODE_INVAL, "is the primary node")
    refused(lab, replace(new, remote_node=N2), errors.ECODE_INVAL, "already the secondary")
    refused(lab, replace(new, remote_node="x"), errors.ECODE_NOENT, "not known")
    auto = replace("replace_auto", disks=[0])
    refused(lab, auto, errors.ECODE_INVAL, "Cannot specify disks")
    refused(lab, replace("replace_auto", remote_node=N3), errors.ECODE_INVAL, "can only be used")
    refused(lab, replace("replace_on_primary", disks=[5]), errors.ECODE_INVAL, "disk number: 5")
    lab.succeed(create("plain", instance_name="vm2"))
    op = replace("replace_auto").replace(instance_name="vm2")
    refused(lab, op, errors.ECODE_INVAL, "Can only run replace disks for DRBD8")


# Snapshots.


def test_a_snapshot_is_made_brought_back_and_removed(lab: Lab) -> None:
    lab.succeed(create(start=False))
    uuid = lab.master.config.instance("vm1").disks[0].uuid
    lab.succeed(snapshot("create"))
    assert lab.master.config.instance("vm1").snapshots["monday"]["disks"] == [uuid]
    lab.succeed(snapshot("revert"))
    shown = lab.succeed(opcodes.OpInstanceQueryData(instances=["vm1"]))["vm1"]
    assert list(shown["snapshots"]) == ["monday"]
    lab.succeed(snapshot("remove"))
    assert lab.master.config.instance("vm1").snapshots == {}
    assert lab.nodes.nodes[N1].snapshots == set()


def test_all_disks_of_a_running_instance_are_kept_at_one_moment(lab: Lab) -> None:
    lab.succeed(create(disks=[{"size": 8}, {"size": 8}]))
    lab.succeed(snapshot("create"))
    ((_, asked),) = lab.calls("disk_snapshot")
    assert asked["guest"] == "vm1"
    found = [disk.uuid for disk in lab.master.config.instance("vm1").disks]
    assert [asked["disk"]["uuid"], *(other["uuid"] for other in asked["others"])] == found
    assert lab.master.config.instance("vm1").snapshots["monday"]["disks"] == found


def test_a_snapshot_of_some_disks_only_is_none(lab: Lab) -> None:
    lab.succeed(create(start=False, disks=[{"size": 8}, {"size": 8}]))
    lab.nodes.fail(calls.DISK_SNAPSHOT, "no room")
    lab.nodes.nodes[N1].snapshots.add((lab.master.config.instance("vm1").disks[0].uuid, "monday"))
    lab.fail(snapshot("create"))
    assert lab.master.config.instance("vm1").snapshots == {}
    assert lab.nodes.nodes[N1].snapshots == set()


def test_snapshots_that_are_refused(lab: Lab) -> None:
    lab.succeed(create())
    lab.succeed(snapshot("create", "live"))
    refused(lab, snapshot("revert", "live"), errors.ECODE_STATE, "cannot revert a snapshot")
    stop(lab)
    refused(lab, snapshot("create", "a/b"), errors.ECODE_INVAL, "Invalid snapshot name")
    refused(lab, snapshot("revert"), errors.ECODE_NOENT, "no snapshot")
    lab.succeed(snapshot("create"))
    refused(lab, snapshot("create"), errors.ECODE_EXISTS, "already has")
    lab.succeed(create("plain", instance_name="vm2", start=False))
    op = snapshot("create").replace(instance_name="vm2")
    refused(lab, op, errors.ECODE_INVAL, "does not support snapshots")


@pytest.mark.parametrize(
    "values",
    [{"OP_ID": "OP_INSTANCE_REPLACE_DISKS", "mode": "x"}, {"OP_ID": "OP_INSTANCE_GROW_DISK"}],
)
def test_opcodes_are_checked(lab: Lab, values: dict[str, Any]) -> None:
    with pytest.raises((errors.OpPrereqError, TypeError)):
        opcodes.from_dict({"instance_name": "vm1", **values})


def test_a_job_may_have_several_steps(lab: Lab) -> None:
    job = lab.run(create("drbd"), grow(amount=8), replace("replace_auto"))
    assert job.status == JobStatus.SUCCESS
