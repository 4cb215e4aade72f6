"""Nodes in memory: the same interface as `client.NodeClient`, for tests of what runs on the master.

It is held to the same contract tests as the real pair of client and server.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ganeti_backend.errors import NodeCallError, NodeUnreachable
from ganeti_backend.node_rpc.calls import Call
from ganeti_backend.node_rpc.fake_care import FakeCare
from ganeti_backend.node_rpc.fake_disks import DiskBooks, FakeDisks, RefusalError
from ganeti_backend.node_rpc.fake_moves import FakeMoves
from ganeti_backend.node_rpc.fake_replica import FakeReplica
from ganeti_backend.node_rpc.fake_systems import FakeSystems, SystemBooks

NODES = ("node1.local", "node2.local", "node3.local")
MEMORY = 8192
CPUS = 4


@dataclass
class FakeNode(DiskBooks, SystemBooks):
    """What one node holds besides disks: guests by name, tasks by id."""

    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    consoles: dict[str, str] = field(default_factory=dict)
    between: dict[str, dict[str, Any]] = field(default_factory=dict)
    memory: int = MEMORY
    reachable: bool = True
    boot: str = "boot-1"
    allocatable: bool = True
    commands: dict[str, str] = field(default_factory=dict)  # Restricted ones and their output.
    replica: FakeReplica = field(default_factory=FakeReplica)


class FakeNodeClient(FakeDisks, FakeMoves, FakeCare, FakeSystems):
    """All nodes of a cluster in one object.

    `nodes[name].reachable = False` cuts a node off; `fail(call, text)` lets calls of that
    name fail until `heal(call)`; `on_call` runs before each call (to block, to break things);
    `asked` lists (node, call, arguments) in order; `hook_results` is what hooks_run answers.
    """

    def __init__(self, names: Iterable[str] = NODES) -> None:
        self.nodes: dict[str, FakeNode] = {name: FakeNode() for name in names}
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.hook_results: dict[tuple[str, str], list[list[str]]] = defaultdict(list)
        self.show_shutdown = False  # Guests that ended by themselves are listed.
        self.stall = False  # Guests that are sent do not get through.
        self.on_call: Callable[[str, str, dict[str, Any]], None] | None = None
        self.script_failures: dict[str, str] = {}  # By action: what the script says.
        self._failing: dict[str, str] = {}
        self._lock = threading.Lock()

    def fail(self, call: Call, message: str) -> None:
        """Let every call of this name be refused with this message."""
        self._failing[call.name] = message

    def heal(self, call: Call) -> None:
        """Let the call work again."""
        self._failing.pop(call.name, None)

    def call(self, node: str, call: Call, /, timeout: float | None = None, **arguments: Any) -> Any:
        """Run a call on a node; see `calls.Nodes`."""
        if timeout is not None and ("timeout" in call.required or "timeout" in call.defaults):
            arguments["timeout"] = timeout
        bound = call.bind(arguments)
        if self.on_call is not None:
            self.on_call(node, call.name, bound)
        with self._lock:
            self.asked.append((node, call.name, bound))
            if node not in self.nodes or not self.nodes[node].reachable:
                raise NodeUnreachable(node, f"{call.name}: connection refused")
            if call.name in self._failing:
                raise NodeCallError(node, call.name, self._failing[call.name])
            try:
                handler: Callable[..., Any] = getattr(self, f"_{call.name}")
                return handler(self.nodes[node], **bound)
            except RefusalError as refusal:
                raise NodeCallError(node, call.name, str(refusal)) from refusal

    def close(self) -> None:
        """Nothing to give back."""

    def _version(self, node: FakeNode) -> dict[str, Any]:
        return {"version": "fake"}

    def _node_info(self, node: FakeNode) -> dict[str, Any]:
        used = sum(g["memory"] for g in node.guests.values() if g["state"] != "shutdown")
        return {
            "memory_total": node.memory,
            "memory_free": node.memory - used,
            "memory_dom0": 0,
            "cpu_total": CPUS,
            "cpu_nodes": 1,
            "cpu_sockets": 1,
            "cpu_dom0": 0,
            "disk_total": node.disk_space,
            "disk_free": node.disk_space - sum(node.disks.values()),
            "bootid": node.boot,
        }

    def _instances_info(self, node: FakeNode) -> dict[str, Any]:
        return {
            name: {key: guest[key] for key in ("state", "memory", "vcpus")}
            for name, guest in node.guests.items()
            if self.show_shutdown or guest["state"] != "shutdown"
        }

    def _instance_start(self, node: FakeNode, instance: dict[str, Any], paused: bool) -> None:
        be = instance["beparams"]
        memory = int(be.get("maxmem") or be.get("memory") or 128)
        name = instance["name"]
        if name in node.between:
            raise RefusalError(f"instance {name} stands in the middle of a migration")
        node.guests[name] = {
            "state": "paused" if paused else "running",
            "memory": memory,
            "vcpus": int(be.get("vcpus") or 1),
            "disks": [disk["uuid"] for disk in instance.get("disks", ())],
            "macs": [nic["mac"] for nic in instance.get("nics", ())],
        }
        node.consoles[name] = node.consoles.get(name, "") + f"GUEST-READY host={name}\n"

    def _instance_shutdown(self, node: FakeNode, name: str, timeout: float, force: bool) -> None:
        node.guests.pop(name, None)
        node.between.pop(name, None)

    def _instance_reboot(
        self, node: FakeNode, instance: dict[str, Any], kind: str, timeout: float
    ) -> None:
        if instance["name"] not in node.guests and kind != "full":
            raise RefusalError(f"instance {instance['name']} is not running")
        self._instance_start(node, instance, paused=False)

    def _instance_pause(self, node: FakeNode, name: str) -> None:
        if name in node.guests:
            node.guests[name]["state"] = "paused"

    def _instance_unpause(self, node: FakeNode, name: str) -> None:
        if name in node.guests:
            node.guests[name]["state"] = "running"

    def _instance_suspend(self, node: FakeNode, name: str) -> None:
        if name in node.guests:
            node.guests[name]["state"] = "suspended"

    def _instance_forget(self, node: FakeNode, name: str) -> None:
        node.guests.pop(name, None)
        node.between.pop(name, None)
        node.consoles.pop(name, None)

    def _instance_console(self, node: FakeNode, name: str) -> dict[str, Any]:
        return {"kind": "msg", "message": f"{name} has no console here"}

    def _console_output(self, node: FakeNode, name: str, length: int | None) -> dict[str, Any]:
        lines = node.consoles.get(name, "").splitlines(keepends=True)
        return {"output": "".join(lines if length is None else lines[-length:] if length else [])}

    def _image_fill(self, node: FakeNode, task_id: str, **rest: Any) -> dict[str, Any]:
        node.tasks[task_id] = {"state": "done", "percent": 100, "message": ""}
        # As if it took a moment, so that its end is asked for.
        return {"task": task_id, "state": "running", "percent": 0, "message": ""}

    def _task_status(
        self, node: FakeNode, task_id: str, wait: float, percent: int | None
    ) -> dict[str, Any]:
        if task_id not in node.tasks:
            raise RefusalError(f"there is no task {task_id}")
        return dict(node.tasks[task_id])

    def _hooks_run(
        self, node: FakeNode, hooks_path: str, phase: str, env: dict[str, str]
    ) -> list[list[str]]:
        return [list(row) for row in self.hook_results[(hooks_path, phase)]]

    def _hotplug_nic(
        self, node: FakeNode, instance: dict[str, Any], action: str, nic: dict[str, Any]
    ) -> None:
        if instance["name"] not in node.guests:
            raise RefusalError(f"instance {instance['name']} is not running")
        guest = node.guests[instance["name"]]
        others = [mac for mac in guest.get("macs", ()) if mac != nic["mac"]]
        guest["macs"] = others if action == "remove" else [*others, nic["mac"]]

    def _replica_update(self, node: FakeNode, **batch: Any) -> dict[str, Any]:
        return node.replica.update(**batch)

    def _replica_status(self, node: FakeNode) -> dict[str, Any]:
        return node.replica.status()

    def _test_delay(self, node: FakeNode, duration: float) -> None:
        """Takes no time: a test that wants delay uses `on_call`."""
