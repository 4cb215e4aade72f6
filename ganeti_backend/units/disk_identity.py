"""How Ganeti names a disk, by its template: the logical id of queries and its variables in hooks.

Ports, minors and secrets of mirrored disks belong to their driver; without one they are None.
"""

from __future__ import annotations

from typing import Any

from ganeti_backend import objects

VOLUME_GROUP = "xenvg"  # Ganeti's default.
FILE_DRIVER = "loop"


def volume(disk: objects.Disk) -> tuple[str, str]:
    """Volume group and volume of a disk, or of the data of a mirrored one."""
    return str(disk.params.get("vg") or VOLUME_GROUP), f"{disk.uuid}.disk"


def meta_volume(disk: objects.Disk) -> tuple[str, str]:
    """What a mirrored disk writes about itself."""
    return str(disk.params.get("metavg") or volume(disk)[0]), f"{disk.uuid}.disk_meta"


def logical_id(instance: objects.Instance, disk: objects.Disk) -> list[Any]:
    if disk.template == "drbd":
        return [instance.primary_node, instance.secondary_node, None, None, None, None]
    if disk.template == "plain":
        return list(volume(disk))
    if disk.template == "rbd":
        return ["rbd", disk.uuid]
    if disk.template == "ext":
        return [disk.params.get("provider"), disk.uuid]
    return [FILE_DRIVER, disk.path]


def variables(instance: objects.Instance, disk: objects.Disk) -> dict[str, str]:
    """For hooks; a disk that is not made yet has none."""
    if not disk.path:
        return {}
    found = {"DEV_TYPE": disk.template}
    if disk.template == "drbd":
        (data_vg, data), (meta_vg, meta) = volume(disk), meta_volume(disk)
        found.update({"DATA_VG": data_vg, "DATA_ID": data, "META_VG": meta_vg, "META_ID": meta})
        found.update({"PRIMARY_NODE": instance.primary_node})
        return {**found, "SECONDARY_NODE": instance.secondary_node or ""}
    first, last = (str(part or "") for part in logical_id(instance, disk))
    kind = {"plain": "VG", "ext": "PROVIDER"}.get(disk.template, "DRIVER")
    return {**found, kind: first, "ID": last}
