"""Disks that are volumes: filled when they are made, saved before they go, whoever removes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganeti_backend import opcodes
from ganeti_backend.errors import StorageError
from ganeti_backend.node_rpc import calls
from ganeti_backend.storage import saved
from tests.unit.ganeti_backend.core.conftest import Lab
from tests.unit.ganeti_backend.disks.conftest import N1, create, modify

DATA = {"size": 8, "name": "data", "fill": "some-file", "fill_format": "raw", "keep_as": "kept"}


def order(lab: Lab, *wanted: str) -> list[str]:
    return [call for _, call, _ in lab.nodes.asked if call in wanted]


def test_a_disk_is_filled_before_its_guest_gets_it(lab: Lab) -> None:
    lab.succeed(create())
    lab.nodes.asked.clear()
    lab.succeed(modify(disks=[["add", -1, DATA]], hotplug=True))
    assert order(lab, "image_fill", "hotplug_disk")[:2] == ["image_fill", "hotplug_disk"]
    (_, asked) = lab.calls("image_fill")[-1]
    assert (asked["image_id"], asked["image_format"], asked["data"]) == ("some-file", "raw", True)
    data = lab.master.config.instance("vm1").disks[1]
    assert data.params == {"keep_as": "kept"}


def test_a_disk_is_unplugged_then_saved_then_removed(lab: Lab) -> None:
    lab.succeed(create())
    lab.succeed(modify(disks=[["add", -1, DATA]], hotplug=True))
    lab.nodes.asked.clear()
    lab.succeed(modify(disks=[["remove", "data", {}]]))
    assert order(lab, "disk_save", "disk_remove") == ["disk_save", "disk_remove"]
    assert lab.calls("disk_save")[0][1]["file"] == "kept"


def test_a_disk_that_cannot_be_saved_stays_with_its_guest(lab: Lab) -> None:
    lab.succeed(create())
    lab.succeed(modify(disks=[["add", -1, DATA]], hotplug=True))
    lab.nodes.fail(calls.DISK_SAVE, "no room")
    lab.fail(modify(disks=[["remove", "data", {}]], hotplug_if_possible=True))
    instance = lab.master.config.instance("vm1")
    assert [disk.name for disk in instance.disks] == ["root", "data"]
    assert instance.disks[1].uuid in lab.nodes.nodes[N1].guests["vm1"]["disks"]
    lab.nodes.heal(calls.DISK_SAVE)


def test_an_instance_that_goes_leaves_its_volumes(lab: Lab) -> None:
    lab.succeed(create(disks=[{"size": 8}, DATA]))
    assert lab.calls("image_fill")[-1][1]["image_id"] == "some-file"
    lab.succeed(opcodes.OpInstanceRemove(instance_name="vm1"))
    assert [asked["file"] for _, asked in lab.calls("disk_save")] == ["kept"]


def test_a_disk_to_be_filled_needs_a_name(lab: Lab) -> None:
    lab.succeed(create())
    lab.fail(modify(disks=[["add", -1, {"size": 8, "fill": "some-file"}]]))


def test_bytes_are_saved_whole_and_once_more(tmp_path: Path) -> None:
    disk, folder = tmp_path / "disk", tmp_path / "images"
    folder.mkdir()
    disk.write_bytes(b"first")
    saved.save(disk, folder, "kept", lambda _: None)
    disk.write_bytes(b"second")
    saved.save(disk, folder, "kept", lambda _: None)
    assert (folder / "kept").read_bytes() == b"second"
    disk.unlink()
    saved.save(disk, folder, "kept", lambda _: None)  # It was saved before it went.
    assert [one.name for one in folder.iterdir()] == ["kept"]
    with pytest.raises(StorageError):
        saved.save(disk, folder, "another", lambda _: None)
