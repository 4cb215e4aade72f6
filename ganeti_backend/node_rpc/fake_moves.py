"""Guests and disks between nodes in memory: a part of `fake.FakeNodeClient`.

The stages are those of `guest_stages.py`. The address of a waiting guest is its node's name, and
the whole state goes at once unless `stall` holds it back.
"""

from collections.abc import Mapping
from typing import Any

from ganeti_backend.node_rpc.fake_disks import RefusalError


class FakeMoves:
    """Handlers by the names of their calls."""

    nodes: Mapping[str, Any]
    stall: bool = False

    def _migration_describe(self, node: Any, name: str) -> dict[str, Any]:
        return {"guest": dict(self._here(node, name))}

    def _migration_prepare(
        self, node: Any, instance: dict[str, Any], description: dict[str, Any]
    ) -> str:
        if self._stage(node, instance["name"]) == "here":
            raise RefusalError(f"instance {instance['name']} is running here already")
        node.between[instance["name"]] = {"stage": "arriving"}
        return next(name for name, known in self.nodes.items() if known is node)

    def _migration_start(self, node: Any, name: str, address: str, live: bool) -> None:
        guest, target = self._here(node, name), self.nodes[address]
        if self._stage(target, name) != "arriving":
            raise RefusalError(f"cannot send {name}: connection refused")
        if self.stall:
            node.between[name] = {"stage": "failed", "guest": guest}
            return
        target.between[name] = {"stage": "arrived", "guest": guest}
        node.between[name] = {"stage": "sent", "guest": node.guests.pop(name)}

    def _migration_progress(self, node: Any, name: str) -> dict[str, Any]:
        stage = self._stage(node, name)
        message = "the line was cut" if stage == "failed" else ""
        return {"stage": stage, "percent": 100, "message": message}

    def _migration_settle(self, node: Any, name: str, keep: bool) -> None:
        stage = self._stage(node, name)
        if keep and stage in ("absent", "arriving"):
            raise RefusalError(f"there is no whole guest {name} here, it is {stage}")
        left = node.between.pop(name, None)
        if not keep:
            node.guests.pop(name, None)
            node.consoles.pop(name, None)
        elif left is not None:
            node.guests[name] = left["guest"]

    def _disk_copy(
        self, node: Any, task_id: str, disk: dict[str, Any], peer: dict[str, Any], **rest: Any
    ) -> dict[str, Any]:
        for place, missing in ((node, "there is no disk"), (self.nodes[peer["name"]], "no room")):
            if disk["uuid"] not in place.disks:
                raise RefusalError(f"{missing} {disk['uuid']}")
        node.tasks[task_id] = {"state": "done", "percent": 100, "message": ""}
        return {"task": task_id, **node.tasks[task_id]}

    def _disk_write(self, node: Any, disk: dict[str, Any], **rest: Any) -> None:
        if disk["uuid"] not in node.disks:
            raise RefusalError(f"there is no disk {disk['uuid']}")

    def _seed_write(self, node: Any, **rest: Any) -> None:
        """Nobody reads it here."""

    def _here(self, node: Any, name: str) -> dict[str, Any]:
        if self._stage(node, name) != "here":
            raise RefusalError(f"instance {name} is not running")
        guest: dict[str, Any] = node.guests[name]
        return guest

    def _stage(self, node: Any, name: str) -> str:
        if name in node.between:
            return str(node.between[name]["stage"])
        return "here" if name in node.guests else "absent"
