"""Creations by the scripts of an OS definition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ganeti_backend import errors
from ganeti_backend.queue.jobs import JobStatus
from tests.unit.ganeti_backend.core.conftest import Lab
from tests.unit.ganeti_backend.installation.conftest import NODE1, instance, make, order, scripts


def test_the_create_script_gets_all_parameters(lab: Lab) -> None:
    cluster = lab.master.config.cluster()
    osparams = {"debootstrap": {"filesystem": "ext3"}, "debootstrap+default": {}}
    lab.master.config.commit([cluster.touched(0.0, osparams=osparams)])
    made = make(lab, nics=[{}], debug_level=1)
    (ordered,) = scripts(lab)
    assert ordered["action"] == "create"
    assert ordered["parameters"] == {"filesystem": "ext3"}
    assert ordered["instance"]["os"] == "debootstrap+default"
    assert ordered["instance"]["disks"][0]["path"] == made.disks[0].path
    assert (ordered["variables"], ordered["debug"]) == ({}, 1)
    assert made.osparams == {}


def test_secrets_go_to_the_node_and_nowhere_else(lab: Lab) -> None:
    lab.nodes.nodes[NODE1].systems["noop"] = ()
    lab.succeed(
        order(
            os_type="noop",
            osparams={"a": "1"},
            osparams_private={"b": "hush"},
            osparams_secret={"c": "swordfish"},
        )
    )
    (ordered,) = scripts(lab)
    assert ordered["parameters"] == {"a": "1", "b": "hush", "c": "swordfish"}
    assert ordered["hidden"] == ["b", "c"]
    made = instance(lab)
    assert (made.osparams, made.osparams_private) == ({"a": "1"}, {"b": "hush"})
    assert not holding(lab.settings.data_dir, b"swordfish")


def holding(folder: Path, text: bytes) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file() and text in p.read_bytes()]


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        ({"os_type": "nosuch"}, "OS 'nosuch' not in supported OS list"),
        ({"os_type": "debootstrap+own"}, "Unsupported OS variant 'own'"),
        ({"osparams": {"color": 1}}, "not supported"),
        ({"osparams": {"filesystem": "x"}, "osparams_secret": {"p": "<redacted>"}}, "were lost"),
    ],
)
def test_what_no_script_could_do_is_refused(lab: Lab, wish: dict[str, Any], text: str) -> None:
    kind, (message, code) = lab.fail(order(**wish))
    assert (kind, code) == ("OpPrereqError", errors.ECODE_INVAL)
    assert text in message
    assert lab.calls("disk_create") == []


def test_a_blacklisted_definition_is_for_old_instances_only(lab: Lab) -> None:
    cluster = lab.master.config.cluster()
    lab.master.config.commit([cluster.touched(0.0, blacklisted_os=("debootstrap",))])
    assert "blacklisted" in lab.fail(order())[1][0]


def test_a_failed_script_shows_its_end_and_leaves_nothing(lab: Lab) -> None:
    lab.nodes.script_failures["create"] = "OS create script failed (exit 4):\nno room"
    kind, (message,) = lab.fail(order())
    assert kind == "OpExecError"
    assert message.startswith("Could not install the OS of vm1 on node node1.local: OS create")
    assert message.endswith("no room")
    assert lab.master.config.instances() == []
    assert lab.master.config.pending() == []
    assert lab.nodes.nodes[NODE1].disks == {}


def test_no_script_runs_where_there_is_nothing_to_install(lab: Lab) -> None:
    lab.succeed(order(no_install=True))
    lab.succeed(order(instance_name="vm2", disk_template="diskless", disks=[]))
    assert scripts(lab) == []


def test_a_node_that_forgot_its_script_is_asked_again(lab: Lab) -> None:
    lost = []

    def forget(node: str, call: str, arguments: dict[str, Any]) -> None:
        if call == "task_status" and not lost:
            lost.append(lab.nodes.nodes[node].tasks.pop(arguments["task_id"]))

    lab.nodes.slow_scripts = True
    lab.nodes.on_call = forget
    lab.succeed(order())
    assert len(scripts(lab)) == 2


def test_a_creation_survives_the_death_of_the_master(killed_at: Any) -> None:
    lab = killed_at("os_script", order())
    assert lab.wait(1).status == JobStatus.SUCCESS
    made = instance(lab)
    assert list(lab.nodes.nodes[NODE1].disks) == [made.disks[0].uuid]
    assert scripts(lab)[-1]["instance"]["uuid"] == made.uuid
