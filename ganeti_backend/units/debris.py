"""Takes away disks that a job made or meant to take away, as far as their instance has them not.

The record is written before a node is touched and settled when nodes and configuration agree. The
job itself comes here when it fails or runs again, and the master for jobs that nobody will finish.
Everything here may run twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ganeti_backend import disk_templates, errors, objects
from ganeti_backend.configuration.config import Config, Debris
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.calls import Nodes
from ganeti_backend.units.base import Unit

RUNNING = ("running", "paused")


def record(
    job_id: int, part: str, instance: objects.Instance, disks: Iterable[objects.Disk], *nodes: str
) -> Debris:
    """`part` tells several records of one job apart."""
    listed = [disk.to_dict() for disk in disks]
    where = list(dict.fromkeys(nodes or instance.nodes))
    return Debris(f"{job_id}/{part}", instance.uuid, listed, where, job_id)


def of_unit(
    unit: Unit[Any], disks: Iterable[objects.Disk], instance: objects.Instance, *nodes: str
) -> Debris:
    """The one record that most units need."""
    return record(unit.job.job_id, str(unit.job.op_index), instance, disks, *nodes)


def finish_earlier(unit: Unit[Any]) -> None:
    """Take away what this opcode left when it was cut short, before its record is written anew."""
    key = f"{unit.job.job_id}/{unit.job.op_index}"
    for left in unit.config.debris():
        if left.key == key:
            unit.info("Taking back what an earlier try did to disks")
            clear(unit.config, unit.reach.nodes, left)


@contextmanager
def taken_back(unit: Unit[Any], left: Debris) -> Iterator[None]:
    """What is recorded is cleared if the block fails."""
    try:
        yield
    except BaseException:
        if not unit.reach.stop.is_set():
            clear_or_warn(unit, left)
        raise


def clear_or_warn(unit: Unit[Any], left: Debris) -> None:
    """A node that does not answer is asked again later, by the master."""
    try:
        clear(unit.config, unit.reach.nodes, left)
    except errors.NodeError as error:
        unit.warn(f"{error.message}; what is left of the disks will be removed later")


def clear(config: Config, nodes: Nodes, debris: Debris) -> None:
    """NodeError leaves the record in place, so that it is tried again later.

    For nodes that are marked offline it stays as well, until they are back or removed.
    """
    instance = config.instance(debris.instance)
    away = []
    for name in debris.nodes:
        node = config.node(name)
        if node is not None and node.offline:
            away.append(name)
        elif node is not None:
            _clear_node(config, nodes, debris, instance, name)
    if not away:
        config.commit(settled=debris)
    elif away != debris.nodes:
        config.commit(pending=replace(debris, nodes=away))


def _clear_node(
    config: Config, nodes: Nodes, debris: Debris, instance: objects.Instance | None, node: str
) -> None:
    here = instance if instance is not None and instance.primary_node == node else None
    payload = here.node_payload(config.cluster()) if here is not None else None
    running = payload is not None and _runs(nodes, node, payload["name"])
    if running and payload is not None and here is not None:
        _follow_nics(nodes, debris, here, payload)
    for disk in debris.disks:
        wanted = instance is not None and holds(instance, disk, node)
        if running:
            action = "add" if wanted else "remove"
            nodes.call(node, calls.HOTPLUG_DISK, instance=payload, action=action, disk=disk)
        if not wanted and not _elsewhere(instance, disk):
            nodes.call(node, calls.DISK_REMOVE, disk=disk)


def _follow_nics(
    nodes: Nodes, debris: Debris, instance: objects.Instance, payload: dict[str, Any]
) -> None:
    """Those that the instance has not go first: one that was changed has the same address."""
    held = [nic.to_dict() for nic in instance.nics]
    for action, wanted in (("remove", False), ("add", True)):
        for nic in debris.nics:
            if (nic in held) is wanted:
                node = instance.primary_node
                nodes.call(node, calls.HOTPLUG_NIC, instance=payload, action=action, nic=nic)


def _runs(nodes: Nodes, node: str, name: str) -> bool:
    return bool(nodes.call(node, calls.INSTANCES_INFO).get(name, {}).get("state") in RUNNING)


def holds(instance: objects.Instance, disk: dict[str, object], node: str) -> bool:
    """Whether the configuration says that this node has the disk."""
    own = any(
        (item.uuid, item.template) == (disk["uuid"], disk["template"]) for item in instance.disks
    )
    return own and node in instance.nodes


def _elsewhere(instance: objects.Instance | None, disk: dict[str, object]) -> bool:
    """A disk that all nodes share must stay while its instance has it, on whatever node."""
    template = disk_templates.TEMPLATES.get(str(disk["template"]))
    shared = template is not None and template.reach is disk_templates.Reach.SHARED
    same = instance is not None and any(
        (item.uuid, item.template) == (disk["uuid"], disk["template"]) for item in instance.disks
    )
    return shared and same
