"""Locks of the cluster: levels in a fixed order, names sorted within a level, shared or exclusive.

A request declares what it needs level by level and is told when it has everything; until then it
holds no thread. Because every request climbs in the same order no cycle of waiters can arise. A
name also takes its level's lock set with an intention, so `ALL` and single names exclude each
other. An `Attempt` takes of its names what is free at that moment and waits for nothing.

There is no level of its own for what nodes store (Ganeti's node-res): making and removing disks
takes node locks shared here, so it would keep nothing apart.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, IntEnum

ALL = "[lockset]"


class Level(IntEnum):
    CLUSTER = 0
    INSTANCE = 1
    NODEGROUP = 2
    NODE = 3
    NETWORK = 4


class Mode(Enum):
    SHARED = "shared"
    EXCLUSIVE = "exclusive"
    INTENT_SHARED = "intent to share"  # on a lock set, by who holds a name shared
    INTENT_EXCLUSIVE = "intent to exclude"


COMPATIBLE: dict[Mode, frozenset[Mode]] = {
    Mode.INTENT_SHARED: frozenset({Mode.INTENT_SHARED, Mode.INTENT_EXCLUSIVE, Mode.SHARED}),
    Mode.INTENT_EXCLUSIVE: frozenset({Mode.INTENT_SHARED, Mode.INTENT_EXCLUSIVE}),
    Mode.SHARED: frozenset({Mode.INTENT_SHARED, Mode.SHARED}),
    Mode.EXCLUSIVE: frozenset(),
}
PLAIN = {  # What a mode is called where people read it.
    Mode.SHARED: Mode.SHARED,
    Mode.EXCLUSIVE: Mode.EXCLUSIVE,
    Mode.INTENT_SHARED: Mode.SHARED,
    Mode.INTENT_EXCLUSIVE: Mode.EXCLUSIVE,
}
INTENTIONS = frozenset({Mode.INTENT_SHARED, Mode.INTENT_EXCLUSIVE})
Key = tuple[Level, str]


class Attempt(dict[str, Mode]):
    """What would be nice to have at a level."""


Declare = Callable[[Level], Mapping[str, Mode]]
Done = Callable[[Exception | None], None]


@dataclass(eq=False)
class Request:
    """One owner's wish. `done` is called once, with None when everything is held."""

    owner: str
    declare: Declare
    done: Done
    priority: int
    number: int
    level: int = -1
    todo: deque[tuple[Key, Mode]] = field(default_factory=deque)
    held: dict[Key, Mode] = field(default_factory=dict)
    waiting_for: Key | None = None
    complete: bool = False
    dead: bool = False


class Lock:
    """Who holds one lock and who waits for it, the most urgent first."""

    def __init__(self) -> None:
        self.holders: dict[Request, Mode] = {}
        self.waiters: list[tuple[Request, Mode]] = []

    def compatible(self, mode: Mode) -> bool:
        return all(mode in COMPATIBLE[held] for held in self.holders.values())

    def enqueue(self, request: Request, mode: Mode) -> None:
        self.waiters.append((request, mode))
        self.sort()

    def grant_next(self) -> list[Request]:
        """Serve waiters in order for as long as they fit; nobody overtakes."""
        granted = []
        while self.waiters and self.compatible(self.waiters[0][1]):
            request, mode = self.waiters.pop(0)
            self.holders[request] = mode
            granted.append(request)
        return granted

    def sort(self) -> None:
        self.waiters.sort(key=lambda waiter: (waiter[0].priority, waiter[0].number))


@dataclass(frozen=True)
class LockInfo:
    """One line of `gnt-debug locks`."""

    name: str
    mode: str | None
    owners: list[str]
    pending: list[tuple[str, list[str]]]


