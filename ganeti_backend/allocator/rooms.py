"""What nodes have left for an instance, and what keeps the instance off one, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ganeti_backend import errors, objects
from ganeti_backend.configuration.config import Usage

EXCLUSION_PREFIX = "htools:iextags:"


@dataclass(frozen=True)
class Demand:
    """What an instance needs, in MiB. A mirrored one needs its disks on two nodes."""

    instance: str
    memory: int
    disk: int
    vcpus: int = 1
    mirrored: bool = False
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Room:
    """What a node has left, or why it cannot be used at all."""

    memory: int = 0
    disk: int = 0
    share: float = 0.0  # of its memory
    instances: int = 0
    refusal: str | None = None
    unreachable: bool = False
    vcpus: int | None = None  # that may still be promised; None: no limit
    # Memory that would come here if one of these nodes failed.
    fallen: Mapping[str, int] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()  # by which instances shun each other


class NoRoomError(errors.OpPrereqError):
    """No node can take the instance; `unreachable` says that a silent node might have."""

    def __init__(self, text: str, code: str, unreachable: bool) -> None:
        super().__init__(text, code)
        self.unreachable = unreachable


def unusable(node: objects.Node) -> str | None:
    """What the configuration says against a node."""
    for flag, refused in (("offline", node.offline), ("drained", node.drained)):
        if refused:
            return flag
    return None if node.vm_capable else "not made for instances"


def measure(
    info: Mapping[str, Any], usage: Usage, ratio: float | None, tags: frozenset[str]
) -> Room:
    """The room of a node that answers: what it reports, and never more than is not promised yet."""
    total = int(info["memory_total"]) - int(info["memory_dom0"])
    memory = min(int(info["memory_free"]), total - usage.memory)
    disk = min(int(info["disk_free"]), int(info["disk_total"]) - usage.disk)
    cpus = int(info.get("cpu_total") or 0)
    return Room(
        memory=memory,
        disk=disk,
        share=memory / total if total > 0 else 0.0,
        instances=usage.instances,
        vcpus=int(ratio * cpus) - usage.vcpus if ratio is not None and cpus else None,
        fallen=usage.fallen,
        tags=tags,
    )


def lacks(room: Room, demand: Demand) -> list[str]:
    """What keeps the instance from running on the node, in words."""
    if room.refusal is not None:
        return [room.refusal]
    found = []
    if room.memory < demand.memory:
        found.append(f"{max(0, room.memory)} MiB of memory free, {demand.memory} MiB needed")
    elif (reserve := max(room.fallen.values(), default=0)) > room.memory - demand.memory:
        failing = max(room.fallen, key=lambda name: (room.fallen[name], name))
        found.append(f"{reserve} MiB of memory are kept for the instances of {failing}")
    found += lacks_disk(room, demand)
    if room.vcpus is not None and room.vcpus < demand.vcpus:
        found.append(f"{max(0, room.vcpus)} virtual CPUs left, {demand.vcpus} needed")
    if shared := sorted(room.tags & demand.tags):
        found.append(f"has an instance tagged {', '.join(shared)}")
    return found


def lacks_disk(room: Room, demand: Demand) -> list[str]:
    if demand.disk and room.disk < demand.disk:
        return [f"{max(0, room.disk)} MiB of disk free, {demand.disk} MiB needed"]
    return []


def lacks_as_secondary(room: Room, demand: Demand, primary: str) -> list[str]:
    """What keeps the second copy off the node: it must also be able to take over all of primary's.

    That is N+1: whichever node fails, its instances fit where their second copies are.
    """
    if room.refusal is not None:
        return [room.refusal]
    needed = room.fallen.get(primary, 0) + demand.memory
    found = lacks_disk(room, demand)
    if room.memory < needed:
        free = max(0, room.memory)
        found.append(f"{free} MiB of memory free, {needed} MiB needed should {primary} fail")
    return found


def refusal(rooms: Mapping[str, Room], demand: Demand, why: Mapping[str, list[str]]) -> NoRoomError:
    """`why` says per node what keeps the instance off it."""
    short = {"memory": False, "disk": False}
    for room in rooms.values():
        if room.refusal is None:
            short["memory"] |= room.memory < demand.memory
            short["disk"] |= bool(demand.disk) and room.disk < demand.disk
    missing = " or ".join(name for name, lacking in short.items() if lacking) or "usable nodes"
    each = "; ".join(f"{name}: {', '.join(why[name])}" for name in sorted(why))
    text = f"Not enough {missing} for instance {demand.instance}: {each or 'there are no nodes'}"
    unreachable = any(room.unreachable for room in rooms.values())
    return NoRoomError(text, errors.ECODE_NORES, unreachable)


def exclusions(cluster_tags: tuple[str, ...], tags: tuple[str, ...]) -> frozenset[str]:
    """Those of an instance's tags by which the cluster says that instances shun each other."""
    prefixes = [
        tag.removeprefix(EXCLUSION_PREFIX)
        for tag in cluster_tags
        if tag.startswith(EXCLUSION_PREFIX)
    ]
    return frozenset(tag for tag in tags for prefix in prefixes if tag.startswith(f"{prefix}:"))
