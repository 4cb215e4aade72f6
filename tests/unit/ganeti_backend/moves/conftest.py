"""A master with every kind of disk, and one instance of a kind that a test names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ganeti_backend import objects, opcodes
from ganeti_backend.disk_templates import TEMPLATES
from tests.unit.ganeti_backend.core.conftest import Lab as CoreLab

DISKS: dict[str, list[dict[str, Any]]] = {
    "diskless": [],
    "ext": [{"size": 64, "provider": "shelf"}],
}
NODE1, NODE2, NODE3 = "node1.local", "node2.local", "node3.local"


class Lab(CoreLab):
    """Knows besides where guests and disks are."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)

    def start(self, **options: Any) -> Any:
        master = super().start(**options)
        cluster = master.config.cluster()
        if set(cluster.enabled_disk_templates) != set(TEMPLATES):
            enabled = tuple(TEMPLATES)
            master.config.commit([cluster.touched(0.0, enabled_disk_templates=enabled)])
        return master

    def make(self, template: str, *, start: bool = True, **values: Any) -> objects.Instance:
        """vm1 with its primary copy on node1 and its second one, if it has one, on node2."""
        mirrored = TEMPLATES[template].nodes > 1
        self.succeed(
            opcodes.OpInstanceCreate(
                **{
                    "instance_name": "vm1",
                    "disk_template": template,
                    "disks": DISKS.get(template, [{"size": 64}]),
                    "pnode": NODE1,
                    "snode": NODE2 if mirrored else None,
                    "start": start,
                    **values,
                }
            )
        )
        return self.instance

    @property
    def instance(self) -> objects.Instance:
        found = self.master.config.instance("vm1")
        assert found is not None
        return found

    @property
    def running_on(self) -> list[str]:
        return [name for name, node in self.nodes.nodes.items() if "vm1" in node.guests]

    @property
    def between(self) -> list[str]:
        """Nodes on which the guest stands still between two."""
        return [name for name, node in self.nodes.nodes.items() if "vm1" in node.between]

    @property
    def disks_on(self) -> list[str]:
        return [name for name, node in self.nodes.nodes.items() if node.disks]

    def settled(self) -> None:
        """It runs once, on the node that the configuration names, and nobody is in doubt."""
        assert self.running_on == [self.instance.primary_node]
        assert self.between == []
        assert self.instance.arriving_at is None
        assert self.instance.left_behind == ()
        assert self.master.config.debris() == []
        assert self.master.locks.locks() == []


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    lab.start(patience=0.3)
    yield lab
    lab.master.stop()


def log_of(job: Any) -> str:
    return "\n".join(str(entry[3]) for op in job.ops for entry in op.log)


Maker = Callable[..., Any]
