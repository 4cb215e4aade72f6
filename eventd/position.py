"""How far the event daemon has come: which jobs are told to their end, and the rest so far.

Ids are handed out before their files exist, so an id below the highest may still appear: what is
done is kept as ranges, which gaps make a few of. The file is replaced at once; one that a power
cut left unreadable counts as absent, and the queue is then read from its beginning.
"""

from __future__ import annotations

import bisect
import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from eventd.notifications import Told, is_final

log = logging.getLogger(__name__)

VERSION = 1
# Gaps older than this many ranges are ids that were never used.
MOST_RANGES = 200


class Position:
    """The told state of all jobs."""

    def __init__(self, done: Iterable[tuple[int, int]] = ()) -> None:
        self._done: list[tuple[int, int]] = sorted(done)
        self._open: dict[int, tuple[Told, ...]] = {}

    @property
    def floor(self) -> int:
        """All jobs up to this one are done."""
        return self._done[0][1] if self._done and self._done[0][0] <= 1 else 0

    @property
    def unfinished(self) -> list[int]:
        """Jobs that were told of, but not to their end."""
        return sorted(self._open)

    def told(self, job_id: int) -> tuple[Told, ...] | None:
        """What was told of a job; None when it is done."""
        return None if self._is_done(job_id) else self._open.get(job_id, ())

    def tell(self, job_id: int, told: tuple[Told, ...]) -> None:
        """The messages that lead to this state were published."""
        if is_final(told):
            self.finish(job_id)
        else:
            self._open[job_id] = told

    def finish(self, job_id: int) -> None:
        """Nothing more comes from this job."""
        self._open.pop(job_id, None)
        if not self._is_done(job_id):
            self._add(job_id)

    def start_at(self, job_id: int) -> None:
        """Take everything below this job as done."""
        if job_id > 1:
            self._done = [(1, job_id - 1)]

    def _is_done(self, job_id: int) -> bool:
        place = bisect.bisect_right(self._done, (job_id, 1 << 62)) - 1
        return place >= 0 and self._done[place][1] >= job_id

    def _add(self, job_id: int) -> None:
        bisect.insort(self._done, (job_id, job_id))
        merged: list[tuple[int, int]] = []
        for first, last in self._done:
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
            else:
                merged.append((first, last))
        while len(merged) > MOST_RANGES and not self._open_below(merged[1][0]):
            merged[:2] = [(1, merged[1][1])]
        self._done = merged

    def _open_below(self, job_id: int) -> bool:
        return any(one < job_id for one in self._open)

    # --- on disk

    def save(self, path: Path, *, durable: bool) -> None:
        """Replace the file; `durable` also waits for the disk."""
        state = {"version": VERSION, "done": self._done, "open": self._open}
        temporary = path.with_suffix(".new")
        with temporary.open("w") as stream:
            json.dump(state, stream, separators=(",", ":"))
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """The saved position, or None without a usable one."""
        try:
            state = json.loads(path.read_text())
            return cls._from(state)
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            log.error("%s is unusable, reading the whole queue: %s", path, error)
            return None

    @classmethod
    def _from(cls, state: Any) -> Self:
        if state["version"] != VERSION:
            raise ValueError(f"version {state['version']!r}")
        made = cls((int(first), int(last)) for first, last in state["done"])
        for job_id, told in state["open"].items():
            made._open[int(job_id)] = tuple(Told(str(s), int(n)) for s, n in told)
        return made
