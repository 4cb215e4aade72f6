"""Keeps room for an instance that grows where it is.

Its node may be drained: that keeps new instances away, not what those that are there need.
"""

from __future__ import annotations

from typing import Any

from ganeti_backend import objects
from ganeti_backend.allocator import Demand
from ganeti_backend.units import base


def reserve_here(unit: base.Unit[Any], instance: objects.Instance, memory: int, disk: int) -> None:
    """OpPrereqError if one of its nodes has not so much (MiB) left."""
    if not memory and not disk:
        return
    for name in instance.nodes[1:]:
        # The other copies only take room on disk, and no reservation of their own.
        if disk:
            node = base.online_node(unit.config, name).replace(drained=False)
            unit.reach.allocator.choose(Demand(instance.name, 0, disk), [node])
    node = base.online_node(unit.config, instance.primary_node).replace(drained=False)
    unit.reach.allocator.reserve(unit.job.owner, Demand(instance.name, memory, disk), [node])
