"""Exports and imports: what is dumped, what becomes of the instance, what a failure leaves."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ganeti_backend import errors, opcodes
from ganeti_backend.node_rpc import calls
from ganeti_backend.queue.jobs import JobStatus
from tests.unit.ganeti_backend.core.conftest import Lab
from tests.unit.ganeti_backend.installation.conftest import (
    NODE1,
    NODE2,
    NODE3,
    instance,
    log_of,
    make,
    order,
    scripts,
)


def export(**values: Any) -> opcodes.OpBackupExport:
    return opcodes.OpBackupExport(**{"instance_name": "vm1", "target_node": NODE2, **values})


def imported(**values: Any) -> opcodes.OpInstanceCreate:
    return opcodes.OpInstanceCreate(
        **{"instance_name": "vm1", "mode": "import", "pnode": NODE3, "start": False, **values}
    )


def what_happened(lab: Lab, *names: str) -> list[str]:
    return [call for _node, call, _arguments in lab.nodes.asked if call in names]


def test_an_export(lab: Lab) -> None:
    made = make(lab, disks=[{"size": 64}, {"size": 8}], tags=["a"], beparams={"vcpus": 2})
    assert lab.succeed(export()) == [True, [True, True]]
    first, second = scripts(lab)[-2:]
    assert [first["index"], second["index"]] == [0, 1]
    assert first["peer"] == {"name": NODE2, "address": "127.0.0.1", "port": 2}
    sections = lab.nodes.nodes[NODE2].exports["vm1"]
    assert sections["export"]["os"] == "debootstrap+default"
    assert sections["instance"]["disk_count"] == "2"
    assert sections["instance"]["disk0_dump"] == f"{made.disks[0].uuid}.disk0.dump"
    assert sections["instance"]["tags"] == "a"
    assert sections["backend"]["vcpus"] == "2"
    environment = next(
        a["env"] for _n, a in lab.calls("hooks_run") if a["hooks_path"] == "instance-export"
    )
    assert environment["GANETI_EXPORT_NODE"] == NODE2
    assert environment["GANETI_EXPORT_DO_SHUTDOWN"] == "True"
    assert environment["GANETI_REMOVE_INSTANCE"] == "False"


def test_a_running_instance_is_down_while_its_disks_are_copied(lab: Lab) -> None:
    make(lab, start=True)
    lab.nodes.asked.clear()
    lab.succeed(export())
    steps = ("instance_shutdown", "disks_freeze", "instance_start", "os_script", "disks_thaw")
    assert what_happened(lab, *steps) == list(steps)
    assert scripts(lab)[-1]["frozen"] is True
    assert instance(lab).admin_state == "up"


def test_with_a_long_sleep_it_is_down_to_the_end(lab: Lab) -> None:
    make(lab, start=True)
    lab.nodes.asked.clear()
    lab.succeed(export(long_sleep=True))
    steps = ("instance_shutdown", "disks_freeze", "instance_start", "os_script")
    assert what_happened(lab, *steps) == ["instance_shutdown", "os_script", "instance_start"]


def test_without_a_shutdown_it_runs_on(lab: Lab) -> None:
    make(lab, start=True)
    lab.nodes.asked.clear()
    lab.succeed(export(shutdown=False))
    steps = ("instance_shutdown", "disks_freeze", "instance_start", "os_script", "disks_thaw")
    assert what_happened(lab, *steps) == ["disks_freeze", "os_script", "disks_thaw"]


def test_an_instance_may_be_gone_after_its_export(lab: Lab) -> None:
    make(lab, start=True)
    assert lab.succeed(export(remove_instance=True)) == [True, [True]]
    assert lab.master.config.instances() == []
    assert lab.nodes.nodes[NODE1].guests == {}
    assert lab.nodes.nodes[NODE1].disks == {}
    assert "vm1" in lab.nodes.nodes[NODE2].exports


def test_the_newest_export_is_the_only_one(lab: Lab) -> None:
    make(lab)
    lab.succeed(export())
    lab.succeed(export(target_node=NODE3))
    found = {name: list(node.exports) for name, node in lab.nodes.nodes.items()}
    assert found == {NODE1: [], NODE2: [], NODE3: ["vm1"]}


def test_a_failed_export_keeps_the_earlier_one_and_the_guest(lab: Lab) -> None:
    make(lab, start=True)
    lab.succeed(export())
    earlier = lab.nodes.nodes[NODE2].exports["vm1"]
    lab.nodes.script_failures["export"] = "cannot read"
    for wish in ({}, {"long_sleep": True}, {"remove_instance": True}):
        kind, (message,) = lab.fail(export(**wish))
        assert kind == "OpExecError"
        assert "export a disk of vm1" in message
        assert "cannot read" in message
        assert lab.nodes.nodes[NODE2].exports == {"vm1": earlier}
        assert lab.nodes.nodes[NODE2].exports_begun == {}
        assert "vm1" in lab.nodes.nodes[NODE1].guests
    assert instance(lab).admin_state == "up"


@pytest.mark.parametrize(
    ("before", "wish", "code", "text"),
    [
        ({}, {"target_node": "node9"}, errors.ECODE_NOENT, "Node 'node9' not known"),
        ({}, {"target_node": [1]}, errors.ECODE_INVAL, "name of one node"),
        ({}, {"mode": "remote", "target_node": []}, errors.ECODE_INVAL, "Missing X509 key name"),
        ({}, {"compress": "zip"}, errors.ECODE_INVAL, "'zip' is not allowed"),
        ({"start": True}, {"remove_instance": True, "shutdown": False}, errors.ECODE_STATE,
         "Can not remove instance without shutting it down"),
    ],
)  # fmt: skip
def test_an_export_that_cannot_be(
    lab: Lab, before: dict[str, Any], wish: dict[str, Any], code: str, text: str
) -> None:
    make(lab, **before)
    kind, (message, found) = lab.fail(export(**wish))
    assert (kind, found) == ("OpPrereqError", code)
    assert text in message
    assert lab.calls("export_begin") == []


@pytest.mark.parametrize("call", ["disks_freeze", "os_script", "export_finish", "export_remove"])
def test_an_export_survives_the_death_of_the_master(killed_at: Any, call: str) -> None:
    lab = killed_at(call, export(), before=[order(os_type="noop", start=True)])
    job = lab.wait(2)
    assert (job.status, job.ops[0].result) == (JobStatus.SUCCESS, [True, [True]])
    assert list(lab.nodes.nodes[NODE2].exports) == ["vm1"]
    assert "vm1" in lab.nodes.nodes[NODE1].guests


def test_an_import_takes_everything_from_the_export(lab: Lab) -> None:
    lab.network()
    before = make(
        lab,
        nics=[{"network": "net1", "ip": "192.0.2.7"}, {"mode": "routed", "ip": "198.51.100.9"}],
        osparams={"filesystem": "ext3"},
        beparams={"maxmem": 256, "minmem": 64},
        tags=["x", "y"],
    )
    lab.succeed(export(remove_instance=True))
    assert lab.succeed(imported()) == [NODE3]
    after = instance(lab)
    same = ("os", "osparams", "tags", "disk_template", "hypervisor")
    assert {n: getattr(after, n) for n in same} == {n: getattr(before, n) for n in same}
    assert [(n.mac, n.ip, n.mode) for n in after.nics] == [
        (n.mac, n.ip, n.mode) for n in before.nics
    ]
    assert after.beparams["maxmem"] == 256
    (restored,) = scripts(lab, NODE3)
    assert (restored["action"], restored["index"]) == ("import", 0)
    assert restored["peer"]["name"] == NODE2
    environment = next(
        a["env"]
        for _n, a in reversed(lab.calls("hooks_run"))
        if a["hooks_path"] == "instance-add" and a["phase"] == "pre"
    )
    assert environment["GANETI_ADD_MODE"] == "import"
    assert environment["GANETI_SRC_NODE"] == NODE2
    assert environment["GANETI_SRC_PATH"] == "vm1"


def test_an_import_under_another_name_is_another_instance(lab: Lab) -> None:
    lab.network()
    first = make(lab, nics=[{"network": "net1", "ip": "192.0.2.7"}])
    lab.succeed(export())
    wish = {"instance_name": "vm2", "src_node": NODE2, "src_path": "vm1"}
    lab.succeed(imported(**wish, identify_defaults=True))
    second = instance(lab, "vm2")
    assert second.nics[0].mac != first.nics[0].mac
    assert second.nics[0].ip not in (None, "192.0.2.7")
    assert second.beparams == {}
    assert [s["action"] for s in scripts(lab, NODE3)] == ["import", "rename"]


@pytest.mark.parametrize(
    ("wish", "code", "text"),
    [
        ({"instance_name": "vm8"}, errors.ECODE_INVAL, "No export found for relative path vm8"),
        ({"src_path": "/x", "instance_name": "vm8"}, errors.ECODE_INVAL, "requires a source node"),
        ({"src_path": "no", "src_node": NODE1}, errors.ECODE_ENVIRON, "there is no export in no"),
        ({"disks": [{"size": 1}]}, errors.ECODE_INVAL, "Not enough disks to import"),
        ({"no_install": True}, errors.ECODE_INVAL, "no_install"),
    ],
)
def test_an_import_that_cannot_be(lab: Lab, wish: dict[str, Any], code: str, text: str) -> None:
    make(lab, disks=[{"size": 64}, {"size": 8}])
    lab.succeed(export(remove_instance=True))
    kind, (message, found) = lab.fail(imported(**wish))
    assert (kind, found) == ("OpPrereqError", code)
    assert text in message
    assert lab.master.config.instances() == []


def test_a_broken_description_is_refused(lab: Lab) -> None:
    make(lab)
    lab.succeed(export(remove_instance=True))
    lab.nodes.nodes[NODE2].exports["vm1"]["instance"]["disk0_size"] = "large"
    kind, (message, code) = lab.fail(imported())
    assert (kind, code) == ("OpPrereqError", errors.ECODE_ENVIRON)
    assert "'disk0_size' is 'large'" in message


def test_a_failed_import_leaves_nothing(lab: Lab) -> None:
    make(lab)
    lab.succeed(export(remove_instance=True))
    lab.nodes.script_failures["import"] = "short dump"
    assert "short dump" in lab.fail(imported())[1][0]
    assert lab.master.config.instances() == []
    assert lab.nodes.nodes[NODE3].disks == {}
    assert "vm1" in lab.nodes.nodes[NODE2].exports


def test_removing_exports(lab: Lab) -> None:
    make(lab)
    lab.succeed(export())
    lab.succeed(opcodes.OpBackupRemove(instance_name="vm1"))
    assert lab.nodes.nodes[NODE2].exports == {}
    lab.succeed(opcodes.OpBackupRemove(instance_name="vm1"))
    assert "Export not found" in log_of(lab, 4)


def test_preparing_needs_nothing_for_a_local_export(lab: Lab) -> None:
    make(lab)
    assert lab.succeed(opcodes.OpBackupPrepare(instance_name="vm1", mode="local")) is None


def test_a_silent_node_does_not_hide_the_exports_of_the_others(lab: Lab) -> None:
    make(lab)
    lab.succeed(export())
    lab.nodes.fail(calls.EXPORT_REMOVE, "disk gone")
    lab.succeed(opcodes.OpBackupRemove(instance_name="vm1"))
    assert "disk gone" in log_of(lab, 3)


def test_an_image_travels_with_what_its_seed_is_made_of(lab: Lab) -> None:
    make(lab, os_type="image", osparams={"img_id": "i", "img_properties": '{"hostname": "web"}'})
    lab.succeed(export(remove_instance=True))
    lab.succeed(imported())
    assert instance(lab).os == "image"
    assert [s["action"] for s in scripts(lab, NODE3)] == ["import"]
    ((node, seed),) = lab.calls("seed_write")
    assert (node, seed["customization"]["hostname"]) == (NODE3, "web")
    assert len(lab.calls("image_fill")) == 1


def test_an_export_can_be_canceled(lab: Lab) -> None:
    make(lab, start=True)
    lab.succeed(export())
    asked = threading.Event()

    def cancel(node: str, call: str, arguments: dict[str, Any]) -> None:
        if call == "os_script" and not asked.is_set():
            asked.set()
            assert lab.master.cancel(3)[0]

    lab.nodes.slow_scripts = True
    lab.nodes.on_call = cancel
    job = lab.run(export(long_sleep=True))
    assert job.status == JobStatus.CANCELED
    assert [call for _n, call, _a in lab.nodes.asked].count("task_cancel") == 1
    assert "vm1" in lab.nodes.nodes[NODE1].guests
    assert list(lab.nodes.nodes[NODE2].exports) == ["vm1"]
    assert lab.nodes.nodes[NODE2].exports_begun == {}
