"""Disks in INSTANCE_SET_PARAMS."""

from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend import errors, opcodes
from ganeti_backend.node_rpc import calls
from tests.unit.ganeti_backend.core.conftest import Lab
from tests.unit.ganeti_backend.disks.conftest import N1, N2, agree, create, modify


def names(lab: Lab) -> list[str | None]:
    return [disk.name for disk in lab.master.config.instance("vm1").disks]


def test_disks_are_added_changed_and_removed(lab: Lab) -> None:
    lab.succeed(create(start=False))
    add = {"size": "1g", "name": "data", "mode": "ro", "spindles": 2}
    result = lab.succeed(modify(disks=[["add", -1, add], ["add", 0, {"size": 8}]]))
    assert result == [["disk/1", "add:size=1024,mode=ro"], ["disk/0", "add:size=8,mode=rw"]]
    assert names(lab) == [None, "root", "data"]
    data = lab.master.config.instance("vm1").disks[2]
    assert (data.size, data.mode, data.spindles) == (1024, "ro", 2)
    result = lab.succeed(modify(disks=[["modify", "data", {"mode": "rw", "name": "more"}]]))
    assert result == [["disk.mode/2", "rw"], ["disk.name/2", "more"]]
    lab.succeed(modify(disks=[["remove", data.uuid, {}], ["remove", 0, {}]]))
    assert names(lab) == ["root"]
    assert lab.calls("hotplug_disk") == []


def test_the_old_forms_of_a_change_are_understood(lab: Lab) -> None:
    lab.succeed(create(start=False))
    lab.succeed(modify(disks=[["add", {"size": 8}]]))
    lab.succeed(modify(disks=[[1, {"name": "second"}]]))
    assert names(lab) == ["root", "second"]
    lab.succeed(modify(disks=[["remove", {}]]))
    assert names(lab) == ["root"]


def test_a_disk_added_and_removed_at_once_is_nothing(lab: Lab) -> None:
    lab.succeed(create(start=False))
    lab.succeed(modify(disks=[["add", -1, {"size": 8}], ["remove", -1, {}]]))
    assert names(lab) == ["root"]
    assert len(lab.calls("disk_create")) == 1


def test_hotplug_reaches_a_running_guest(lab: Lab) -> None:
    lab.succeed(create())
    lab.succeed(modify(disks=[["add", -1, {"size": 8, "name": "data"}]], hotplug=True))
    (_, new) = lab.master.config.instance("vm1").disks
    guest = lab.nodes.nodes[N1].guests["vm1"]
    assert new.uuid in guest["disks"]
    lab.succeed(modify(disks=[["remove", "data", {}]], hotplug=True))
    assert new.uuid not in lab.nodes.nodes[N1].guests["vm1"]["disks"]


def test_a_stopped_instance_has_nothing_to_plug_into(lab: Lab) -> None:
    lab.succeed(create(start=False))
    add = [["add", -1, {"size": 8}]]
    text, code = lab.fail(modify(disks=add, hotplug=True))[1]
    assert code == errors.ECODE_STATE
    assert "Hotplug is not possible" in text
    lab.succeed(modify(disks=add, hotplug_if_possible=True))


def test_a_disk_goes_from_a_running_guest_before_it_is_removed(lab: Lab) -> None:
    lab.succeed(create(disks=[{"size": 8}, {"size": 8}]))
    lab.succeed(modify(disks=[["remove", 1, {}]]))
    order = [call for _, call, _ in lab.nodes.asked if call in ("hotplug_disk", "disk_remove")]
    assert order == ["hotplug_disk", "disk_remove"]


def test_a_failed_hotplug_changes_nothing_unless_only_wished_for(lab: Lab) -> None:
    lab.succeed(create())
    lab.nodes.fail(calls.HOTPLUG_DISK, "no slot")
    lab.fail(modify(disks=[["add", -1, {"size": 8}]], hotplug=True))
    assert names(lab) == ["root"]
    lab.nodes.heal(calls.HOTPLUG_DISK)
    agree(lab)
    lab.nodes.fail(calls.HOTPLUG_DISK, "no slot")
    lab.succeed(modify(disks=[["add", -1, {"size": 8}]], hotplug_if_possible=True))
    assert len(names(lab)) == 2
    lab.nodes.heal(calls.HOTPLUG_DISK)


def test_a_card_that_cannot_be_changed_is_plugged_in_again(lab: Lab) -> None:
    lab.succeed(create(nics=[{}]))
    (nic,) = lab.master.config.instance("vm1").nics

    def refuse(node: str, call: str, arguments: dict[str, Any]) -> None:
        new = arguments.get("nic", {}).get("link") == "br9"
        if call == "hotplug_nic" and new and arguments["action"] == "add":
            lab.nodes.fail(calls.HOTPLUG_NIC, "no such bridge")
        elif call == "hotplug_nic":
            lab.nodes.heal(calls.HOTPLUG_NIC)

    lab.nodes.on_call = refuse
    lab.succeed(modify(nics=[["modify", 0, {"link": "br9"}]], hotplug_if_possible=True))
    lab.nodes.on_call = None
    assert lab.nodes.nodes[N1].guests["vm1"]["macs"] == [nic.mac]
    assert lab.master.config.instance("vm1").nics[0].link == "br9"


