"""The calls a node answers: one table, read by the client, the server and the fake.

Instances, disks and NICs travel as plain dictionaries in the shape of `objects.Instance.to_dict()`.
A driver needs no row here: it is reached through the calls of the resource it drives.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Call:
    """One remote call: its arguments, their defaults, and how long an answer may take.

    `waits` names the argument (seconds) that the node itself may spend before it answers; the
    client adds it to `timeout`.
    """

    name: str
    required: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = 30.0
    waits: str | None = None

    def bind(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The complete arguments; TypeError if one is missing or unknown."""
        missing = [name for name in self.required if name not in arguments]
        unknown = [n for n in arguments if n not in self.required and n not in self.defaults]
        if missing or unknown:
            raise TypeError(f"call {self.name}: missing {missing}, unknown {unknown}")
        return {**self.defaults, **arguments}


class Nodes(Protocol):
    """What the master needs from its nodes; `client.NodeClient` and `fake.FakeNodeClient`."""

    def call(self, node: str, call: Call, /, timeout: float | None = None, **arguments: Any) -> Any:
        """Run a call on a node. Raises NodeUnreachable or NodeCallError.

        `timeout` is the longest wait for the answer, but for a call that has an argument of this
        name it is that argument, and the answer may take the call's own timeout on top.
        """

    def close(self) -> None:
        """Give the connections back."""


VERSION = Call("version", timeout=5)
NODE_INFO = Call("node_info", timeout=10)
INSTANCES_INFO = Call("instances_info", timeout=15)
INSTANCE_START = Call("instance_start", ("instance",), {"paused": False}, timeout=60)
INSTANCE_SHUTDOWN = Call(
    "instance_shutdown", ("name", "timeout"), {"force": False}, timeout=30, waits="timeout"
)
INSTANCE_REBOOT = Call(
    "instance_reboot", ("instance", "kind"), {"timeout": 120}, timeout=60, waits="timeout"
)
INSTANCE_FORGET = Call("instance_forget", ("name",))
INSTANCE_CONSOLE = Call("instance_console", ("name",), timeout=10)
CONSOLE_OUTPUT = Call("console_output", ("name",), {"length": None}, timeout=15)
DISK_CREATE = Call("disk_create", ("instance_name", "disk"), timeout=60)
DISK_REMOVE = Call("disk_remove", ("disk",), timeout=60)
DISK_GROW = Call("disk_grow", ("disk", "amount"), timeout=60)
IMAGE_FILL = Call(
    "image_fill",
    ("task_id", "instance", "disk", "image_id", "image_format", "customization"),
    # A copy that is done within `wait` seconds is answered as done, which saves asking.
    {"wait": 0.05},
    waits="wait",
)
# Answers at once if the task has ended or its percentage is not `percent`; else waits for that.
TASK_STATUS = Call(
    "task_status", ("task_id",), {"wait": 0.0, "percent": None}, timeout=10, waits="wait"
)
HOOKS_RUN = Call("hooks_run", ("hooks_path", "phase", "env"), timeout=300)
HOTPLUG_NIC = Call("hotplug_nic", ("instance", "action", "nic"))
# `add` needs a running guest; `remove` ends with no guest using the disk, whether or not one did.
HOTPLUG_DISK = Call("hotplug_disk", ("instance", "action", "disk"), timeout=60)
# A running guest goes to another node; see `hypervisor/migration.py` for stages and settling.
MIGRATION_DESCRIBE = Call("migration_describe", ("name",))
MIGRATION_PREPARE = Call("migration_prepare", ("instance", "description"), timeout=60)
MIGRATION_START = Call("migration_start", ("name", "address", "live"), timeout=60)
MIGRATION_PROGRESS = Call("migration_progress", ("name",), timeout=15)
MIGRATION_SETTLE = Call("migration_settle", ("name", "keep"), timeout=60)
# A batch of the master's queue and configuration for a candidate's copy; see `replication.py`.
REPLICA_UPDATE = Call(
    "replica_update", ("phase", "generation", "epoch", "after", "position", "rows"), timeout=10
)
REPLICA_STATUS = Call("replica_status", timeout=5)
TEST_DELAY = Call("test_delay", ("duration",), waits="duration")

CALLS: Mapping[str, Call] = {
    call.name: call
    for call in (
        VERSION,
        NODE_INFO,
        INSTANCES_INFO,
        INSTANCE_START,
        INSTANCE_SHUTDOWN,
        INSTANCE_REBOOT,
        INSTANCE_FORGET,
        INSTANCE_CONSOLE,
        CONSOLE_OUTPUT,
        DISK_CREATE,
        DISK_REMOVE,
        DISK_GROW,
        IMAGE_FILL,
        TASK_STATUS,
        HOOKS_RUN,
        HOTPLUG_NIC,
        HOTPLUG_DISK,
        MIGRATION_DESCRIBE,
        MIGRATION_PREPARE,
        MIGRATION_START,
        MIGRATION_PROGRESS,
        MIGRATION_SETTLE,
        REPLICA_UPDATE,
        REPLICA_STATUS,
        TEST_DELAY,
    )
}
