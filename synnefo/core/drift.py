"""Differences between the database and a backend, found without touching either.

It looks at both sides afresh and is not told what changed. Whoever is under way (an intent that has
not ended) is left alone: its own end will tell. Networks are compared in `network_drift.py`, and
what needs no backend in `ledger.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from synnefo.core.server_states import ServerState, ServerTask


class Kind(StrEnum):
    """The kinds of drift."""

    STALE = "stale"  # The database has a server whose instance is gone.
    ORPHAN = "orphan"  # The backend has an instance of ours that no server stands for.
    STATE = "state differs"
    LOST_BUILD = "lost build"  # The server waits for a build that nobody does any more.
    TASK = "stuck task"  # Something is said to be under way that nobody does.
    SIZE = "size differs"  # Memory or processors are not the flavor's.
    NODE = "node differs"
    NIC = "nic differs"
    FOREIGN_NIC = "foreign nic"  # A card that no port stands for.
    DISK = "disk differs"
    RESCUE = "rescue differs"  # One side boots from a rescue disk, the other knows of none.
    FOREIGN_DISK = "foreign disk"  # A disk that no volume stands for.


@dataclass(frozen=True, slots=True)
class Card:
    """A network card: addresses as text, `network` by its backend's name."""

    name: str
    mac: str
    ip: str | None
    network: str | None


@dataclass(frozen=True, slots=True)
class Size:
    """What a flavor gives; memory in MiB."""

    vcpus: int
    memory: int

    def __str__(self) -> str:
        return f"{self.vcpus} vCPU and {self.memory} MiB"


@dataclass(frozen=True, slots=True)
class Expected:
    """A server as the database knows it; `busy` while an intent of it has not ended."""

    server_id: int
    state: ServerState
    placed: bool
    busy: bool
    cards: frozenset[Card] = frozenset()
    removing: bool = False  # A job of its deletion was submitted.
    task: ServerTask | None = None
    size: Size | None = None
    node: str = ""
    disks: Mapping[str, int] | None = None  # MiB by name; None where nobody asked
    rescued: bool = False


@dataclass(frozen=True, slots=True)
class Actual:
    """An instance as the backend reports it; `running` is None where it could not be asked.

    `foreign_cards` and `foreign_disks` are called by no name of ours.
    """

    server_id: int
    running: bool | None
    cards: frozenset[Card] = frozenset()
    size: Size | None = None
    node: str = ""
    disks: Mapping[str, int] | None = None
    foreign_cards: int = 0
    foreign_disks: int = 0
    rescued: bool = False
    special: ServerState | None = None  # Where it says more than that it runs or not.


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference; `state` is what the server's state has to become, where one is known."""

    kind: Kind
    server_id: int
    text: str
    state: ServerState | None = None


def _state_of(actual: Actual) -> ServerState | None:
    if actual.special is not None:
        return actual.special
    if actual.running is None:
        return None
    return ServerState.ACTIVE if actual.running else ServerState.STOPPED


def _missing(expected: Expected) -> Drift | None:
    """What it means that a server has no instance."""
    me = expected.server_id
    if expected.state is ServerState.BUILD:
        return Drift(Kind.LOST_BUILD, me, "no build and no instance", ServerState.ERROR)
    if expected.state is ServerState.ERROR or not expected.placed:
        # It says that something went wrong, and its user decides when it goes.
        return _idle(expected)
    return Drift(Kind.STALE, me, "the instance is gone", ServerState.DELETED)


def _idle(expected: Expected) -> Drift | None:
    if expected.task is None:
        return None
    return Drift(Kind.TASK, expected.server_id, f"nobody does what it shows: {expected.task.value}")


def _different(expected: Expected, actual: Actual) -> Iterable[Drift]:
    state, me = _state_of(actual), expected.server_id
    if expected.state is ServerState.BUILD:
        if state is not None:
            yield Drift(Kind.LOST_BUILD, me, f"it was built and is {state}", state)
    elif expected.state is ServerState.ERROR:
        # A half-built instance lies there stopped; only a running one proves the error wrong.
        if state is ServerState.ACTIVE:
            yield Drift(Kind.STATE, me, "ERROR, but it runs", state)
    elif state is not None and state is not expected.state:
        yield Drift(Kind.STATE, me, f"{expected.state}, but it is {state}", state)
    if (idle := _idle(expected)) is not None:
        yield idle
    if expected.cards != actual.cards:
        odd = sorted(card.name for card in expected.cards ^ actual.cards)
        yield Drift(Kind.NIC, me, f"cards differ: {', '.join(dict.fromkeys(odd))}")
    if expected.state is not ServerState.ERROR:
        yield from _of_the_body(expected, actual)


def _of_the_body(expected: Expected, actual: Actual) -> Iterable[Drift]:
    """What an instance is made of; of one that failed to be built nothing is expected."""
    me = expected.server_id
    if expected.size is not None and actual.size not in {None, expected.size}:
        yield Drift(Kind.SIZE, me, f"{expected.size}, but it has {actual.size}")
    if actual.node and expected.node != actual.node:
        yield Drift(Kind.NODE, me, f"{expected.node or 'nowhere'}, but it is on {actual.node}")
    if expected.rescued != actual.rescued:
        there = "has a" if actual.rescued else "has no"
        yield Drift(Kind.RESCUE, me, f"its instance {there} rescue disk")
    if actual.foreign_cards:
        yield Drift(Kind.FOREIGN_NIC, me, f"cards without a port: {actual.foreign_cards}")
    if expected.disks is not None and actual.disks is not None:
        odd = dict(set(expected.disks.items()) ^ set(actual.disks.items()))
        if odd:
            yield Drift(Kind.DISK, me, f"disks differ: {', '.join(sorted(odd))}")
        if actual.foreign_disks:
            yield Drift(Kind.FOREIGN_DISK, me, f"disks without a volume: {actual.foreign_disks}")


def compare(expected: Iterable[Expected], actual: Mapping[int, Actual]) -> list[Drift]:
    """All drift of one backend; `actual` by server id, `expected` without deleted servers."""
    found: list[Drift] = []
    known: set[int] = set()
    for server in expected:
        known.add(server.server_id)
        instance = actual.get(server.server_id)
        if server.removing and instance is None:
            found.append(Drift(Kind.STALE, server.server_id, "removed", ServerState.DELETED))
        if server.busy:
            continue
        if instance is not None:
            found.extend(_different(server, instance))
        elif (drift := _missing(server)) is not None:
            found.append(drift)
    found.extend(
        Drift(Kind.ORPHAN, number, "no server stands for this instance")
        for number in sorted(actual.keys() - known)
    )
    return found
