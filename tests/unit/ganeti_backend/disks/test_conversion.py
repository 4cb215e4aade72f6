"""Another disk template, other memory at run time, another primary node: more of SET_PARAMS."""

from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend import errors
from ganeti_backend.node_rpc import calls
from tests.unit.ganeti_backend.core.conftest import Lab
from tests.unit.ganeti_backend.disks.conftest import N1, N2, N3, agree, create, modify


def test_plain_disks_are_mirrored_and_back(lab: Lab) -> None:
    lab.succeed(create("plain", start=False))
    before = lab.master.config.instance("vm1").disks[0]
    result = lab.succeed(modify(disk_template="drbd", remote_node=N2))
    assert result == [["disk_template", "drbd"]]
    instance = lab.master.config.instance("vm1")
    assert (instance.disk_template, instance.nodes) == ("drbd", (N1, N2))
    assert (instance.disks[0].uuid, instance.disks[0].template) == (before.uuid, "drbd")
    agree(lab)
    lab.succeed(modify(disk_template="plain"))
    instance = lab.master.config.instance("vm1")
    assert (instance.disk_template, instance.nodes) == ("plain", (N1,))
    assert lab.nodes.nodes[N2].disks == {}


@pytest.mark.parametrize(
    ("before", "after"), [("plain", "file"), ("file", "sharedfile"), ("rbd", "ext")]
)
def test_other_conversions_copy(lab: Lab, before: str, after: str) -> None:
    lab.succeed(create(before, start=False))
    old = lab.master.config.instance("vm1").disks[0]
    provider = {"provider": "shelf"} if after == "ext" else {}
    lab.succeed(modify(disk_template=after, ext_params=provider))
    (new,) = lab.master.config.instance("vm1").disks
    assert (new.name, new.size, new.template) == (old.name, old.size, after)
    ((_, copied),) = lab.calls("disk_transfer")
    assert (copied["source"]["uuid"], copied["disk"]["uuid"]) == (old.uuid, new.uuid)
    agree(lab)


@pytest.mark.parametrize(
    ("before", "wish", "broken"),
    [
        ("plain", {"disk_template": "drbd", "remote_node": N2}, "DISK_ACTIVATE"),
        ("plain", {"disk_template": "drbd", "remote_node": N2}, "DISK_CREATE"),
        ("file", {"disk_template": "sharedfile"}, "DISK_TRANSFER"),
    ],
)
def test_a_failed_conversion_changes_nothing(
    lab: Lab, before: str, wish: dict[str, Any], broken: str
) -> None:
    lab.succeed(create(before, start=False))
    instance = lab.master.config.instance("vm1")
    lab.nodes.fail(getattr(calls, broken), "out of order")
    lab.fail(modify(**wish))
    lab.nodes.heal(getattr(calls, broken))
    assert lab.master.config.instance("vm1") == instance
    converted = [arguments["template"] for _, arguments in lab.calls("disk_convert")]
    assert converted in ([], ["drbd", "plain"])
    agree(lab)


@pytest.mark.parametrize(
    ("before", "wish", "code", "text"),
    [
        ("plain", {"disk_template": "plain"}, errors.ECODE_INVAL, "already has disk template"),
        ("plain", {"disk_template": "x"}, errors.ECODE_INVAL, "not enabled"),
        ("plain", {"disk_template": "diskless"}, errors.ECODE_INVAL, "Unsupported disk template"),
        ("file", {"disk_template": "drbd"}, errors.ECODE_INVAL, "Unsupported disk template"),
        ("plain", {"disk_template": "drbd"}, errors.ECODE_INVAL, "requires specifying a secondary"),
        (
            "plain",
            {"disk_template": "drbd", "remote_node": N1},
            errors.ECODE_STATE,
            "same as the primary node",
        ),
        (
            "plain",
            {"disk_template": "file", "disks": [["remove", -1, {}]]},
            errors.ECODE_INVAL,
            "not supported at the same time",
        ),
        ("plain", {"remote_node": N2, "beparams": {"vcpus": 2}}, errors.ECODE_INVAL, "only given"),
        ("plain", {"disk_template": "ext"}, errors.ECODE_NOENT, "Missing provider"),
        ("plain", {"runtime_mem": 100}, errors.ECODE_STATE, "is not running"),
    ],
)
def test_changes_that_are_refused(
    lab: Lab, before: str, wish: dict[str, Any], code: str, text: str
) -> None:
    lab.succeed(create(before, start=False))
    instance = lab.master.config.instance("vm1")
    kind, (message, found) = lab.fail(modify(**wish))
    assert (kind, found) == ("OpPrereqError", code), message
    assert text in message
    assert lab.master.config.instance("vm1") == instance


def test_a_running_instance_keeps_its_template(lab: Lab) -> None:
    lab.succeed(create("plain"))
    message, code = lab.fail(modify(disk_template="file"))[1]
    assert code == errors.ECODE_STATE
    assert "is marked to be up, cannot change disk template" in message


def test_memory_changes_while_it_runs(lab: Lab) -> None:
    lab.succeed(create(beparams={"minmem": 64, "maxmem": 256}))
    assert lab.succeed(modify(runtime_mem=128)) == [["runtime_memory", 128]]
    assert lab.nodes.nodes[N1].guests["vm1"]["memory"] == 128
    message, code = lab.fail(modify(runtime_mem=512))[1]
    assert code == errors.ECODE_INVAL
    assert "between 64 and 256 MB" in message


def test_the_primary_node_may_be_said_to_be_another(lab: Lab) -> None:
    lab.succeed(create("sharedfile"))
    assert lab.fail(modify(pnode=N3))[1][1] == errors.ECODE_STATE
    lab.nodes.nodes[N1].guests.clear()
    (disk,) = lab.nodes.nodes[N1].disks.items()
    # Every node sees a shared disk; the nodes of this test each keep their own books.
    lab.nodes.nodes[N3].disks[disk[0]] = lab.nodes.nodes[N1].disks.pop(disk[0])
    assert lab.succeed(modify(pnode=N3)) == [["pnode", N3]]
    assert lab.master.config.instance("vm1").primary_node == N3
