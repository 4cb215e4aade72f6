"""Chooses the node of a server that may not be anywhere: its zone, its group, closed nodes.

The cluster chooses where there is nothing to heed; here its choice is narrowed to one node. What
cannot be granted is refused, but for the soft policies of groups, which are wishes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from synnefo.core.allocator import Need, NoRoom

AFFINITY, SOFT_AFFINITY = "affinity", "soft-affinity"
ANTI_AFFINITY, SOFT_ANTI_AFFINITY = "anti-affinity", "soft-anti-affinity"
NO_HOST = "No valid host was found."


@dataclass(slots=True)
class Spot:
    """A node that a server could be on; sizes in MiB."""

    backend_id: int
    node: str
    zone: str
    open: bool  # It answers, and nobody has closed it.
    memory_free: int
    disk_free: int
    disk_templates: Collection[str] = ()

    def take(self, need: Need) -> None:
        """Count a server in until the node is looked at again."""
        self.memory_free = max(0, self.memory_free - need.memory)
        self.disk_free = max(0, self.disk_free - need.disk)


@dataclass(frozen=True, slots=True)
class Wish:
    """Where a server has to be. `beside` counts the servers of its group by node."""

    zone: str | None = None
    backend_id: int | None = None
    node: str = ""
    apart_from: frozenset[str] = frozenset()
    policy: str | None = None
    most_per_node: int = 1
    beside: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        """Whether any node will do."""
        return not (self.zone or self.node or self.apart_from or self.policy)


Test = Callable[[Spot], bool]


def choose(need: Need, wish: Wish, spots: Sequence[Spot]) -> Spot:
    """The emptiest node that the wish allows; NoRoom says what stands against it."""
    left = _narrow(spots, "nodes", lambda one: one.open, "no node takes servers")
    left = _narrow(left, "node", lambda one: _is_named(one, wish), "the node asked for takes none")
    left = _narrow(
        left,
        "availability zone",
        lambda one: wish.zone in (None, one.zone),
        f"no node of {wish.zone} takes servers",
    )
    left = _narrow(
        left,
        "different_host",
        lambda one: one.node not in wish.apart_from,
        "every other node has a server to keep away from",
    )
    left = _narrow(left, "room", lambda one: _has_room(one, need), "no such node has room for it")
    return min(_grouped(left, wish), key=lambda one: _rank(one, wish))


def _is_named(spot: Spot, wish: Wish) -> bool:
    return not wish.node or (spot.node == wish.node and wish.backend_id in (None, spot.backend_id))


def _narrow(spots: Sequence[Spot], what: str, fits: Test, why: str) -> list[Spot]:
    left = [spot for spot in spots if fits(spot)]
    if not left:
        raise NoRoom(f"{NO_HOST} {what}: {why}")
    return left


def _has_room(spot: Spot, need: Need) -> bool:
    stores = not spot.disk_templates or need.disk_template in spot.disk_templates
    return stores and spot.memory_free >= need.memory and spot.disk_free >= need.disk


def _grouped(spots: Sequence[Spot], wish: Wish) -> Sequence[Spot]:
    """What the group's policy leaves; the soft ones leave all."""
    if wish.policy == AFFINITY and wish.beside:
        return _narrow(
            spots,
            "server group",
            lambda one: one.node in wish.beside,
            "the node of its other servers cannot take it",
        )
    if wish.policy == ANTI_AFFINITY:
        return _narrow(
            spots,
            "server group",
            lambda one: wish.beside.get(one.node, 0) < wish.most_per_node,
            "every node that could take it has servers of its group",
        )
    return spots


def _rank(spot: Spot, wish: Wish) -> tuple[int, int, str]:
    """Lower is better: first what a group wishes, then the most memory."""
    others = wish.beside.get(spot.node, 0)
    by_group = {SOFT_AFFINITY: -others, SOFT_ANTI_AFFINITY: others}.get(wish.policy or "", 0)
    return by_group, -spot.memory_free, spot.node
