"""Instances with disks in a whole master, and what must hold of them whatever happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ganeti_backend import opcodes
from ganeti_backend.units.instances import disks
from tests.unit.ganeti_backend.core.conftest import Lab
from tests.unit.ganeti_backend.core.test_replication import until

N1, N2, N3 = "node1.local", "node2.local", "node3.local"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    made.start()
    yield made
    if made.nodes.on_call is None and not made.master.processor._stopping:
        agree(made)
    made.master.stop()


def create(template: str = "file", **values: Any) -> opcodes.OpInstanceCreate:
    mirrored = {"snode": N2} if template == "drbd" else {}
    provider = {"provider": "shelf"} if template == "ext" else {}
    given = {
        "instance_name": "vm1",
        "disk_template": template,
        "disks": [{"size": 64, "name": "root", **provider}],
        "pnode": N1,
        **mirrored,
        **values,
    }
    return opcodes.OpInstanceCreate(**given)


def modify(**values: Any) -> opcodes.OpInstanceSetParams:
    return opcodes.OpInstanceSetParams(instance_name="vm1", **values)


def _cleared(lab: Lab) -> bool:
    """Debris is left to its job until the processor has forgotten that, soon after its end."""
    lab.master.housekeeping.clear_debris()
    return lab.master.config.debris() == []


def agree(lab: Lab) -> None:
    """Nodes have the disks that the configuration says, of that size, and guests use them."""
    until(lambda: _cleared(lab))
    expected: dict[str, dict[str, int]] = {name: {} for name in lab.nodes.nodes}
    for instance in lab.master.config.instances():
        for disk in instance.disks:
            for node in disks.holders(instance, disk):
                expected[node][disk.uuid] = disk.size
            mirrored = len(disks.holders(instance, disk)) > 1
            primary = lab.nodes.nodes[instance.primary_node]
            assert not mirrored or primary.peers.get(disk.uuid) == instance.secondary_node
        guest = lab.nodes.nodes[instance.primary_node].guests.get(instance.name)
        if guest is not None:
            assert set(guest["disks"]) == {disk.uuid for disk in instance.disks}
    assert {name: node.disks for name, node in lab.nodes.nodes.items()} == expected
    for node in lab.nodes.nodes.values():
        assert set(node.peers) <= set(node.disks)
        assert not node.syncing
        assert not node.empty