class LockManager:
    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._locks: dict[Key, Lock] = {}
        self._numbers = itertools.count()

    def request(self, owner: str, declare: Declare, done: Done, priority: int = 0) -> Request:
        """A wish that is not uttered yet, so that its owner can keep it before anything happens."""
        return Request(owner, declare, done, priority, next(self._numbers))

    def acquire(self, request: Request) -> None:
        """Ask. `done` is called before this returns, or later in a releasing thread."""
        self._advance(request)

    def release(self, request: Request) -> None:
        """Give everything back; those who now have what they waited for go on."""
        with self._mutex:
            request.dead = True
            resumed = self._drop(request)
        for other in resumed:
            self._advance(other)

    def interrupt(self, request: Request) -> bool:
        """Take back a request that is not complete; False if it is too late for that."""
        with self._mutex:
            if request.complete or request.dead:
                return False
            request.dead = True
            resumed = self._drop(request)
        for other in resumed:
            self._advance(other)
        return True

    def reprioritise(self, request: Request, priority: int) -> None:
        """From now on it waits with this priority."""
        with self._mutex:
            request.priority = priority
            key = request.waiting_for
            if key is None or request.dead:
                return
            lock = self._locks[key]
            lock.sort()
            resumed = self._granted_now(lock)
        for other in resumed:
            self._advance(other)

    def granted(self, request: Request, level: Level) -> frozenset[str]:
        """The names it holds at a level."""
        with self._mutex:
            held = [key[1] for key in request.held if key[0] == level]
        return frozenset(held)

    @contextmanager
    def holding(self, owner: str, wanted: Mapping[Level, Mapping[str, Mode]]) -> Iterator[None]:
        """Hold locks in this thread, waiting as long as it takes."""
        ready = threading.Event()
        request = self.request(owner, lambda level: wanted.get(level, {}), lambda _: ready.set())
        try:
            self.acquire(request)
            ready.wait()
            yield
        finally:
            self.release(request)

    def locks(self) -> list[LockInfo]:
        """Who holds and who waits, by level and name; lock sets only where that tells anything."""
        with self._mutex:
            shown = [describe(key, self._locks[key]) for key in sorted(self._locks)]
        return [info for info in shown if info.owners or info.pending]

    def _advance(self, request: Request) -> None:
        while True:
            if not request.todo:
                request.level += 1
                if request.level >= len(Level):
                    self._finish(request)
                    return
                if not self._declare(request, Level(request.level)):
                    return
                continue
            if not self._take(request):
                return

    def _finish(self, request: Request) -> None:
        with self._mutex:
            if request.dead:
                return
            request.complete = True
        request.done(None)

    def _declare(self, request: Request, level: Level) -> bool:
        try:
            names = request.declare(level)
        except Exception as error:  # noqa: BLE001  It belongs to the owner, not to who released.
            with self._mutex:
                dead, request.complete = request.dead, True
            self.release(request)
            if not dead:
                request.done(error)
            return False
        if isinstance(names, Attempt):
            self._try(request, level, names)
        else:
            request.todo.extend(steps(level, names))
        return True

    def _try(self, request: Request, level: Level, names: Mapping[str, Mode]) -> None:
        """Take what is free, all in one moment."""
        with self._mutex:
            if request.dead or not names:
                return
            (whole, intention), *wanted = steps(level, names)
            free = [(key, mode) for key, mode in wanted if self._is_free(key, mode)]
            if not free or not self._is_free(whole, intention):
                return
            for key, mode in [(whole, intention), *free]:
                self._locks.setdefault(key, Lock()).holders[request] = mode
                request.held[key] = mode

    def _is_free(self, key: Key, mode: Mode) -> bool:
        lock = self._locks.get(key)
        return lock is None or (not lock.waiters and lock.compatible(mode))

    def _take(self, request: Request) -> bool:
        """One lock more; False if the request has to wait or was taken back."""
        key, mode = request.todo[0]
        with self._mutex:
            if request.dead:
                return False
            request.todo.popleft()
            lock = self._locks.setdefault(key, Lock())
            request.held[key] = mode
            if not lock.waiters and lock.compatible(mode):
                lock.holders[request] = mode
                return True
            request.waiting_for = key
            lock.enqueue(request, mode)
            return False

    def _drop(self, request: Request) -> list[Request]:
        resumed = []
        for key in request.held:
            lock = self._locks[key]
            lock.holders.pop(request, None)
            lock.waiters = [waiter for waiter in lock.waiters if waiter[0] is not request]
            resumed.extend(self._granted_now(lock))
            if not lock.holders and not lock.waiters:
                del self._locks[key]
        request.held = {}
        return resumed

    def _granted_now(self, lock: Lock) -> list[Request]:
        resumed = lock.grant_next()
        for other in resumed:
            other.waiting_for = None
        return resumed


def steps(level: Level, names: Mapping[str, Mode]) -> Iterator[tuple[Key, Mode]]:
    """The lock set first, with an intention if only names are wanted; then the names, sorted."""
    if not names:
        return
    if ALL in names:
        yield (level, ALL), names[ALL]
        return
    exclusive = Mode.EXCLUSIVE in names.values()
    yield (level, ALL), Mode.INTENT_EXCLUSIVE if exclusive else Mode.INTENT_SHARED
    for name in sorted(names):
        yield (level, name), names[name]


def describe(key: Key, lock: Lock) -> LockInfo:
    """As Ganeti shows a lock. Intentions belong to the locks of names and are not told again."""
    level, name = key
    held = {owner: mode for owner, mode in lock.holders.items() if mode not in INTENTIONS}
    exclusive = Mode.EXCLUSIVE in held.values()
    pending = [(mode, request.owner) for request, mode in lock.waiters]
    return LockInfo(
        name=f"{level.name.lower()}/{name}",
        mode=(Mode.EXCLUSIVE if exclusive else Mode.SHARED).value if held else None,
        owners=sorted(request.owner for request in held),
        pending=[(PLAIN[mode].value, [owner]) for mode, owner in pending],
    )
