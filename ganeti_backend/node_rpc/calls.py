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
# Guests that stand still: in memory, or saved to disk until they are started again.
INSTANCE_PAUSE = Call("instance_pause", ("name",), timeout=60)
INSTANCE_UNPAUSE = Call("instance_unpause", ("name",), timeout=60)
INSTANCE_SUSPEND = Call("instance_suspend", ("name",), timeout=600)
INSTANCE_CONSOLE = Call("instance_console", ("name",), timeout=10)
CONSOLE_OUTPUT = Call("console_output", ("name",), {"length": None}, timeout=15)
DISK_CREATE = Call("disk_create", ("instance_name", "disk"), timeout=60)
DISK_REMOVE = Call("disk_remove", ("disk",), timeout=60)
DISK_GROW = Call("disk_grow", ("disk", "amount"), timeout=60)
# Roles are primary, secondary and both; `peer` is the node that has a mirrored disk's other copy.
DISK_ACTIVATE = Call("disk_activate", ("disk", "role"), {"peer": None}, timeout=60)
DISK_DEACTIVATE = Call("disk_deactivate", ("disk",), timeout=60)
# {"size", "sync_percent", "degraded"}, or None if the node has no such disk.
DISK_STATUS = Call("disk_status", ("disk",))
DISK_CONVERT = Call("disk_convert", ("disk", "template"), timeout=60)
# An empty copy of a mirrored disk instead of the node's own, to be filled from its peer.
DISK_REPLACE = Call("disk_replace", ("disk",), timeout=60)
# Tasks as IMAGE_FILL is: `create` or `revert` a snapshot, fill a disk from another one beside it.
# A snapshot is of `others` at the same moment; `guest` stands still meanwhile if it runs.
DISK_SNAPSHOT = Call(
    "disk_snapshot",
    ("task_id", "disk", "action", "name"),
    {"others": (), "guest": None, "wait": 0.05},
    waits="wait",
)
DISK_SNAPSHOT_REMOVE = Call("disk_snapshot_remove", ("disk", "name"))
DISK_TRANSFER = Call("disk_transfer", ("task_id", "source", "disk"), {"wait": 0.05}, waits="wait")
INSTANCE_BALLOON = Call("instance_balloon", ("name", "memory"))
IMAGE_FILL = Call(
    "image_fill",
    ("task_id", "instance", "disk", "image_id", "image_format", "customization"),
    # A copy that is done within `wait` seconds is answered as done, which saves asking. `data` is
    # for disks beside the first: the guest is told nothing new.
    {"wait": 0.05, "data": False},
    waits="wait",
)
# Saves what a disk holds as a file of the images' folder; a task as well. A `guest` that uses the
# disk stands still meanwhile. The sums are asked for when the file is there.
DISK_SAVE = Call(
    "disk_save", ("task_id", "disk", "file"), {"guest": None, "wait": 0.05}, waits="wait"
)
IMAGE_SUMS = Call("image_sums", ("file",), timeout=3600)
# Answers at once if the task has ended or its percentage is not `percent`; else waits for that.
TASK_STATUS = Call(
    "task_status", ("task_id",), {"wait": 0.0, "percent": None}, timeout=10, waits="wait"
)
# OS definitions and exports. A script is a task as the filling of a disk is; `parameters` holds all
# OS parameters and `hidden` names those whose values no log may show. `index` is the disk that a
# dump is of, `export` and `file` the dump, and `peer` the node (name, address, port) that has it.
TASK_CANCEL = Call("task_cancel", ("task_id",), timeout=60)
OS_DIAGNOSE = Call("os_diagnose", timeout=60)
OS_CHECK = Call("os_check", ("name", "parameters"), {"force_variant": False}, timeout=60)
OS_SCRIPT = Call(
    "os_script",
    ("task_id", "action", "instance", "networks", "parameters"),
    {
        "hidden": (), "variables": {}, "debug": 0, "limit": 14400.0, "index": None,
        "frozen": False, "export": "", "file": "", "peer": None, "wait": 0.05, "transfer": None,
    },
    waits="wait",
)  # fmt: skip
# `transfer` of a script says where another cluster sends or takes the dump instead: `key`,
# `trusted`, `magic`, `compress`, and `host` and `port`, or `patience`. See `disk_streams.py`.
TRANSFER_KEY = Call("transfer_key", ("name",), timeout=60)
TRANSFER_KEY_REMOVE = Call("transfer_key_remove", ("name",))
TRANSFER_KEEP = Call("transfer_keep", ("task_id",))
DISKS_FREEZE = Call("disks_freeze", ("task_id", "disks"), {"wait": 0.05}, waits="wait")
DISKS_THAW = Call("disks_thaw", ("disks",))
EXPORT_BEGIN = Call("export_begin", ("name",), timeout=300)
EXPORT_WRITE = Call("export_write", ("name", "file", "offset", "data"), timeout=300)
EXPORT_READ = Call("export_read", ("name", "file", "offset", "length"), timeout=300)
EXPORT_FINISH = Call("export_finish", ("name", "sections"), timeout=600)
EXPORT_ABORT = Call("export_abort", ("name",), timeout=300)
EXPORT_LIST = Call("export_list")
EXPORT_INFO = Call("export_info", ("path",))
EXPORT_REMOVE = Call("export_remove", ("name",), timeout=300)
INSTANCE_RENAME = Call("instance_rename", ("name", "new_name"))
HOOKS_RUN = Call("hooks_run", ("hooks_path", "phase", "env"), timeout=300)
HOTPLUG_NIC = Call("hotplug_nic", ("instance", "action", "nic"))
# `add` needs a running guest; `remove` ends with no guest using the disk, whether or not one did.
HOTPLUG_DISK = Call("hotplug_disk", ("instance", "action", "disk"), timeout=60)
# Copies a disk to the same, empty one of another node: {"name", "address", "port"}; a task.
DISK_COPY = Call("disk_copy", ("task_id", "disk", "peer"), {"compress": "none"})
DISK_WRITE = Call(
    "disk_write", ("disk", "offset", "data"), {"encoding": "plain", "last": False}, timeout=120
)
SEED_WRITE = Call("seed_write", ("instance", "customization"))
# A running guest goes to another node; see `hypervisor/migration.py`.
MIGRATION_DESCRIBE = Call("migration_describe", ("name",))
MIGRATION_PREPARE = Call("migration_prepare", ("instance", "description"), timeout=60)
MIGRATION_START = Call("migration_start", ("name", "address", "live"), timeout=60)
MIGRATION_PROGRESS = Call("migration_progress", ("name",), timeout=15)
MIGRATION_SETTLE = Call("migration_settle", ("name", "keep"), timeout=60)
# What administrators do with a node; see `node/node_care.py`.
VOLUMES = Call("volumes")
STORAGE_LIST = Call("storage_list", ("storage_type",), {"name": None})
STORAGE_MODIFY = Call("storage_modify", ("storage_type", "name", "changes"))
STORAGE_REPAIR = Call("storage_repair", ("storage_type", "name"), timeout=300)
NODE_POWERCYCLE = Call("node_powercycle")
RESTRICTED_COMMAND = Call("restricted_command", ("command",), timeout=320)
CERTIFICATE_REQUEST = Call("certificate_request")
CERTIFICATE_INSTALL = Call("certificate_install", ("trusted",), {"certificate": None})
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
        INSTANCE_PAUSE,
        INSTANCE_UNPAUSE,
        INSTANCE_SUSPEND,
        INSTANCE_CONSOLE,
        CONSOLE_OUTPUT,
        DISK_CREATE,
        DISK_REMOVE,
        DISK_GROW,
        DISK_ACTIVATE,
        DISK_DEACTIVATE,
        DISK_STATUS,
        DISK_CONVERT,
        DISK_REPLACE,
        DISK_SNAPSHOT,
        DISK_SNAPSHOT_REMOVE,
        DISK_TRANSFER,
        INSTANCE_BALLOON,
        IMAGE_FILL,
        DISK_SAVE,
        IMAGE_SUMS,
        TASK_STATUS,
        TASK_CANCEL,
        OS_DIAGNOSE,
        OS_CHECK,
        OS_SCRIPT,
        TRANSFER_KEY,
        TRANSFER_KEY_REMOVE,
        TRANSFER_KEEP,
        DISKS_FREEZE,
        DISKS_THAW,
        EXPORT_BEGIN,
        EXPORT_WRITE,
        EXPORT_READ,
        EXPORT_FINISH,
        EXPORT_ABORT,
        EXPORT_LIST,
        EXPORT_INFO,
        EXPORT_REMOVE,
        INSTANCE_RENAME,
        HOOKS_RUN,
        HOTPLUG_NIC,
        HOTPLUG_DISK,
        DISK_COPY,
        DISK_WRITE,
        SEED_WRITE,
        MIGRATION_DESCRIBE,
        MIGRATION_PREPARE,
        MIGRATION_START,
        MIGRATION_PROGRESS,
        MIGRATION_SETTLE,
        VOLUMES,
        STORAGE_LIST,
        STORAGE_MODIFY,
        STORAGE_REPAIR,
        NODE_POWERCYCLE,
        RESTRICTED_COMMAND,
        CERTIFICATE_REQUEST,
        CERTIFICATE_INSTALL,
        REPLICA_UPDATE,
        REPLICA_STATUS,
        TEST_DELAY,
    )
}