def test_a_guest_that_keeps_a_disk_keeps_its_data_until_it_lets_go(lab: Lab) -> None:
    lab.succeed(create(disks=[{"size": 8}, {"size": 8}]))
    lab.nodes.fail(calls.HOTPLUG_DISK, "guest vm1 does not let go")
    lab.succeed(modify(disks=[["remove", 1, {}]]))
    assert len(lab.nodes.nodes[N1].disks) == 2
    assert len(lab.master.config.debris()) == 1
    lab.nodes.heal(calls.HOTPLUG_DISK)


def test_a_disk_that_cannot_be_made_leaves_nothing(lab: Lab) -> None:
    lab.succeed(create(start=False))
    lab.nodes.fail(calls.DISK_CREATE, "no room")
    lab.fail(modify(disks=[["add", -1, {"size": 8}]], beparams={"maxmem": 256}))
    lab.nodes.heal(calls.DISK_CREATE)
    assert names(lab) == ["root"]
    assert lab.master.config.instance("vm1").beparams == {}


def test_a_mirrored_disk_is_added_and_removed_on_both_nodes(lab: Lab) -> None:
    lab.succeed(create("drbd"))
    lab.succeed(modify(disks=[["add", -1, {"size": 8}]], hotplug=True))
    assert len(lab.nodes.nodes[N2].disks) == 2
    agree(lab)
    lab.succeed(modify(disks=[["remove", -1, {}]], hotplug=True))


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        (["add", -1, {}], errors.ECODE_INVAL, "'size' missing"),
        (["add", -1, {"size": 0}], errors.ECODE_INVAL, "disk size"),
        (["add", -1, {"size": 1, "colour": "red"}], errors.ECODE_INVAL, "colour"),
        (["add", -1, {"size": 1, "mode": "w"}], errors.ECODE_INVAL, "access mode"),
        (["add", -1, {"size": 1, "spindles": "x"}], errors.ECODE_INVAL, "spindles"),
        (["add", -1, {"size": 1, "adopt": "lv"}], errors.ECODE_INVAL, "adoption"),
        (["add", 7, {"size": 1}], errors.ECODE_INVAL, "index 7"),
        (["add", -1, {"size": "9T"}], errors.ECODE_NORES, "disk"),
        (["remove", 5, {}], errors.ECODE_NOENT, "identifier 5"),
        (["remove", "none-such", {}], errors.ECODE_NOENT, "none-such"),
        (["modify", 0, {"size": 128}], errors.ECODE_INVAL, "grow-disk"),
        (["modify", 0, {"vg": "x"}], errors.ECODE_INVAL, "vg"),
        (["add", -1, {"size": 1, "name": "root"}], errors.ECODE_NOTUNIQUE, "more than once"),
        (["add", -1, {"size": 1, "provider": "x"}], errors.ECODE_INVAL, "only valid for the ext"),
        (["detach", 0, {}], errors.ECODE_INVAL, "not supported"),
    ],
)
def test_refused_changes(lab: Lab, change: list[Any], code: str, text: str) -> None:
    lab.succeed(create(start=False))
    before = lab.master.config.instance("vm1")
    kind, (message, found) = lab.fail(modify(disks=[change]))
    assert (kind, found) == ("OpPrereqError", code)
    assert text in message
    assert lab.master.config.instance("vm1") == before


def test_no_more_disks_than_a_guest_can_have(lab: Lab) -> None:
    lab.succeed(create(start=False))
    kind, (_, code) = lab.fail(modify(disks=[["add", -1, {"size": 1}]] * 16))
    assert (kind, code) == ("OpPrereqError", errors.ECODE_STATE)
    kind, (_, code) = lab.fail(create(instance_name="vm2", disks=[{"size": 1}] * 17))
    assert (kind, code) == ("OpPrereqError", errors.ECODE_INVAL)


def test_a_diskless_instance_stays_so(lab: Lab) -> None:
    lab.succeed(create("diskless", disks=[]))
    text, _ = lab.fail(modify(disks=[["add", -1, {"size": 8}]]))[1]
    assert "diskless" in text


def test_private_parameters_are_kept_and_not_shown(lab: Lab) -> None:
    lab.succeed(create(start=False))
    result = lab.succeed(modify(osparams_private={"password": "s3cret"}))
    assert "s3cret" not in str(result)
    assert lab.master.config.instance("vm1").osparams_private == {"password": "s3cret"}


def test_removal_takes_the_copies_on_both_nodes(lab: Lab) -> None:
    lab.succeed(create("drbd"))
    assert lab.nodes.nodes[N2].disks
    lab.succeed(opcodes.OpInstanceRemove(instance_name="vm1"))
    assert not any(node.disks for node in lab.nodes.nodes.values())
