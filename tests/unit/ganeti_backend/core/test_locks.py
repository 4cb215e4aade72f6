from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganeti_backend.locks import ALL, COMPATIBLE, Attempt, Level, LockManager, Mode, Request

Wanted = Mapping[Level, Mapping[str, Mode]]
EX, SH = Mode.EXCLUSIVE, Mode.SHARED


class Client:
    def __init__(self, manager: LockManager, wanted: Wanted, priority: int = 0) -> None:
        self.granted = threading.Event()
        self.error: Exception | None = None
        self.request: Request = manager.request(
            "x", lambda level: wanted.get(level, {}), self._done, priority
        )
        manager.acquire(self.request)

    def _done(self, error: Exception | None) -> None:
        self.error = error
        self.granted.set()

    @property
    def holds(self) -> bool:
        return self.granted.is_set()


def node(mode: Mode, name: str = "n1") -> Wanted:
    return {Level.NODE: {name: mode}}


def test_shared_holders_share_and_an_exclusive_one_waits() -> None:
    manager = LockManager()
    first, second, third = (Client(manager, node(mode)) for mode in (SH, SH, EX))
    assert first.holds
    assert second.holds
    assert not third.holds
    manager.release(first.request)
    assert not third.holds
    manager.release(second.request)
    assert third.holds


def test_nobody_overtakes_a_waiting_exclusive_request() -> None:
    manager = LockManager()
    first, second, third = (Client(manager, node(mode)) for mode in (SH, EX, SH))
    assert not third.holds
    manager.release(first.request)
    assert second.holds
    manager.release(second.request)
    assert third.holds


def test_the_more_urgent_waiter_goes_first() -> None:
    manager = LockManager()
    holder = Client(manager, node(EX))
    late, urgent = Client(manager, node(EX), 10), Client(manager, node(EX), -10)
    manager.release(holder.request)
    assert urgent.holds
    assert not late.holds


def test_a_whole_level_excludes_its_names() -> None:
    manager = LockManager()
    everything = Client(manager, {Level.NODE: {ALL: SH}})
    reader, writer = Client(manager, node(SH)), Client(manager, node(EX))
    assert everything.holds
    assert reader.holds
    assert not writer.holds
    manager.release(everything.request)
    manager.release(reader.request)
    assert writer.holds
    assert not Client(manager, {Level.NODE: {ALL: SH}}).holds


def test_an_interrupted_request_lets_those_behind_it_go_on() -> None:
    manager = LockManager()
    holder = Client(manager, node(SH))
    waiting, behind = Client(manager, node(EX)), Client(manager, node(SH))
    assert not behind.holds
    assert manager.interrupt(waiting.request)
    assert behind.holds
    assert not manager.interrupt(holder.request)
    for client in (holder, behind):
        manager.release(client.request)
    assert manager.locks() == []


def test_a_failing_declaration_reaches_its_owner_and_holds_nothing() -> None:
    manager = LockManager()
    problem = ValueError("what locks?")

    def declare(level: Level) -> Mapping[str, Mode]:
        if level == Level.NETWORK:
            raise problem
        return {"a": EX} if level == Level.INSTANCE else {}

    seen: list[Exception | None] = []
    manager.acquire(manager.request("x", declare, seen.append))
    assert seen == [problem]
    assert manager.locks() == []


def test_who_holds_and_who_waits_is_shown() -> None:
    manager = LockManager()
    Client(manager, node(EX))
    Client(manager, node(SH))
    shown = {info.name: info for info in manager.locks()}
    assert shown["node/n1"].owners == ["x"]
    assert shown["node/n1"].pending == [("shared", ["x"])]


names = st.sampled_from(["a", "b", "c", ALL])
modes = st.sampled_from([EX, SH])
wishes = st.dictionaries(st.sampled_from(list(Level)), st.dictionaries(names, modes, max_size=3))


@settings(max_examples=40, deadline=None)
@given(st.lists(wishes, min_size=2, max_size=12), st.randoms())
def test_random_requests_never_deadlock_and_never_break_exclusion(
    wanted: list[Wanted], random: object
) -> None:
    manager = LockManager()
    inside: dict[tuple[Level, str], list[Mode]] = {}
    mutex = threading.Lock()

    def enter(wish: Wanted) -> None:
        keys = [
            ((level, name), mode)
            for level, found in wish.items()
            for name, mode in ({ALL: found[ALL]} if ALL in found else found).items()
        ]
        with manager.holding("x", wish):
            with mutex:
                for key, mode in keys:
                    inside.setdefault(key, []).append(mode)
                for (level, name), mode in keys:
                    rivals = [
                        other
                        for (at, called), held in inside.items()
                        for other in held
                        if at == level and (ALL in (name, called) or name == called)
                    ]
                    mine = [m for (at, _), m in keys if at == level]
                    if len(rivals) > len(mine):
                        assert mode is SH or EX not in rivals or rivals.count(EX) <= mine.count(EX)
                        if name == ALL and mode is EX:
                            raise AssertionError("somebody is inside beside an exclusive level")
            with mutex:
                for key, mode in keys:
                    inside[key].remove(mode)

    with ThreadPoolExecutor(len(wanted)) as threads:
        for future in [threads.submit(enter, wish) for wish in wanted]:
            future.result(timeout=30)
    assert manager.locks() == []


