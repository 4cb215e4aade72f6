"""What clusters say of their nodes, for those who may not ask them: readers and the allocator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from synnefo.db.models import Node
from synnefo.db.transactions import writing
from synnefo.ports import NodeReport

Role = Node.Role
SETTLING = timedelta(seconds=10)  # A job that was asked for before may come to its end last.
SEEN = (
    "address",
    "role",
    "master",
    "vm_capable",
    "answers",
    "memory_total",
    "memory_free",
    "disk_total",
    "disk_free",
    "cpus",
    "instances",
    "wanted_role",
    "disabled_reason",
    "up_since",
    "seen_at",
)


def seen(backend_id: int, reports: Sequence[NodeReport], now: datetime) -> None:
    """All nodes of a backend; those that it does not have any more are forgotten."""
    with writing():
        known = {node.name: node for node in Node.objects.filter(backend_id=backend_id)}
        fresh: list[Node] = []
        old: list[Node] = []
        for report in reports:
            node = known.pop(report.name, None)
            (old if node else fresh).append(_told(node, backend_id, report, now))
        Node.objects.bulk_create(fresh, ignore_conflicts=True)
        Node.objects.bulk_update(old, SEEN)
        if known:
            Node.objects.filter(pk__in=[node.pk for node in known.values()]).delete()


def _role(report: NodeReport) -> Node.Role:
    if report.offline:
        return Role.OFFLINE
    return Role.DRAINED if report.drained else Role.REGULAR


def _told(node: Node | None, backend_id: int, report: NodeReport, now: datetime) -> Node:
    node = node or Node(backend_id=backend_id, name=report.name, created_at=now)
    node.address, node.master = report.address, report.master
    node.role, node.vm_capable = _role(report), report.vm_capable
    if node.wanted_role == node.role and node.asked_at and now - node.asked_at >= SETTLING:
        node.wanted_role = None  # What was wished for has come true.
    if not node.disabled:
        node.disabled_reason = None
    node.answers = not report.offline and report.memory_total is not None
    node.up_since = (node.up_since or now) if node.answers else None
    node.memory_total, node.memory_free = report.memory_total or 0, report.memory_free or 0
    node.disk_total, node.disk_free = report.disk_total or 0, report.disk_free or 0
    node.cpus, node.instances = report.cpus or 0, report.instances
    node.seen_at = now if node.answers else node.seen_at
    return node


def asked(node: Node, now: datetime) -> None:
    """The cluster was asked for the role that an administrator wants."""
    with writing():
        Node.objects.filter(pk=node.pk).update(asked_at=now)
