"""What the processor knows about jobs that are not over, and which of them is next.

Nothing here takes a lock: the processor's mutex guards all of it.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ganeti_backend.locks import Request
from ganeti_backend.units.base import Unit


class Stage(Enum):
    QUEUED = "queued"
    LOCKING = "locking"
    RUNNING = "running"


@dataclass(eq=False)
class Run:
    """One job that is not over. `ticket` is its place in line, if it stands in one."""

    job_id: int
    stage: Stage = Stage.QUEUED
    index: int = 0
    unit: Unit[Any] | None = None
    request: Request | None = None
    lock_error: Exception | None = None
    locking_since: float = 0.0
    canceled: threading.Event = field(default_factory=threading.Event)
    ticket: int | None = None
    step: Callable[[Run], None] | None = None


class Line:
    """Runs that wait for a thread: the most urgent first, then who came first."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._heap: list[tuple[int, int, Run]] = []

    def __bool__(self) -> bool:
        while self._heap and self._heap[0][2].ticket != self._heap[0][1]:
            heapq.heappop(self._heap)  # It stands elsewhere by now.
        return bool(self._heap)

    def push(self, run: Run, priority: int, step: Callable[[Run], None]) -> None:
        run.ticket, run.step = next(self._numbers), step
        heapq.heappush(self._heap, (priority, run.ticket, run))

    def move(self, run: Run, priority: int) -> None:
        """A run whose priority changed, if it stands in line."""
        if run.ticket is not None and run.step is not None:
            self.push(run, priority, run.step)

    def pop(self) -> Run:
        """The next one; the line must not be empty."""
        _, _, run = heapq.heappop(self._heap)
        run.ticket = None
        return run
