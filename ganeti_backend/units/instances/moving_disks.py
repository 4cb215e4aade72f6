"""Disks of an instance that goes to another node: whole, usable on both, then on the new one.

Files need nothing; mirrored disks are written by both nodes for the moment in which the guest
changes from one to the other.
"""

from __future__ import annotations

from typing import Any

from ganeti_backend import errors, objects
from ganeti_backend.disk_templates import BOTH, PRIMARY, TEMPLATES, Reach
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.instances import disks

AnyUnit = base.Unit[Any]


def check_mirrors(unit: AnyUnit, instance: objects.Instance, target: str, doing: str) -> None:
    """OpExecError if the target's copies are not whole."""
    for index, disk in enumerate(instance.disks):
        if TEMPLATES[disk.template].reach is not Reach.MIRRORED:
            continue
        found = unit.call(target, calls.DISK_STATUS, disk=disk.to_dict())
        if found is None or found["degraded"] or found["sync_percent"] is not None:
            text = (
                f"Disk {index} is degraded or not synchronised on node {target}, aborting {doing}"
            )
            raise errors.OpExecError(text)


def open_on_both(unit: AnyUnit, instance: objects.Instance, target: str) -> None:
    """Let both nodes use the disks."""
    source = instance.primary_node
    for disk in instance.disks:
        row, payload = TEMPLATES[disk.template], disk.to_dict()
        if not row.assembled:
            continue
        if row.reach is Reach.MIRRORED:
            unit.call(target, calls.DISK_ACTIVATE, disk=payload, role=BOTH, peer=source)
            unit.call(source, calls.DISK_ACTIVATE, disk=payload, role=BOTH, peer=target)
        else:
            unit.call(target, calls.DISK_ACTIVATE, disk=payload, role=PRIMARY)


def close_on(unit: AnyUnit, instance: objects.Instance, other: str) -> None:
    """The instance is on its primary node; `other` has its disks no more than it should."""
    try:
        disks.activate(unit, instance, ignore_secondaries=True)
        for disk in instance.disks:
            row = TEMPLATES[disk.template]
            if row.assembled and row.reach is Reach.SHARED:
                unit.call(other, calls.DISK_DEACTIVATE, disk=disk.to_dict())
    except errors.NodeError as error:
        unit.warn(f"{error.message}; 'gnt-instance activate-disks' tries it again")
