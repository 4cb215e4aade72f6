"""Threads that ask clusters: a few for each backend, so that a slow one holds up no other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from synnefo.ports import Clock

THREADS_PER_BACKEND = 12  # They mostly wait: an answer comes when a job is on the cluster's disks.
# More than a burst brings: what no thread has begun yet waits here for less than a second.
AT_ONCE_PER_BACKEND = 64
NO_BACKEND = 0


class Crews:
    """A crew per backend; a backend that could not be reached rests for a while."""

    def __init__(self, clock: Clock, *, inline: bool = False) -> None:
        self._clock = clock
        self._inline = inline
        self._lock = threading.Lock()
        self._pools: dict[int, ThreadPoolExecutor] = {}
        self._working: dict[int, int] = {}
        self._resting: dict[int, float] = {}

    def do(self, backend_id: int, work: Callable[[], None]) -> None:
        """Have it done by the backend's crew."""
        if self._inline:
            work()
            return
        with self._lock:
            self._working[backend_id] = self._working.get(backend_id, 0) + 1
            if backend_id not in self._pools:
                self._pools[backend_id] = ThreadPoolExecutor(
                    THREADS_PER_BACKEND, thread_name_prefix=f"backend-{backend_id}"
                )
        self._pools[backend_id].submit(self._counted, backend_id, work)

    def _counted(self, backend_id: int, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            with self._lock:
                self._working[backend_id] -= 1

    def rest(self, backend_id: int, seconds: float) -> None:
        """Give the backend no work for a while."""
        until = self._clock.monotonic() + seconds
        with self._lock:
            self._resting[backend_id] = until

    def unavailable(self) -> list[int]:
        """Backends that have enough to do, or rest."""
        with self._lock:
            busy = [one for one, count in self._working.items() if count >= AT_ONCE_PER_BACKEND]
        return busy + self.resting()

    def resting(self) -> list[int]:
        """Backends that could not be reached just now."""
        now = self._clock.monotonic()
        with self._lock:
            return [one for one, until in self._resting.items() if until > now]

    def shortest_rest(self, longest: float) -> float:
        """How long until the next backend has rested."""
        now = self._clock.monotonic()
        with self._lock:
            left = [until - now for until in self._resting.values() if until > now]
        return min(left, default=longest)

    def idle(self) -> bool:
        """Whether nothing is being done."""
        with self._lock:
            return not any(self._working.values())

    def close(self) -> None:
        """Let what has begun come to its end."""
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
