"""The master dies before each node call of each opcode about disks: nothing stays half done."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import pytest

from ganeti_backend import opcodes
from ganeti_backend.node_rpc.fake import FakeNode
from ganeti_backend.queue.jobs import JobStatus
from tests.unit.ganeti_backend.core.conftest import Lab
from tests.unit.ganeti_backend.disks.conftest import N2, N3, agree, create, modify

# Calls that change nothing, or that other threads of the master make whenever they like.
OTHERS = ("instances_info", "node_info", "replica_update", "replica_status", "version", "os_check")


class Moments:
    """Copies of files and nodes as they were before each call that works on disks or guests."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self._lab = lab
        self._folder = folder
        self.taken: list[tuple[str, Path, dict[str, FakeNode]]] = []
        lab.nodes.on_call = self._on_call

    def _on_call(self, node: str, call: str, arguments: dict[str, Any]) -> None:
        if call in OTHERS or call == "hooks_run":
            return
        target = self._folder / str(len(self.taken))
        nodes = copy.deepcopy(self._lab.nodes.nodes)
        source = self._lab.settings.data_dir.parent
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.new", "nodes"))
        self.taken.append((call, target, nodes))

    def stop(self) -> None:
        self._lab.nodes.on_call = None


GROW = opcodes.OpInstanceGrowDisk(instance_name="vm1", disk=0, amount=8)
NEW = opcodes.OpInstanceReplaceDisks(
    instance_name="vm1", mode="replace_new_secondary", remote_node=N3
)
ANEW = opcodes.OpInstanceReplaceDisks(instance_name="vm1", mode="replace_on_secondary")
RECREATE = opcodes.OpInstanceRecreateDisks(instance_name="vm1", nodes=[N3])
SNAPSHOT = opcodes.OpInstanceSnapshot(instance_name="vm1", snapshot_name="s")
REMOVE = opcodes.OpInstanceRemove(instance_name="vm1")
DISKS = [["add", -1, {"size": 8}], ["remove", 0, {}]]
CARDS = [["add", -1, {}], ["remove", 0, {}], ["modify", 0, {"link": "br1"}]]
STORIES: dict[str, tuple[opcodes.OpCode | None, opcodes.OpCode]] = {
    "create": (None, create("drbd")),
    "change": (create(), modify(disks=DISKS, hotplug=True)),
    "change mirrored": (create("drbd"), modify(disks=DISKS, hotplug=True)),
    "grow": (create("drbd"), GROW),
    "new secondary": (create("drbd"), NEW),
    "anew": (create("drbd"), ANEW),
    "recreate": (create(start=False), RECREATE),
    "snapshot": (create(start=False, disks=[{"size": 8}, {"size": 8}]), SNAPSHOT),
    "remove": (create("drbd"), REMOVE),
    "cards": (create(nics=[{}, {}]), modify(nics=CARDS, hotplug=True)),
    "mirror": (create("plain", start=False), modify(disk_template="drbd", remote_node=N2)),
    "single": (create("drbd", start=False), modify(disk_template="plain")),
    "copy": (create("file", start=False), modify(disk_template="sharedfile")),
}


@pytest.mark.parametrize("story", STORIES)
def test_an_opcode_cut_short_anywhere_is_done_by_the_next_master(
    lab: Lab, tmp_path_factory: pytest.TempPathFactory, story: str
) -> None:
    before, op = STORIES[story]
    if before is not None:
        lab.succeed(before)
    moments = Moments(lab, tmp_path_factory.mktemp("moments"))
    lab.succeed(op)
    moments.stop()
    last = max(lab.master.job_ids())
    wanted = shape(lab)
    assert len(moments.taken) > 1
    for call, folder, nodes in moments.taken:
        following = Lab(folder)
        following.nodes.nodes = nodes
        following.start()
        try:
            job = following.wait(last)
            assert job.status == JobStatus.SUCCESS, (call, job.ops[0].result)
            agree(following)
            assert shape(following) == wanted, call
        finally:
            following.master.stop()


def plugged(lab: Lab, instance: Any) -> bool:
    """Whether the guest has exactly the network cards that it should have."""
    guest = lab.nodes.nodes[instance.primary_node].guests.get(instance.name)
    return guest is None or set(guest["macs"]) == {nic.mac for nic in instance.nics}


def shape(lab: Lab) -> list[tuple[Any, ...]]:
    """What came of it, without the names that chance gives."""
    return [
        (
            found.nodes,
            found.admin_state,
            [disk.size for disk in found.disks],
            sorted(found.snapshots),
            found.name in lab.nodes.nodes[found.primary_node].guests,
            plugged(lab, found),
        )
        for found in lab.master.config.instances()
    ]