def test_many_threads_count_right_under_an_exclusive_lock() -> None:
    manager = LockManager()
    counter = {"value": 0}

    def count() -> None:
        for _ in range(200):
            with manager.holding("x", {Level.INSTANCE: {"a": EX}, Level.NODE: {"n": SH}}):
                before = counter["value"]
                counter["value"] = before + 1

    with ThreadPoolExecutor(6) as threads:
        for future in [threads.submit(count) for _ in range(6)]:
            future.result(timeout=30)
    assert counter["value"] == 1200


# Attempts and changes of priority.


def attempt(manager: LockManager, *names: str) -> tuple[Request, frozenset[str]]:
    def declare(level: Level) -> Mapping[str, Mode]:
        return Attempt(dict.fromkeys(names, SH)) if level == Level.NODE else {}

    done = threading.Event()
    request = manager.request("attempt", declare, lambda _: done.set())
    manager.acquire(request)
    assert done.is_set(), "an attempt waits for nothing"
    return request, manager.granted(request, Level.NODE)


def test_an_attempt_takes_what_is_free_and_waits_for_nothing() -> None:
    manager = LockManager()
    holder = Client(manager, node(EX, "a"))
    first, got = attempt(manager, "a", "b", "c")
    assert got == {ALL, "b", "c"}
    waiting = Client(manager, node(EX, "b"))
    second, got = attempt(manager, "a", "b")
    assert got == frozenset()
    manager.release(first)
    assert waiting.holds
    for request in (second, holder.request, waiting.request):
        manager.release(request)
    assert manager.locks() == []


def test_an_attempt_gets_nothing_beside_a_whole_level() -> None:
    manager = LockManager()
    whole = Client(manager, {Level.NODE: {ALL: EX}})
    request, got = attempt(manager, "a")
    assert got == frozenset()
    manager.release(request)
    manager.release(whole.request)
    assert manager.locks() == []


def test_a_waiter_that_becomes_urgent_goes_first_and_may_go_at_once() -> None:
    manager = LockManager()
    holder = Client(manager, node(SH))
    writer, reader = Client(manager, node(EX)), Client(manager, node(SH))
    assert not reader.holds
    manager.reprioritise(reader.request, -1)
    assert reader.holds
    manager.reprioritise(holder.request, 5)
    for client in (holder, reader):
        manager.release(client.request)
    assert writer.holds


class Jobs:
    """Seeded jobs on several threads: they ask, change their mind, are hurried, and let go."""

    def __init__(self, seed: int) -> None:
        self.manager = LockManager()
        self.random = Random(seed)
        self.mutex = threading.Lock()
        self.inside: dict[tuple[Level, str], list[Mode]] = {}

    def wish(self) -> dict[Level, dict[str, Mode]]:
        wished: dict[Level, dict[str, Mode]] = {}
        for level in Level:
            if self.random.random() < 0.6:
                names = self.random.sample(["a", "b", "c", "d", ALL], self.random.randint(1, 3))
                some = {name: self.random.choice([EX, SH]) for name in names}
                wished[level] = Attempt(some) if self.random.random() < 0.2 else some
        return wished

    def run(self, wish: dict[Level, dict[str, Mode]], fate: float, hurry: int) -> None:
        granted = threading.Event()
        request = self.manager.request(
            "job", lambda level: wish.get(level, {}), lambda _: granted.set(), hurry
        )
        self.manager.acquire(request)
        if fate < 0.2 and self.manager.interrupt(request):
            return
        if fate > 0.8:
            self.manager.reprioritise(request, hurry - 10)
        assert granted.wait(30), "deadlock"
        held = dict(request.held)
        self.enter(held)
        self.leave(held)
        self.manager.release(request)

    def enter(self, held: Mapping[tuple[Level, str], Mode]) -> None:
        with self.mutex:
            for key, mode in held.items():
                others = self.inside.setdefault(key, [])
                assert all(mode in COMPATIBLE[other] for other in others), f"{key} is broken"
                others.append(mode)

    def leave(self, held: Mapping[tuple[Level, str], Mode]) -> None:
        with self.mutex:
            for key, mode in held.items():
                self.inside[key].remove(mode)


@pytest.mark.parametrize("seed", range(8))
def test_jobs_that_are_hurried_and_interrupted_never_stand_still(seed: int) -> None:
    jobs = Jobs(seed)
    planned = [
        (jobs.wish(), jobs.random.random(), jobs.random.randint(-20, 19)) for _ in range(150)
    ]
    with ThreadPoolExecutor(12) as threads:
        for future in [threads.submit(jobs.run, *plan) for plan in planned]:
            future.result(timeout=60)
    assert jobs.manager.locks() == []
    assert jobs.manager._locks == {}
