"""Picks nodes so that instances spread and none is promised what is not there.

The node that keeps the largest share of its memory wins. A node has what it reports, and never more
than its total less what its instances were promised, stopped ones included. Reservations cover what
is under way. The cost follows the number of nodes, not that of instances.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ganeti_backend import objects
from ganeti_backend.allocator import rooms as measuring
from ganeti_backend.allocator.rooms import Demand, NoRoomError, Room
from ganeti_backend.configuration.config import Usage

Infos = Mapping[str, Mapping[str, Any] | None]
Rooms = dict[str, Room]


@dataclass(frozen=True)
class Rules:
    """What the cluster says of its nodes besides their room; all by the node's name."""

    ratios: Mapping[str, float] = field(default_factory=dict)  # virtual CPUs for each real one
    refusals: Mapping[str, str] = field(default_factory=dict)
    last_resort: frozenset[str] = frozenset()
    tags: Mapping[str, frozenset[str]] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)  # both copies are in one group


@dataclass(frozen=True)
class Promise:
    """What is kept for an instance that is not in the configuration yet."""

    demand: Demand
    nodes: tuple[str, ...]


NO_RULES = Rules()


class Allocator:
    """`infos` are the nodes' own reports and `usage` what the configuration promises."""

    def __init__(self, infos: Callable[[], Infos], usage: Callable[[str], Usage]) -> None:
        self._infos = infos
        self._usage = usage
        self._mutex = threading.Lock()
        self._promises: dict[str, list[Promise]] = {}

    def reserve(
        self,
        owner: str,
        demand: Demand,
        nodes: Sequence[objects.Node],
        rules: Rules = NO_RULES,
        primary: str | None = None,
    ) -> tuple[str, ...]:
        """Choose among these nodes and keep the room until `release`; NoRoomError says why not.

        The primary node, which may be given, and for mirrored disks the secondary one.
        """
        infos = self._infos()
        with self._mutex:
            chosen = choose(demand, self._rooms(nodes, infos, rules), rules, primary)
            self._promises.setdefault(owner, []).append(Promise(demand, chosen))
            return chosen

    def choose(
        self, demand: Demand, nodes: Sequence[objects.Node], rules: Rules = NO_RULES
    ) -> tuple[str, ...]:
        """As `reserve`, but nothing is kept. One node even of a mirrored instance."""
        infos = self._infos()
        with self._mutex:
            single = replace(demand, mirrored=False)
            return choose(single, self._rooms(nodes, infos, rules), rules)

    def keep(self, owner: str, demand: Demand, nodes: Sequence[str]) -> None:
        """Keep the room on nodes that somebody else has chosen."""
        with self._mutex:
            self._promises.setdefault(owner, []).append(Promise(demand, tuple(nodes)))

    def reserve_secondary(
        self,
        owner: str,
        demand: Demand,
        primary: str,
        nodes: Sequence[objects.Node],
        rules: Rules = NO_RULES,
    ) -> str:
        """A node for the second copy of an instance that runs on `primary`."""
        infos = self._infos()
        with self._mutex:
            rooms = self._rooms(nodes, infos, rules)
            chosen = choose_secondary(demand, primary, rooms, rules)
            self._promises.setdefault(owner, []).append(Promise(demand, (primary, chosen)))
            return chosen

    def release(self, owner: str) -> None:
        with self._mutex:
            self._promises.pop(owner, None)

    def _rooms(self, nodes: Sequence[objects.Node], infos: Infos, rules: Rules) -> Rooms:
        found = {node.name: self._room(node, infos.get(node.name), rules) for node in nodes}
        for promise in (item for items in self._promises.values() for item in items):
            take(found, promise)
        return found

    def _room(self, node: objects.Node, info: Mapping[str, Any] | None, rules: Rules) -> Room:
        refused = measuring.unusable(node) or rules.refusals.get(node.name)
        if refused is not None:
            return Room(refusal=refused)
        if info is None:
            return Room(refusal="does not answer", unreachable=True)
        ratio = rules.ratios.get(node.name)
        tags = rules.tags.get(node.name, frozenset())
        return measuring.measure(info, self._usage(node.name), ratio, tags)


def take(rooms: Rooms, promise: Promise) -> None:
    """Less room where something is promised."""
    demand, (primary, *others) = promise.demand, promise.nodes
    room = rooms.get(primary)
    if room is not None and room.refusal is None:
        left = room.memory - demand.memory
        rooms[primary] = replace(
            room,
            memory=left,
            disk=room.disk - demand.disk,
            share=room.share * left / room.memory if room.memory > 0 else 0.0,
            instances=room.instances + 1,
            vcpus=room.vcpus - demand.vcpus if room.vcpus is not None else None,
            tags=room.tags | demand.tags,
        )
    for name in others:
        other = rooms.get(name)
        if other is not None and other.refusal is None:
            fallen = {**other.fallen, primary: other.fallen.get(primary, 0) + demand.memory}
            rooms[name] = replace(other, disk=other.disk - demand.disk, fallen=fallen)


def choose(
    demand: Demand, rooms: Mapping[str, Room], rules: Rules, primary: str | None = None
) -> tuple[str, ...]:
    """The best primary node, with the best secondary one if there are two copies."""
    names = [primary] if primary is not None else list(rooms)
    why = {name: measuring.lacks(rooms[name], demand) for name in names}
    for name in ranked((name for name in names if not why[name]), rooms, rules):
        if not demand.mirrored:
            return (name,)
        try:
            return name, choose_secondary(demand, name, rooms, rules)
        except NoRoomError as error:
            why[name] = [f"no node for the second copy ({error.message})"]
    raise measuring.refusal({name: rooms[name] for name in why}, demand, why)


def choose_secondary(demand: Demand, primary: str, rooms: Mapping[str, Room], rules: Rules) -> str:
    """The best node that can take over should the primary one fail."""
    why = {
        name: measuring.lacks_as_secondary(room, demand, primary)
        for name, room in rooms.items()
        if name != primary
    }
    for name, reasons in why.items():
        if rules.groups.get(name) != rules.groups.get(primary):
            reasons.append("is in another node group")
    for name in ranked((name for name in why if not why[name]), rooms, rules):
        return name
    raise measuring.refusal({name: rooms[name] for name in why}, demand, why)


def ranked(names: Any, rooms: Mapping[str, Room], rules: Rules) -> list[str]:
    """The best first. Nodes of a last resort come after all others."""
    return sorted(
        names,
        key=lambda name: (
            name not in rules.last_resort,
            rooms[name].share,
            -rooms[name].instances,
            name,
        ),
        reverse=True,
    )
