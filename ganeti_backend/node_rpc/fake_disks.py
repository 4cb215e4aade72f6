"""The disks of nodes in memory: a part of `fake.FakeNodeClient`.

A mirrored disk is synchronised in three looks at it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ganeti_backend.disk_templates import TEMPLATES, Reach

FULL_SYNC = 100.0
DISK_SPACE = 100 * 1024


class RefusalError(Exception):
    """A node's answer that the call cannot be done."""


@dataclass
class DiskBooks:
    """Disks by uuid (MiB), with whom they are mirrored and how far, and which are in use."""

    guests: dict[str, dict[str, Any]] = field(default_factory=dict)
    disks: dict[str, int] = field(default_factory=dict)
    peers: dict[str, str] = field(default_factory=dict)
    syncing: dict[str, float] = field(default_factory=dict)
    primary: set[str] = field(default_factory=set)
    empty: set[str] = field(default_factory=set)
    active: set[str] = field(default_factory=set)
    snapshots: set[tuple[str, str]] = field(default_factory=set)
    disk_space: int = DISK_SPACE


class FakeDisks:
    """Handlers by the names of their calls."""

    nodes: Mapping[str, Any]

    def _disk_create(
        self, node: DiskBooks, instance_name: str, disk: dict[str, Any]
    ) -> dict[str, Any]:
        free = node.disk_space - sum(node.disks.values())
        known = node.disks.get(disk["uuid"], 0)
        if not known and disk["size"] > free:
            raise RefusalError(f"disk of {disk['size']} MiB does not fit into {free} MiB")
        node.disks[disk["uuid"]] = max(disk["size"], known)
        return {"path": f"/fake/disks/{disk['uuid']}"}

    def _disk_remove(self, node: DiskBooks, disk: dict[str, Any]) -> None:
        node.disks.pop(disk["uuid"], None)
        node.peers.pop(disk["uuid"], None)
        node.syncing.pop(disk["uuid"], None)
        node.active.discard(disk["uuid"])
        node.primary.discard(disk["uuid"])
        node.empty.discard(disk["uuid"])
        node.snapshots -= {item for item in node.snapshots if item[0] == disk["uuid"]}

    def _disk_grow(self, node: DiskBooks, disk: dict[str, Any], amount: int) -> None:
        self._known_disk(node, disk)
        node.disks[disk["uuid"]] = max(disk["size"] + amount, node.disks[disk["uuid"]])

    def _disk_activate(
        self, node: DiskBooks, disk: dict[str, Any], role: str, peer: str | None
    ) -> dict[str, Any]:
        self._known_disk(node, disk)
        new = peer is not None and node.peers.get(disk["uuid"]) != peer
        node.peers.pop(disk["uuid"], None)
        if peer is not None:
            node.peers[disk["uuid"]] = peer
        else:
            node.syncing.pop(disk["uuid"], None)
        if role == "primary":
            node.primary.add(disk["uuid"])
            if new:
                node.syncing[disk["uuid"]] = 0.0
        else:
            node.primary.discard(disk["uuid"])
        node.active.add(disk["uuid"])
        return {"path": f"/fake/disks/{disk['uuid']}"}

    def _disk_deactivate(self, node: DiskBooks, disk: dict[str, Any]) -> None:
        node.active.discard(disk["uuid"])

    def _disk_status(self, node: DiskBooks, disk: dict[str, Any]) -> dict[str, Any] | None:
        if disk["uuid"] not in node.disks:
            return None
        percent = node.syncing.get(disk["uuid"])
        if percent is not None and percent >= FULL_SYNC:
            del node.syncing[disk["uuid"]]
            node.empty.discard(disk["uuid"])
        elif percent is not None:
            node.syncing[disk["uuid"]] = percent + FULL_SYNC / 2
        size = node.disks[disk["uuid"]]
        alone = disk["template"] == "drbd" and disk["uuid"] not in node.peers
        degraded = percent is not None or alone
        complete = disk["uuid"] not in node.empty
        return {"size": size, "sync_percent": percent, "degraded": degraded, "complete": complete}

    def _disk_convert(self, node: DiskBooks, disk: dict[str, Any], template: str) -> dict[str, Any]:
        self._known_disk(node, disk)
        node.peers.pop(disk["uuid"], None)
        return {"path": f"/fake/{template}/{disk['uuid']}"}

    def _known_disk(self, node: DiskBooks, disk: dict[str, Any]) -> None:
        row = TEMPLATES.get(disk.get("template") or "")
        everywhere = row is not None and row.reach is Reach.SHARED
        places = self.nodes.values() if everywhere else (node,)
        if not any(disk["uuid"] in place.disks for place in places):
            raise RefusalError(f"there is no disk {disk['uuid']}")

    def _disk_replace(self, node: DiskBooks, disk: dict[str, Any]) -> None:
        node.disks[disk["uuid"]] = disk["size"]
        if disk["uuid"] in node.peers and disk["uuid"] in node.primary:
            node.syncing[disk["uuid"]] = 0.0
            node.empty.add(disk["uuid"])

    def _disk_snapshot(
        self, node: Any, task_id: str, disk: dict[str, Any], name: str, **more: Any
    ) -> dict[str, Any]:
        disks = (disk, *more["others"])
        for one in disks:
            self._known_disk(node, one)
        if more["action"] == "revert" and (disk["uuid"], name) not in node.snapshots:
            status = {"state": "failed", "percent": 0, "message": f"no snapshot {name}"}
        else:
            status = {"state": "done", "percent": 100, "message": ""}
            node.snapshots |= {(one["uuid"], name) for one in disks}
        node.tasks[task_id] = status
        return {"task": task_id, **status}

    def _disk_snapshot_remove(self, node: DiskBooks, disk: dict[str, Any], name: str) -> None:
        node.snapshots.discard((disk["uuid"], name))

    def _image_sums(self, node: Any, file: str) -> dict[str, Any]:
        return {"size": 1 << 20, "checksum": "0" * 32, "os_hash_value": "0" * 128}

    def _disk_save(
        self,
        node: Any,
        task_id: str,
        disk: dict[str, Any],
        file: str,
        guest: str | None,
        wait: float,
    ) -> dict[str, Any]:
        self._known_disk(node, disk)
        others = (facts for name, facts in node.guests.items() if name != guest)
        using = [facts for facts in others if disk["uuid"] in facts["disks"]]
        state = "failed" if using else "done"
        node.tasks[task_id] = {"state": state, "percent": 100, "message": "a guest uses it"}
        return {"task": task_id, **node.tasks[task_id]}

    def _disk_transfer(
        self, node: Any, task_id: str, source: dict[str, Any], disk: dict[str, Any], wait: float
    ) -> dict[str, Any]:
        self._known_disk(node, source)
        self._known_disk(node, disk)
        node.tasks[task_id] = {"state": "done", "percent": 100, "message": ""}
        return {"task": task_id, **node.tasks[task_id]}

    def _instance_balloon(self, node: DiskBooks, name: str, memory: int) -> None:
        if name not in node.guests:
            raise RefusalError(f"instance {name} is not running")
        node.guests[name]["memory"] = memory

    def _hotplug_disk(
        self, node: DiskBooks, instance: dict[str, Any], action: str, disk: dict[str, Any]
    ) -> None:
        guest = node.guests.get(instance["name"])
        if action == "add" and guest is None:
            raise RefusalError(f"instance {instance['name']} is not running")
        if guest is not None:
            others = [uuid for uuid in guest.get("disks", ()) if uuid != disk["uuid"]]
            guest["disks"] = [*others, *([disk["uuid"]] if action == "add" else [])]
