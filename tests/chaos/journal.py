"""What the people of a run were told, and what was done to the cloud meanwhile."""

import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Accepted:
    """A wish that was answered with success: it must not get lost."""

    user: str
    word: str
    server: str  # the API's id
    request_id: str = ""
    key: str = ""
    count: int = 0  # of a counter in the metadata, for the word "metadata"


@dataclass(frozen=True)
class Answer:
    """A request that came back: `good` is false for what the API itself did not answer."""

    began: float
    ended: float
    good: bool


@dataclass(frozen=True)
class Window:
    """A fault and when it held, on the same clock as the answers."""

    kind: str
    target: str
    began: float
    ended: float


@dataclass
class Journal:
    """Grows during a run and is read after it."""

    accepted: list[Accepted] = field(default_factory=list)
    reads: list[Answer] = field(default_factory=list)
    writes: list[Answer] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    operations: Counter[str] = field(default_factory=Counter)  # "create accepted", …
    messages: Counter[str] = field(default_factory=Counter)  # touched on the bus, by kind
    complaints: list[tuple[int, str]] = field(default_factory=list)  # (invariant, what was seen)
    skipped: Counter[str] = field(default_factory=Counter)  # faults that found nothing to hit
    lost: set[int] = field(default_factory=set)  # jobs of which a message was taken away for good
    made: set[str] = field(default_factory=set)  # volumes
    discarded: set[str] = field(default_factory=set)  # volumes whose deletion was tried

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def accept(self, one: Accepted) -> None:
        with self._lock:
            self.accepted.append(one)

    def count(self, word: str, outcome: str) -> None:
        with self._lock:
            self.operations[f"{word} {outcome}"] += 1

    def complain(self, invariant: int, text: str) -> None:
        """Something that no rule allows was seen while it happened."""
        with self._lock:
            self.complaints.append((invariant, text))

    def answered(self, began: float, *, good: bool, wrote: bool) -> None:
        with self._lock:
            rows = self.writes if wrote else self.reads
            rows.append(Answer(began, time.monotonic(), good))

    def as_json(self) -> dict[str, Any]:
        """For keeping beside what was found."""
        rows: list[Any] = [*self.accepted, *self.reads, *self.writes, *self.windows]
        counters = {"operations": self.operations, "messages": self.messages}
        found: dict[str, Any] = {name: dict(some) for name, some in counters.items()}
        for row in rows:
            found.setdefault(type(row).__name__, []).append(asdict(row))
        sets = {
            "lost": sorted(self.lost),
            "made": sorted(self.made),
            "discarded": sorted(self.discarded),
        }
        return found | sets | {"complaints": self.complaints}
