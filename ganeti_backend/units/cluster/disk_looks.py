"""Looks at the disks of many instances at once, on all nodes in parallel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ganeti_backend import errors, objects
from ganeti_backend.node_rpc import calls
from ganeti_backend.units.base import Unit
from ganeti_backend.units.instances import disks

MOST_NODES = 16


@dataclass(frozen=True)
class Look:
    """One disk on one node: what the node says of it, None if it has no such disk, or why not."""

    instance: objects.Instance
    index: int
    node: str
    status: Mapping[str, Any] | None
    error: str | None = None

    @property
    def disk(self) -> objects.Disk:
        return self.instance.disks[self.index]


def look(
    unit: Unit[Any], instances: Iterable[objects.Instance], nodes: Iterable[str]
) -> list[Look]:
    """All disks of these instances, on those of these nodes that hold them."""
    wanted: dict[str, list[tuple[objects.Instance, int]]] = {name: [] for name in nodes}
    for instance in instances:
        for index, disk in enumerate(instance.disks):
            for node in disks.holders(instance, disk):
                if node in wanted:
                    wanted[node].append((instance, index))
    busy = {node: items for node, items in wanted.items() if items}
    if not busy:
        return []
    with ThreadPoolExecutor(min(MOST_NODES, len(busy))) as threads:
        found = threads.map(lambda node: _on_node(unit, node, busy[node]), busy)
        return [item for group in found for item in group]


def _on_node(unit: Unit[Any], node: str, items: list[tuple[objects.Instance, int]]) -> list[Look]:
    found = []
    for instance, index in items:
        try:
            status = unit.call(node, calls.DISK_STATUS, disk=instance.disks[index].to_dict())
            found.append(Look(instance, index, node, status))
        except errors.NodeUnreachable as error:
            # It will not answer for the others either, and each of them would be waited for.
            return [*found, Look(instance, index, node, None, error.message)]
        except errors.NodeError as error:
            found.append(Look(instance, index, node, None, error.message))
    return found
