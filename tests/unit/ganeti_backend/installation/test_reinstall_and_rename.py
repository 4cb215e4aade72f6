"""Installing again and giving another name."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ganeti_backend import errors, opcodes
from ganeti_backend.queue.jobs import JobStatus
from tests.unit.ganeti_backend.core.conftest import Lab
from tests.unit.ganeti_backend.installation.conftest import (
    NODE1,
    instance,
    log_of,
    make,
    scripts,
)


def reinstall(**values: Any) -> opcodes.OpInstanceReinstall:
    return opcodes.OpInstanceReinstall(**{"instance_name": "vm1", **values})


def rename(**values: Any) -> opcodes.OpInstanceRename:
    return opcodes.OpInstanceRename(**{"instance_name": "vm1", "new_name": "vm9", **values})


def hooks(lab: Lab, path: str) -> list[dict[str, str]]:
    return [a["env"] for _n, a in lab.calls("hooks_run") if a["hooks_path"] == path]


def test_the_same_system_again(lab: Lab) -> None:
    make(lab, osparams={"filesystem": "ext4"})
    assert lab.succeed(reinstall(osparams={"filesystem": "ext2"})) is None
    first, again = scripts(lab)
    assert first["variables"] == {}
    assert again["variables"] == {"INSTANCE_REINSTALL": "1"}
    assert again["parameters"] == {"filesystem": "ext2"}
    assert instance(lab).osparams == {"filesystem": "ext4"}
    environment = hooks(lab, "instance-reinstall")[0]
    assert environment["GANETI_INSTANCE_OS_TYPE"] == "debootstrap+default"
    assert environment["GANETI_OP_CODE"] == "OP_INSTANCE_REINSTALL"


def test_another_system(lab: Lab) -> None:
    make(lab, osparams={"filesystem": "ext4"})
    lab.succeed(reinstall(os_type="noop", clear_osparams=True))
    assert (instance(lab).os, instance(lab).osparams) == ("noop", {})
    assert scripts(lab)[-1]["instance"]["os"] == "noop"


def test_an_image_again_keeps_what_its_seed_is_made_of(lab: Lab) -> None:
    make(lab)
    properties = orjson.dumps({"hostname": "new"}).decode()
    lab.succeed(reinstall(os_type="image", osparams={"img_id": "i", "img_properties": properties}))
    ((_, filled),) = lab.calls("image_fill")
    assert filled["customization"]["hostname"] == "new"
    assert instance(lab).os == "image"
    assert instance(lab).osparams["img_id"] == "i"


@pytest.mark.parametrize(
    ("before", "wish", "code", "text"),
    [
        ({"start": True}, {}, errors.ECODE_STATE, "marked to be up, cannot reinstall"),
        ({"disks": [], "disk_template": "diskless"}, {}, errors.ECODE_INVAL, "has no disks"),
        ({}, {"os_type": "nosuch"}, errors.ECODE_INVAL, "not in supported OS list"),
        ({}, {"os_type": "image"}, errors.ECODE_INVAL, "img_id"),
        ({}, {"instance_name": "vm7"}, errors.ECODE_NOENT, "Instance 'vm7' not known"),
    ],
)
def test_a_reinstallation_that_cannot_be(
    lab: Lab, before: dict[str, Any], wish: dict[str, Any], code: str, text: str
) -> None:
    make(lab, **before)
    ordered = len(scripts(lab))
    kind, (message, found) = lab.fail(reinstall(**wish))
    assert (kind, found) == ("OpPrereqError", code)
    assert text in message
    assert len(scripts(lab)) == ordered


def test_a_failed_reinstallation_changes_no_configuration(lab: Lab) -> None:
    before = make(lab)
    lab.nodes.script_failures["create"] = "no"
    assert lab.fail(reinstall(os_type="noop"))[0] == "OpExecError"
    assert instance(lab) == before


def test_a_reinstallation_survives_the_death_of_the_master(killed_at: Any) -> None:
    lab = killed_at("os_script", reinstall(os_type="noop"), before=[order_of()])
    assert lab.wait(2).status == JobStatus.SUCCESS
    assert instance(lab).os == "noop"


def order_of() -> opcodes.OpCode:
    return opcodes.OpInstanceCreate(
        instance_name="vm1", disk_template="file", disks=[{"size": 64}], os_type="image",
        osparams={"img_id": "i"}, pnode=NODE1, start=False,
    )  # fmt: skip


def test_a_new_name(lab: Lab) -> None:
    before = make(lab)
    lab.nodes.nodes[NODE1].consoles["vm1"] = "said\n"
    assert lab.succeed(rename()) == "vm9"
    after = instance(lab, "vm9")
    assert (after.uuid, after.disks) == (before.uuid, before.disks)
    assert lab.master.config.instance("vm1") is None
    assert lab.nodes.nodes[NODE1].consoles == {"vm9": "said\n"}
    told = scripts(lab)[-1]
    assert (told["action"], told["variables"]) == ("rename", {"OLD_INSTANCE_NAME": "vm1"})
    assert told["instance"]["name"] == "vm9"
    pre, post = hooks(lab, "instance-rename")
    assert pre["GANETI_INSTANCE_NEW_NAME"] == "vm9"
    assert pre["GANETI_INSTANCE_NAME"] == pre["GANETI_OP_TARGET"] == "vm1"
    assert post["GANETI_POST_INSTANCE_NAME"] == "vm9"


def test_the_same_name_runs_the_script_again(lab: Lab) -> None:
    make(lab)
    assert lab.succeed(rename(new_name="vm1")) == "vm1"
    assert scripts(lab)[-1]["action"] == "rename"


def test_the_name_counts_whatever_its_script_says(lab: Lab) -> None:
    make(lab)
    lab.nodes.script_failures["rename"] = "has a different hostname"
    lab.succeed(rename())
    assert "has a different hostname (but the instance has been renamed)" in log_of(lab, 2)


@pytest.mark.parametrize(
    ("wish", "code", "text"),
    [
        ({"new_name": "vm2"}, errors.ECODE_EXISTS, "already in the cluster"),
        ({"new_name": "a b"}, errors.ECODE_INVAL, "Invalid instance name"),
        ({"name_check": False}, errors.ECODE_INVAL, "requires a name check"),
        ({"instance_name": "vm7"}, errors.ECODE_NOENT, "not known"),
        ({"instance_name": "vm2"}, errors.ECODE_STATE, "marked to be up, cannot rename"),
    ],
)
def test_a_name_that_cannot_be(lab: Lab, wish: dict[str, Any], code: str, text: str) -> None:
    make(lab)
    make(lab, instance_name="vm2", start=True)
    kind, (message, found) = lab.fail(rename(**wish))
    assert (kind, found) == ("OpPrereqError", code)
    assert text in message


@pytest.mark.parametrize("call", ["instance_rename", "os_script"])
def test_a_renaming_survives_the_death_of_the_master(killed_at: Any, call: str) -> None:
    lab = killed_at(call, rename(), before=[order_of()])
    job = lab.wait(2)
    assert (job.status, job.ops[0].result) == (JobStatus.SUCCESS, "vm9")
    assert [item.name for item in lab.master.config.instances()] == ["vm9"]


def test_a_console(lab: Lab) -> None:
    make(lab)
    kind, (message,) = lab.fail(opcodes.OpInstanceConsole(instance_name="vm1"))
    assert (kind, message) == ("OpExecError", "Instance vm1 is not running (state ADMIN_down)")
    lab.succeed(opcodes.OpInstanceStartup(instance_name="vm1"))
    found = lab.succeed(opcodes.OpInstanceConsole(instance_name="vm1"))
    assert (found["instance"], found["kind"]) == ("vm1", "msg")


def test_definitions_of_all_nodes(lab: Lab) -> None:
    del lab.nodes.nodes[NODE1].systems["debootstrap"]
    fields = ["name", "valid", "variants"]
    found = lab.succeed(opcodes.OpOsDiagnose(output_fields=fields, names=[]))
    assert found == [
        ["debootstrap", False, []],
        ["image", True, []],
        ["noop", True, []],
    ]
    assert lab.master.config.cluster().hidden_os == ()
    kind, (message, _code) = lab.fail(opcodes.OpOsDiagnose(output_fields=["color"]))
    assert (kind, message) == ("OpPrereqError", "Unknown output fields selected: color")
