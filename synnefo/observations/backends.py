"""What backends report of themselves: capacity and abilities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from synnefo.db.models import Backend
from synnefo.db.transactions import writing
from synnefo.ports import ClusterInfo, NodeReport


def capacity(backend_id: int, nodes: Sequence[NodeReport], now: datetime) -> None:
    """Sum up the nodes that can take instances."""
    usable = [node for node in nodes if node.vm_capable and not node.offline]
    open_ones = [node for node in usable if not node.drained]
    with writing():
        Backend.objects.filter(pk=backend_id).update(
            memory_total=sum(node.memory_total or 0 for node in usable),
            memory_free=sum(node.memory_free or 0 for node in open_ones),
            disk_total=sum(node.disk_total or 0 for node in usable),
            disk_free=sum(node.disk_free or 0 for node in open_ones),
            cpu_total=sum(node.cpus or 0 for node in usable),
            seen_at=now,
        )


def described(backend_id: int, info: ClusterInfo) -> None:
    """What the cluster can do."""
    with writing():
        Backend.objects.filter(pk=backend_id).update(
            disk_templates=list(info.enabled_disk_templates),
            hypervisor=info.default_hypervisor,
        )
