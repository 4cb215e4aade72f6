"""Requests run one after the other in one thread, and beside who takes long in further ones."""

import asyncio
import threading
from functools import partial

import pytest

from synnefo.api.worker_threads import WorkerThreads

SOON = 20.0
PATIENCE = 0.01
NEVER = 1000.0


def own_name():
    return threading.current_thread().name


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, SOON))


def test_one_after_the_other_has_the_same_thread():
    async def scene():
        threads = WorkerThreads(8)
        first = await threads.run(own_name)
        assert {await threads.run(own_name) for _ in range(20)} == {first}

    run(scene())


def test_many_at_once_take_turns_in_their_order():
    async def scene():
        threads, seen, going = WorkerThreads(8, patience=NEVER), [], []

        def work(number):
            going.append(number)
            seen.append((number, own_name(), len(going)))
            going.remove(number)
            return number

        found = await asyncio.gather(*(threads.run(partial(work, one)) for one in range(50)))
        assert found == list(range(50))
        assert [number for number, _, _ in seen] == found
        assert {(name, together) for _, name, together in seen} == {(seen[0][1], 1)}

    run(scene())


def test_who_takes_long_holds_up_nobody():
    async def scene():
        threads, free = WorkerThreads(3, patience=PATIENCE), threading.Event()
        slow = [asyncio.ensure_future(threads.run(lambda: free.wait(SOON))) for _ in range(2)]
        await asyncio.sleep(0)  # Both are asked for.
        quick = [await threads.run(own_name) for _ in range(5)]
        assert len(set(quick)) == 1
        free.set()
        assert await asyncio.gather(*slow) == [True, True]
        assert await threads.run(lambda: "and goes on") == "and goes on"

    run(scene())


def test_there_are_only_so_many():
    async def scene():
        threads, free, begun = WorkerThreads(2, patience=PATIENCE), threading.Event(), []

        def slow(number):
            begun.append(number)
            return free.wait(SOON)

        some = [asyncio.ensure_future(threads.run(partial(slow, one))) for one in range(4)]
        while len(begun) < 2:
            await asyncio.sleep(0)
        looked = asyncio.get_running_loop().time() + 5 * PATIENCE
        while asyncio.get_running_loop().time() < looked:
            await asyncio.sleep(0)
        assert begun == [0, 1]
        free.set()
        assert await asyncio.gather(*some) == [True] * 4
        assert sorted(begun) == [0, 1, 2, 3]

    run(scene())


def test_an_error_is_the_callers():
    async def scene():
        threads = WorkerThreads(1)
        with pytest.raises(ZeroDivisionError):
            await threads.run(lambda: 1 // 0)
        assert await threads.run(lambda: 1) == 1

    run(scene())


def test_who_has_gone_is_not_told():
    async def scene():
        threads, free = WorkerThreads(1), threading.Event()
        asked = asyncio.ensure_future(threads.run(lambda: free.wait(SOON)))
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        free.set()
        assert await threads.run(lambda: 1) == 1

    run(scene())
