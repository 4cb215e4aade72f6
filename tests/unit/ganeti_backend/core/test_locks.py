from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given, settings
from hypothesis import strategies as st

from ganeti_backend.locks import ALL, Level, LockManager, Mode, Request

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
