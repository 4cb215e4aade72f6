"""The queue and the configuration as rows, the form in which they are copied, saved and restored.

A row is a part ("queue" or "config"; in copies also "files"), a name and a content: a text, None
for gone, {"from": name} for moved from there. Who writes rows offers them to a `Replication`; the
real one is `replication.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

QUEUE, CONFIG, FILES = "queue", "config", "files"
Row = tuple[str, str, Any]
Rows = Callable[[], list[Row]]


class Replication(Protocol):
    """What the queue and the configuration need of it."""

    def offer(self, rows: Sequence[Row]) -> int:
        """Rows that are on this machine's disk, in order; the answer is their position."""

    def wait(self, position: int) -> None:
        """Return when every candidate that answers has this position on its disk."""


class Alone:
    """A master without candidates."""

    def offer(self, rows: Sequence[Row]) -> int:
        return 0

    def wait(self, position: int) -> None:
        return None
