"""How far the event daemon has come: which jobs are told to their end, and the rest so far.

Ids are handed out before their files exist, so an id below the highest may still appear: what is
done is kept as ranges, which gaps make a few of. The file is replaced often and without waiting for
the disk; a second one, a few seconds older and synced, is for the power cut that leaves the first
without its content. An older position only means that some is told twice.
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
        self.renamed: dict[str, str] = {}  # The cluster's old names and what each became.

    @property
    def floor(self) -> int:
        """All jobs up to this one are done."""
        return self._done[0][1] if self._done and self._done[0][0] <= 1 else 0

    @property
    def top(self) -> int:
        """The highest job that was told of."""
        return max([last for _, last in self._done[-1:]] + list(self._open), default=0)

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

    def forget(self, job_id: int) -> None:
        """Nothing was told of this job."""
        self._open.pop(job_id, None)

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

    # --- the cluster's name

    def rename(self, old: str, new: str) -> None:
        """The cluster is called differently from now on."""
        self.renamed.pop(new, None)
        self.renamed = {one: new if to == old else to for one, to in self.renamed.items()}
        self.renamed[old] = new

    def name_now(self, given: str) -> str:
        """What became of the name that the daemon was started with."""
        return self.renamed.get(given, given)

    # --- on disk

    def save(self, path: Path, *, durable: bool) -> None:
        """Replace the file; `durable` replaces the second one, too, and waits for the disk."""
        state = {"version": VERSION, "done": self._done, "open": self._open}
        content = json.dumps(state | {"renamed": self.renamed}, separators=(",", ":")).encode()
        _replace(path, content, durable=False)
        if durable:
            _replace(synced(path), content, durable=True)

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """The saved position, or None if there never was one.

        Where neither file is of use everything is told again, the archive included.
        """
        found = False
        for one in (path, synced(path)):
            try:
                content = one.read_bytes()
            except FileNotFoundError:
                continue
            found = True
            try:
                return cls._from(json.loads(content))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                log.error("%s is unusable: %s", one, error)
        return cls() if found else None

    @classmethod
    def _from(cls, state: Any) -> Self:
        if state["version"] != VERSION:
            raise ValueError(f"version {state['version']!r}")
        made = cls((int(first), int(last)) for first, last in state["done"])
        for job_id, told in state["open"].items():
            made._open[int(job_id)] = tuple(Told(str(s), int(n)) for s, n in told)
        made.renamed = {str(old): str(new) for old, new in state.get("renamed", {}).items()}
        return made


def synced(path: Path) -> Path:
    """The second file beside a position."""
    return path.with_suffix(".synced.json")


def _replace(path: Path, content: bytes, *, durable: bool) -> None:
    temporary = f"{path}.new"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
    try:
        if os.write(descriptor, content) != len(content):
            raise OSError(f"the disk took only a part of {path}")
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.rename(temporary, path)
    if durable:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
