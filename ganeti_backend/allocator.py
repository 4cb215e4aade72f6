"""Chooses the node of a new instance: the one that keeps most room, counted and reported alike.

A node has what it reports, and never more than its total less what its instances were promised,
stopped ones included. Reservations cover creations that are under way. A refusal says, per node,
why.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganeti_backend import errors, objects
from ganeti_backend.config import Usage

Infos = Mapping[str, Mapping[str, Any] | None]


@dataclass(frozen=True)
class Demand:
    """What an instance needs, in MiB."""

    instance: str
    memory: int
    disk: int


@dataclass(frozen=True)
class Room:
    """What a node has left, or why it cannot be used at all."""

    memory: int = 0
    disk: int = 0
    share: float = 0.0  # of its memory
    instances: int = 0
    refusal: str | None = None
    unreachable: bool = False


class NoRoomError(errors.OpPrereqError):
    """No node can take the instance; `unreachable` says that a silent node might have."""

    def __init__(self, text: str, code: str, unreachable: bool) -> None:
        super().__init__(text, code)
        self.unreachable = unreachable


class Allocator:
    def __init__(self, infos: Callable[[], Infos], usage: Callable[[str], Usage]) -> None:
        self._infos = infos
        self._usage = usage
        self._mutex = threading.Lock()
        self._reserved: dict[str, tuple[str, Demand]] = {}

    def reserve(self, owner: str, demand: Demand, nodes: Sequence[objects.Node]) -> str:
        """Choose among these nodes and keep the room until `release`; NoRoomError says why not."""
        infos = self._infos()
        with self._mutex:
            rooms = {node.name: self._room(node, infos.get(node.name)) for node in nodes}
            fitting = [name for name, room in rooms.items() if not lacks(room, demand)]
            if not fitting:
                raise refusal(rooms, demand)
            best = max(fitting, key=lambda name: (rooms[name].share, -rooms[name].instances, name))
            self._reserved[owner] = (best, demand)
            return best

    def release(self, owner: str) -> None:
        with self._mutex:
            self._reserved.pop(owner, None)

    def _room(self, node: objects.Node, info: Mapping[str, Any] | None) -> Room:
        for flag, refused in (("offline", node.offline), ("drained", node.drained)):
            if refused:
                return Room(refusal=flag)
        if not node.vm_capable:
            return Room(refusal="not made for instances")
        if info is None:
            return Room(refusal="does not answer", unreachable=True)
        usage = self._usage(node.name)
        held = [demand for name, demand in self._reserved.values() if name == node.name]
        memory_held = sum(demand.memory for demand in held)
        disk_held = sum(demand.disk for demand in held)
        memory_total = int(info["memory_total"]) - int(info["memory_dom0"])
        memory = min(int(info["memory_free"]), memory_total - usage.memory) - memory_held
        disk = min(int(info["disk_free"]), int(info["disk_total"]) - usage.disk) - disk_held
        share = memory / memory_total if memory_total > 0 else 0.0
        return Room(memory, disk, share, usage.instances + len(held))


def lacks(room: Room, demand: Demand) -> list[str]:
    """What keeps the instance off the node, in words."""
    if room.refusal is not None:
        return [room.refusal]
    found = []
    if room.memory < demand.memory:
        found.append(f"{max(0, room.memory)} MiB of memory free, {demand.memory} MiB needed")
    if demand.disk and room.disk < demand.disk:
        found.append(f"{max(0, room.disk)} MiB of disk free, {demand.disk} MiB needed")
    return found


def refusal(rooms: Mapping[str, Room], demand: Demand) -> NoRoomError:
    short = {"memory": False, "disk": False}
    for room in rooms.values():
        if room.refusal is None:
            short["memory"] |= room.memory < demand.memory
            short["disk"] |= room.disk < demand.disk
    missing = " or ".join(name for name, lacking in short.items() if lacking) or "usable nodes"
    each = "; ".join(f"{name}: {', '.join(lacks(rooms[name], demand))}" for name in sorted(rooms))
    text = f"Not enough {missing} for instance {demand.instance}: {each or 'there are no nodes'}"
    unreachable = any(room.unreachable for room in rooms.values())
    return NoRoomError(text, errors.ECODE_NORES, unreachable)
