"""What backends report of themselves: capacity and abilities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import QuerySet

from synnefo.core import messages
from synnefo.core.server_states import JobStatus
from synnefo.db.models import Backend, Heartbeat
from synnefo.db.transactions import writing
from synnefo.observations import nodes as seen_nodes
from synnefo.ports import ClusterInfo, NodeReport

RENAME = "OP_CLUSTER_RENAME"


def capacity(backend_id: int, nodes: Sequence[NodeReport], now: datetime) -> None:
    """Write the nodes down, and sum up those that can take instances."""
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
        seen_nodes.seen(backend_id, nodes, now)


def described(backend_id: int, info: ClusterInfo) -> None:
    """What the cluster can do, and what it is called now."""
    with writing():
        row = Backend.objects.filter(pk=backend_id)
        row.update(
            disk_templates=list(info.enabled_disk_templates),
            hypervisor=info.default_hypervisor,
            features=list(info.features),
        )
        _rename(row.exclude(name=info.name), info.name)


def renamed(message: messages.ClusterStatus) -> bool:
    """An administrator gave a cluster of ours another name, which its events have from now on."""
    name = str((message.job_fields or {}).get("name") or "")
    if message.operation != RENAME or message.status != JobStatus.SUCCESS:
        return False
    with writing():
        return _rename(Backend.objects.filter(name=message.cluster), name)


def is_known(name: str) -> bool:
    """Whether any backend has this name."""
    return Backend.objects.filter(name=name).exists()


def _rename(row: QuerySet[Backend], name: str) -> bool:
    """Not if another one has the name; who is right is for an administrator to say."""
    return bool(name) and not is_known(name) and bool(row.update(name=name))


def alive(sign: messages.Heartbeat, now: datetime) -> bool:
    """A sign of life came all the way; False from a cluster that is not ours.

    Which is the newest is not asked of clocks: another master's may be behind. The last one noted
    tells how long the way takes now.
    """
    seconds, microseconds = sign.event_time
    sent = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)
    with writing():
        heard = Heartbeat.objects.filter(backend__name=sign.cluster)
        if heard.update(sent_at=sent, heard_at=now):
            return True
        backend = Backend.objects.filter(name=sign.cluster).first()
        if backend is not None:
            Heartbeat.objects.update_or_create(
                backend=backend, defaults={"sent_at": sent, "heard_at": now}
            )
        return backend is not None
