"""Differences between the networks that servers need on a backend and those that it has.

No row says in which state a network is there: the backend itself is asked, so nothing can be
unsynchronised. Addresses are rows of their own, so there is no pool that could disagree with them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of drift of networks."""

    MISSING = "missing network"  # Servers are on it, and the backend does not have it.
    UNCONNECTED = "unconnected network"  # Some node groups are not connected to it.
    RETIRED = "retired network"  # The backend has one that its user has deleted.
    ORPHAN = "orphan network"  # The backend has one of ours that no row stands for.
    RESERVED = "reserved address"  # The backend gives no server an address that the pool has.


@dataclass(frozen=True, slots=True)
class Actual:
    """A network as the backend reports it; `reserved` are addresses that it keeps from servers."""

    network_id: int
    groups: frozenset[str]
    reserved: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference; `groups` are those that are to be connected, or of a retired network those
    that still are.
    """

    kind: Kind
    network_id: int
    text: str
    groups: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """A network as the database knows it; `needed` while servers of this backend are on it."""

    network_id: int
    needed: bool
    reserved: frozenset[str] = frozenset()


def compare(
    expected: Iterable[Expected],
    actual: Iterable[Actual],
    groups: Collection[str],
    retired: Collection[int] = (),
) -> list[Drift]:
    """All drift of one backend; `groups` are its node groups, `retired` networks of the past."""
    there = {one.network_id: one for one in actual}
    known: set[int] = set()
    found: list[Drift] = []
    for network in sorted(expected, key=lambda one: one.network_id):
        known.add(network.network_id)
        report = there.get(network.network_id)
        if report is not None:
            found.extend(_different(network, report, frozenset(groups)))
        elif network.needed:
            text = "servers are on it, and the backend does not have it"
            found.append(Drift(Kind.MISSING, network.network_id, text, tuple(sorted(groups))))
    for number in sorted(there.keys() - known):
        if number in retired:
            left = tuple(sorted(there[number].groups))
            found.append(Drift(Kind.RETIRED, number, "its user deleted it", left))
        else:
            found.append(Drift(Kind.ORPHAN, number, "no network stands for it"))
    return found


def _different(expected: Expected, actual: Actual, groups: frozenset[str]) -> Iterable[Drift]:
    me = expected.network_id
    if expected.needed and (lacking := tuple(sorted(groups - actual.groups))):
        yield Drift(Kind.UNCONNECTED, me, f"not connected to {', '.join(lacking)}", lacking)
    if odd := expected.reserved ^ actual.reserved:
        text = f"reserved on one side only: {', '.join(sorted(odd))}"
        yield Drift(Kind.RESERVED, me, text, addresses=tuple(sorted(actual.reserved)))
