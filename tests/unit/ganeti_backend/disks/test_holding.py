"""Guests that stand still, and disks that become images: what no Ganeti can."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ganeti_backend import opcodes
from ganeti_backend.storage import saved
from tests.unit.ganeti_backend.core.conftest import Lab
from tests.unit.ganeti_backend.disks.conftest import N1, create

HOLDS = (
    (opcodes.OpInstancePause, "up", "paused"),
    (opcodes.OpInstanceUnpause, "up", "running"),
    (opcodes.OpInstanceSuspend, "down", "suspended"),
    (opcodes.OpInstanceResume, "up", "running"),
)


def test_guests_stand_still_and_go_on(lab: Lab) -> None:
    lab.succeed(create())
    for kind, wished, state in HOLDS:
        lab.succeed(kind(instance_name="vm1"))
        assert lab.master.config.instance("vm1").admin_state == wished
        assert lab.nodes.nodes[N1].guests["vm1"]["state"] == state


def test_a_running_guest_stands_still_while_its_disk_is_saved(lab: Lab) -> None:
    lab.succeed(create())
    lab.succeed(opcodes.OpInstanceSaveDisk(instance_name="vm1", disk="0", file="image"))
    (_, asked) = lab.calls("disk_save")[-1]
    assert (asked["file"], asked["guest"]) == ("image", "vm1")
    lab.succeed(opcodes.OpInstanceShutdown(instance_name="vm1"))
    lab.succeed(opcodes.OpInstanceSaveDisk(instance_name="vm1", disk="0", file="image"))
    assert lab.calls("disk_save")[-1][1]["guest"] is None


def test_sums_are_made_for_whoever_asks_for_them(lab: Lab) -> None:
    lab.succeed(create())
    save = opcodes.OpInstanceSaveDisk(instance_name="vm1", disk="0", file="kept", sums=False)
    lab.succeed(save)
    assert lab.calls("image_sums") == []
    lab.succeed(replace(save, sums=True))
    assert len(lab.calls("image_sums")) == 1


def test_the_sums_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"abc")
    found = saved.sums(tmp_path, "image")
    assert (found["size"], found["checksum"]) == (3, "900150983cd24fb0d6963f7d28e17f72")
    assert found["os_hash_value"].startswith("ddaf35a193617aba")
