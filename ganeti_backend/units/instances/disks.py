"""Work on an instance's disks that several units share: on which nodes, in which order.

A mirrored disk is made, and made usable, on the secondary node first, since the primary one begins
to copy to it. Files need nothing to be usable, so instances with these ask no node at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ganeti_backend import errors, objects
from ganeti_backend.disk_templates import PRIMARY, SECONDARY, TEMPLATES, Reach
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base

AnyUnit = base.Unit[Any]
Disks = tuple[objects.Disk, ...]
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 5.0


def make(unit: AnyUnit, instance: objects.Instance, disks: Iterable[objects.Disk]) -> Disks:
    """Make the disks on all nodes of the instance; they have the primary node's paths then."""
    return tuple(_make_one(unit, instance, disk) for disk in disks)


def _make_one(unit: AnyUnit, instance: objects.Instance, disk: objects.Disk) -> objects.Disk:
    path = disk.path
    for node in reversed(holders(instance, disk)):
        name, payload = instance.name, disk.to_dict()
        path = unit.call(node, calls.DISK_CREATE, instance_name=name, disk=payload)["path"]
    return replace(disk, path=path)


def holders(instance: objects.Instance, disk: objects.Disk) -> tuple[str, ...]:
    """The nodes that have a copy of their own, or the one that speaks for a shared disk."""
    mirrored = TEMPLATES[disk.template].reach is Reach.MIRRORED
    return instance.nodes if mirrored else (instance.primary_node,)


def by_uuid(disks: Sequence[objects.Disk], made: Sequence[objects.Disk]) -> Disks:
    """The list with those replaced that were made."""
    known = {disk.uuid: disk for disk in made}
    return tuple(known.get(disk.uuid, disk) for disk in disks)


# Usable or not.


def activate(
    unit: AnyUnit,
    instance: objects.Instance,
    disks: Iterable[objects.Disk] | None = None,
    ignore_secondaries: bool = False,
) -> list[list[str]]:
    """Make disks usable for a guest on the primary node: [node, disk's name, path] for each."""
    found = []
    wanted = {disk.uuid for disk in (instance.disks if disks is None else disks)}
    for index, disk in enumerate(instance.disks):
        if disk.uuid in wanted:
            path = disk.path or ""
            if TEMPLATES[disk.template].assembled:
                path = _activate_one(unit, instance, disk, ignore_secondaries)
            found.append([instance.primary_node, f"disk/{index}", path])
    return found


def _activate_one(
    unit: AnyUnit, instance: objects.Instance, disk: objects.Disk, ignore_secondaries: bool
) -> str:
    primary, payload = instance.primary_node, disk.to_dict()
    for node in holders(instance, disk)[1:]:
        try:
            unit.call(node, calls.DISK_ACTIVATE, disk=payload, role=SECONDARY, peer=primary)
        except errors.NodeError as error:
            if not ignore_secondaries:
                raise
            unit.warn(f"{error.message}; going on without that copy of the disk")
    peer = instance.secondary_node if len(holders(instance, disk)) > 1 else None
    answer = unit.call(primary, calls.DISK_ACTIVATE, disk=payload, role=PRIMARY, peer=peer)
    return str(answer["path"])


def deactivate(
    unit: AnyUnit, instance: objects.Instance, disks: Iterable[objects.Disk] | None = None
) -> None:
    """Let go of disks on all nodes; one that does not answer has nothing that could be hurt."""
    for disk in instance.disks if disks is None else disks:
        if not TEMPLATES[disk.template].assembled:
            continue
        for node in holders(instance, disk):
            found = unit.config.node(node)
            if found is None or found.offline:
                continue
            try:
                unit.call(node, calls.DISK_DEACTIVATE, disk=disk.to_dict())
            except errors.NodeError as error:
                unit.warn(f"Could not shut down block device on node {node}: {error.message}")


# Mirrors.


def wait_for_sync(
    unit: AnyUnit, instance: objects.Instance, disks: Sequence[objects.Disk] | None = None
) -> bool:
    """Wait until mirrored disks are the same on both nodes; False if one has no good mirror."""
    wanted = [
        (index, disk)
        for index, disk in enumerate(instance.disks)
        if len(holders(instance, disk)) > 1 and (disks is None or disk in disks)
    ]
    if not wanted:
        return True
    unit.info(f"Waiting for instance {instance.name} to sync disks")
    pause = FIRST_PAUSE
    while True:
        looks = [(index, _look(unit, instance, disk)) for index, disk in wanted]
        syncing = [(index, look) for index, look in looks if look["sync_percent"] is not None]
        if not syncing:
            break
        for index, look in syncing:
            unit.info(f"- device disk/{index}: {look['sync_percent']:5.2f}% done")
        if unit.reach.stop.wait(pause):
            raise errors.OpExecError("The master stops while disks are being synchronised")
        pause = min(2 * pause, LONGEST_PAUSE)
    unit.info(f"Instance {instance.name}'s disks are in sync")
    return not any(look["degraded"] for _, look in looks)


def _look(unit: AnyUnit, instance: objects.Instance, disk: objects.Disk) -> dict[str, Any]:
    look = unit.call(instance.primary_node, calls.DISK_STATUS, disk=disk.to_dict())
    if look is None:
        text = f"Disk {disk.uuid} of {instance.name} is missing on {instance.primary_node}"
        raise errors.OpExecError(text)
    return dict(look)


def running(unit: AnyUnit, instance: objects.Instance) -> bool:
    """Whether its node has a guest of this name now."""
    guests = unit.call(instance.primary_node, calls.INSTANCES_INFO)
    return guests.get(instance.name, {}).get("state") in ("running", "paused")


def require_down(instance: objects.Instance, what: str) -> None:
    """OpPrereqError in Ganeti's words unless the instance is meant to be stopped."""
    if instance.admin_state == objects.ADMIN_UP:
        text = f"Instance '{instance.name}' is marked to be {instance.admin_state}, {what}"
        raise errors.OpPrereqError(text, errors.ECODE_STATE)


def find(instance: objects.Instance, index: int) -> objects.Disk:
    if index >= len(instance.disks):
        last = len(instance.disks) - 1
        text = f"Invalid disk number: {index} (instance has disks 0 to {last})"
        raise errors.OpPrereqError(text, errors.ECODE_INVAL)
    return instance.disks[index]
