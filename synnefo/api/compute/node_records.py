"""How the nodes of clusters look: as hypervisors, and as services that run on hosts."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from synnefo.api.request import long_timestamp
from synnefo.core.server_states import ServerState
from synnefo.db.models import Node, Server

BINARY = "nova-compute"
MIB_PER_GIB = 1024
# Hypervisors that are told by other names than libvirt's own.
KINDS = {"kvm": "QEMU", "fake": "fake", "xen-pvm": "Xen", "xen-hvm": "Xen", "lxc": "LXC"}
VERSION = 3000000  # of what Ganeti drives nothing is known; this stands for Ganeti 3.0


def server_counts(nodes: Iterable[str]) -> dict[str, dict[str, int]]:
    """What servers take of each node: one query."""
    rows = Server.objects.filter(node__in=list(nodes)).exclude(state=ServerState.DELETED)
    found: dict[str, dict[str, int]] = {}
    columns = ("node", "state", "task", "flavor__vcpus", "flavor__ram", "flavor__disk")
    for node, state, task, vcpus, ram, disk in rows.values_list(*columns):
        taken = found.setdefault(node, dict.fromkeys(("vcpus", "ram", "disk", "run", "work"), 0))
        taken["vcpus"] += vcpus
        taken["ram"] += ram
        taken["disk"] += disk
        taken["run"] += state == ServerState.ACTIVE
        taken["work"] += task is not None
    return found


def state_of(node: Node) -> dict[str, str]:
    """Whether it answers, and whether it takes servers."""
    return {
        "state": "up" if node.answers and not node.forced_down else "down",
        "status": "disabled" if node.disabled else "enabled",
    }


def hypervisor(node: Node, minor: int) -> dict[str, Any]:
    """The short form."""
    identity = str(node.uuid) if minor >= 53 else node.pk
    return {"id": identity, "hypervisor_hostname": node.name, **state_of(node)}


def hypervisor_detail(
    node: Node, minor: int, taken: dict[str, int] | None, now: datetime
) -> dict[str, Any]:
    """The long form, whose numbers went with 2.88."""
    identity = str(node.uuid) if minor >= 53 else node.pk
    shown = hypervisor(node, minor) | {
        "hypervisor_type": KINDS.get(node.backend.hypervisor, node.backend.hypervisor or "unknown"),
        "hypervisor_version": VERSION,
        "host_ip": node.address or "0.0.0.0",
        "service": {
            "id": identity,
            "host": node.name,
            "disabled_reason": node.disabled_reason,
        },
    }
    if minor >= 88:
        return shown | {"uptime": uptime(node, now)}
    return shown | numbers(node, taken or {}) | {"cpu_info": "" if minor < 28 else {}}


def numbers(node: Node, taken: dict[str, int]) -> dict[str, int]:
    """What it has and what is used of it, in MiB and GiB."""
    local, free = node.disk_total // MIB_PER_GIB, node.disk_free // MIB_PER_GIB
    return {
        "vcpus": node.cpus,
        "vcpus_used": taken.get("vcpus", 0),
        "memory_mb": node.memory_total,
        "memory_mb_used": max(node.memory_total - node.memory_free, 0),
        "free_ram_mb": node.memory_free,
        "local_gb": local,
        "local_gb_used": max(local - free, 0),
        "free_disk_gb": free,
        "disk_available_least": free,
        "current_workload": taken.get("work", 0),
        "running_vms": taken.get("run", 0),
    }


def uptime(node: Node, now: datetime) -> str | None:
    """For how long it has answered, in the words of the command; None of one that does not."""
    if node.up_since is None:
        return None
    minutes = int((now - node.up_since).total_seconds()) // 60
    days, rest = divmod(max(minutes, 0), 24 * 60)
    return f" {now:%H:%M:%S} up {days} days, {rest // 60:2d}:{rest % 60:02d}"


def service(node: Node, zone: str, minor: int) -> dict[str, Any]:
    """The service that stands for the node."""
    shown = {
        "id": str(node.uuid) if minor >= 53 else node.pk,
        "binary": BINARY,
        "host": node.name,
        "zone": zone,
        "updated_at": long_timestamp(node.seen_at),
        "disabled_reason": node.disabled_reason,
        **state_of(node),
    }
    return shown | ({"forced_down": node.forced_down} if minor >= 11 else {})
