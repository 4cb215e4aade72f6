"""Work on an instance's disks that several units share: on which nodes, in which order.

A mirrored disk is made on the secondary node first, since the primary one starts to copy to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ganeti_backend import objects
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base


def make(
    unit: base.Unit[Any], instance: objects.Instance, disks: Iterable[objects.Disk]
) -> tuple[objects.Disk, ...]:
    """The disks with the paths that they have on the primary node."""
    return tuple(_make_one(unit, instance, disk) for disk in disks)


def _make_one(unit: base.Unit[Any], instance: objects.Instance, disk: objects.Disk) -> objects.Disk:
    path = disk.path
    for node in reversed(instance.nodes):
        payload = disk.to_dict()
        answer = unit.call(node, calls.DISK_CREATE, instance_name=instance.name, disk=payload)
        path = answer["path"]
    return replace(disk, path=path)


def by_uuid(
    disks: Sequence[objects.Disk], made: Sequence[objects.Disk]
) -> tuple[objects.Disk, ...]:
    """The list with those replaced that were made."""
    known = {disk.uuid: disk for disk in made}
    return tuple(known.get(disk.uuid, disk) for disk in disks)
