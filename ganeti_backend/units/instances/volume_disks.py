"""Disks that are volumes: filled with saved bytes when they are made, saved before they go.

A disk that is ordered with `fill` is filled from that file of the images' folder, whose format is
`fill_format`. One that is ordered with `keep_as` has its bytes saved as that file before it is
removed, alone or with its instance, whoever removes it. An extension: Ganeti knows neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ganeti_backend import errors, objects
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.node_tasks import Attention, NodeTask, reporting

KEEP = "keep_as"
FORMATS = ("raw", "qcow2")
STALLED_AFTER = 600.0
AnyUnit = base.Unit[Any]
Orders = dict[str, tuple[str, str]]


def fills(wanted: Iterable[Mapping[str, Any]]) -> Orders:
    """What is to fill the disks of these names: a file and its format."""
    found: Orders = {}
    for one in wanted:
        if (file := one.get("fill")) is None:
            continue
        form = str(one.get("fill_format") or "raw")
        if not one.get("name") or form not in FORMATS:
            text = "A disk that is to be filled needs a name, and a format that is raw or qcow2"
            raise errors.OpPrereqError(text, errors.ECODE_INVAL)
        found[str(one["name"])] = (str(file), form)
    return found


def added(changes: Iterable[Sequence[Any]]) -> Orders:
    """The same of the changes of SET_PARAMS."""
    return fills(entry[-1] for entry in changes if entry and entry[0] == "add")


def fill(
    unit: AnyUnit, instance: objects.Instance, disks: Iterable[objects.Disk], orders: Orders
) -> None:
    """Fill those of these disks that were ordered so; their paths are known."""
    for disk in disks:
        if disk.name in orders:
            file, form = orders[disk.name]
            unit.info(f"Filling disk {disk.name} from {file}")
            _run(
                unit,
                instance.primary_node,
                f"the filling of disk {disk.name}",
                calls.IMAGE_FILL,
                task_id=f"fill-{disk.uuid}-{unit.job.job_id}-{unit.job.op_index}",
                instance=instance.node_payload(unit.config.cluster()),
                disk=disk.to_dict(),
                image_id=file,
                image_format=form,
                customization={},
                data=True,
            )


def kept(disks: Iterable[objects.Disk]) -> list[objects.Disk]:
    """Those whose bytes must not be lost."""
    return [disk for disk in disks if disk.params.get(KEEP)]


def save(unit: AnyUnit, instance: objects.Instance, disk: objects.Disk) -> None:
    """Save the bytes of a disk that no guest uses any more."""
    unit.info(f"Saving disk {disk.name or disk.uuid} as {disk.params[KEEP]}")
    _run(
        unit,
        instance.primary_node,
        f"the saving of disk {disk.name or disk.uuid}",
        calls.DISK_SAVE,
        task_id=f"save-{disk.uuid}-{unit.job.job_id}-{unit.job.op_index}",
        disk=disk.to_dict(),
        file=str(disk.params[KEEP]),
    )


def _run(unit: AnyUnit, node: str, what: str, call: calls.Call, **arguments: Any) -> None:
    attention = Attention(reporting(unit.info, what), unit.job.check_canceled, STALLED_AFTER)

    def order() -> Mapping[str, Any]:
        return dict(unit.reach.nodes.call(node, call, **arguments))

    NodeTask(unit.reach, node, what, order, attention).run()
