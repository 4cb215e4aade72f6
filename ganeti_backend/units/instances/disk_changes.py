"""Changes of disks in SET_PARAMS: how they are described, and how nodes and guests follow them.

What is made and what goes is written down as debris first. When the configuration knows the new
disks, or when something failed, clearing the debris makes nodes and guest follow it: disks that
the instance has not are unplugged and removed, those it has are plugged in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ganeti_backend import objects
from ganeti_backend.units.instances.modifications import Change

DiskChange = Change[objects.Disk]


def described(change: DiskChange) -> list[list[Any]]:
    if change.new is None:
        return [[f"disk/{change.index}", "remove"]]
    new, old = change.new, change.old
    if old is None:
        return [[f"disk/{change.index}", f"add:size={new.size},mode={new.mode}"]]
    pairs = [
        (name, getattr(old, name), getattr(new, name)) for name in ("mode", "name", "spindles")
    ]
    found = [
        [f"disk.{name}/{change.index}", after] for name, before, after in pairs if before != after
    ]
    special = [
        [f"disk.params:{key}/{change.index}", value]
        for key, value in new.params.items()
        if old.params.get(key) != value
    ]
    return [*found, *special]


def added(changes: Sequence[DiskChange], after: Sequence[objects.Disk]) -> list[objects.Disk]:
    """Those to be made, in their final form: one may be added and changed in one opcode."""
    new = {change.new.uuid for change in changes if change.old is None and change.new is not None}
    return [disk for disk in after if disk.uuid in new]


def removed(changes: Sequence[DiskChange], after: Sequence[objects.Disk]) -> list[objects.Disk]:
    """Those that were there before and are not any more."""
    new = {change.new.uuid for change in changes if change.old is None and change.new is not None}
    gone = [change.old for change in changes if change.old is not None and change.new is None]
    return [disk for disk in gone if disk.uuid not in new]
