"""A master over nodes in memory, and instances with an OS definition to begin with."""

from __future__ import annotations

from typing import Any

from ganeti_backend import objects, opcodes
from tests.unit.ganeti_backend.core.conftest import Lab, gate, lab
from tests.unit.ganeti_backend.core.test_crashes import killed_at

__all__ = ["gate", "killed_at", "lab"]

NODE1, NODE2, NODE3 = "node1.local", "node2.local", "node3.local"
SYSTEM = "debootstrap+default"


def order(**values: Any) -> opcodes.OpInstanceCreate:
    """vm1 on node1 with one disk, to be installed by a script."""
    return opcodes.OpInstanceCreate(
        **{
            "instance_name": "vm1",
            "disk_template": "file",
            "disks": [{"size": 64}],
            "os_type": SYSTEM,
            "pnode": NODE1,
            "start": False,
            **values,
        }
    )


def make(lab: Lab, **values: Any) -> objects.Instance:
    lab.succeed(order(**values))
    return instance(lab, values.get("instance_name", "vm1"))


def instance(lab: Lab, name: str = "vm1") -> objects.Instance:
    found = lab.master.config.instance(name)
    assert found is not None
    return found


def scripts(lab: Lab, node: str = NODE1) -> list[dict[str, Any]]:
    return lab.nodes.nodes[node].scripts


def log_of(lab: Lab, job_id: int) -> str:
    job = lab.master.job(job_id)
    assert job is not None
    return "\n".join(str(entry[3]) for op in job.ops for entry in op.log)
