"""Threads for requests, of which only as many go at a time as keep the work going.

Python runs one thread at a time. Requests that take turns for it cost each other a fifth of their
time, and a request that wakes the thread that rested longest a quarter of its own. So one runs
after the other, in the thread that ran last; another thread begins where one has not come to its
end in time: it waits for something (a password's hash, a lock) or is long.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")

PATIENCE = 0.02  # Seconds; several times what most requests take.


@dataclass(slots=True)
class _Task(Generic[Result]):
    call: Callable[[], Result]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Result]

    def run(self) -> None:
        try:
            result = self.call()
        except BaseException as error:  # noqa: BLE001  Whoever waits for the answer gets it.
            self.loop.call_soon_threadsafe(self._fail, error)
        else:
            self.loop.call_soon_threadsafe(self._succeed, result)

    def _succeed(self, result: Result) -> None:
        if not self.answer.done():
            self.answer.set_result(result)

    def _fail(self, error: BaseException) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


@dataclass(slots=True, eq=False)
class _Worker:
    """One thread; `since` is when it began what it does, None while it is idle or late."""

    task: _Task[Any] | None = None
    since: float | None = None
    woken: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


class WorkerThreads:
    """At most `most` threads, all of them but one late; for one event loop."""

    def __init__(self, most: int, patience: float = PATIENCE) -> None:
        self._most, self._patience = most, patience
        self._lock = threading.Lock()
        self._waiting: deque[_Task[Any]] = deque()
        self._idle: list[_Worker] = []  # The last one to rest is the first to be woken.
        self._workers: list[_Worker] = []
        self._looking = False

    async def run(self, call: Callable[[], Result]) -> Result:
        """What it returns or raises, from one of the threads."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Result] = loop.create_future()
        task = _Task(call, loop, answer)
        with self._lock:
            self._waiting.append(task)
            self._begin_some()
            queued = bool(self._waiting)
        if queued and not self._looking:
            self._looking = True
            loop.call_later(self._patience, self._look, loop)
        return await answer

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """While something waits: those who take long no longer count as going."""
        late = time.monotonic() - self._patience
        with self._lock:
            for worker in self._workers:
                if worker.since is not None and worker.since <= late:
                    worker.since = None
            self._begin_some()
            self._looking = bool(self._waiting)
        if self._looking:
            loop.call_later(self._patience, self._look, loop)

    def _begin_some(self) -> None:
        """Give what waits to a thread, unless one is at work in time; with the lock held."""
        if not self._waiting or self._is_one_going():
            return
        if self._idle:
            worker = self._idle.pop()
        elif len(self._workers) < self._most:
            worker = self._hired()
        else:
            return
        self._give(worker)
        worker.woken.release()

    def _is_one_going(self) -> bool:
        return any(worker.since is not None for worker in self._workers)

    def _give(self, worker: _Worker) -> None:
        worker.task, worker.since = self._waiting.popleft(), time.monotonic()

    def _hired(self) -> _Worker:
        worker = _Worker()
        self._workers.append(worker)
        name = f"requests-{len(self._workers)}"
        threading.Thread(target=self._serve, args=(worker,), name=name, daemon=True).start()
        return worker

    def _serve(self, worker: _Worker) -> None:
        while True:
            worker.woken.acquire()
            while worker.task is not None:
                worker.task.run()
                self._next(worker)

    def _next(self, worker: _Worker) -> None:
        """Go on with what waits, or rest: who was late only where nobody took the place."""
        with self._lock:
            worker.task = worker.since = None
            if self._waiting and not self._is_one_going():
                self._give(worker)
            else:
                self._idle.append(worker)
