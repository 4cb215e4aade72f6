"""Chooses the backend for a server. It never falls back to a full one: it says what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Room:
    """What a backend has; sizes in MiB. Zero totals mean that nobody has looked yet."""

    backend_id: int
    disk_templates: frozenset[str]
    memory_total: int
    memory_free: int
    disk_total: int
    disk_free: int

    def take(self, need: Need) -> None:
        """Count a server in until the backend is looked at again, so that bursts spread."""
        self.memory_free = max(0, self.memory_free - need.memory)
        self.disk_free = max(0, self.disk_free - need.disk)


@dataclass(frozen=True, slots=True)
class Need:
    """What a server takes; sizes in MiB."""

    memory: int
    disk: int
    disk_template: str


class NoRoom(Exception):  # noqa: N818  # An answer, not a failure.
    """No backend can take the server; the text names the resource that ran out."""


def _score(room: Room) -> float:
    """How full a backend is: lower is better; one that nobody has looked at counts as half full."""
    if not room.memory_total:
        return 0.5
    memory = 1 - room.memory_free / room.memory_total
    disk = 1 - room.disk_free / room.disk_total if room.disk_total else 0.0
    return (memory + disk) / 2


def choose(need: Need, rooms: Sequence[Room]) -> Room:
    """The emptiest backend that has room; NoRoom says what is missing everywhere."""
    if not rooms:
        raise NoRoom("backend: no cluster takes servers just now")
    able = [r for r in rooms if not r.disk_templates or need.disk_template in r.disk_templates]
    if not able:
        raise NoRoom(f"disk template: no cluster has '{need.disk_template}'")
    roomy = [r for r in able if not r.memory_total or r.memory_free >= need.memory]
    if not roomy:
        most = max(r.memory_free for r in able)
        raise NoRoom(f"memory: {need.memory} MiB asked, at most {most} MiB free")
    fitting = [r for r in roomy if not r.disk_total or r.disk_free >= need.disk]
    if not fitting:
        most = max(r.disk_free for r in roomy)
        raise NoRoom(f"disk: {need.disk} MiB asked, at most {most} MiB free")
    return min(fitting, key=lambda room: (_score(room), room.backend_id))
