"""The loop: see changed jobs, tell the bus, remember the position. What is not told is never
remembered, so a kill at any moment leads to a message too many at worst.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from eventd.notifications import Told, new_names, notifications, told_by
from eventd.outlet import Outlet
from eventd.position import Position
from eventd.watch import (
    REPLACED,
    FolderWatch,
    archived_ids,
    ids,
    last_id,
    queued_ids,
    read_job,
)
from synnefo.core.messages import AnyMessage
from synnefo.ports import BusUnavailable

log = logging.getLogger(__name__)

# So many jobs are published together at most.
AT_ONCE = 200
# During bursts the position is saved this often, else at once; sometimes it is made durable.
SAVE_EVERY = 0.05
DURABLE_EVERY = 5.0
LOOK_EVERY = 2.0
TRY_AGAIN_AFTER = 1.0
# Where several jobs changed at once more will: what is told together costs a part of it each.
SEVERAL = 3
GATHER = 0.03


class Teller:
    """One run of the daemon over one queue folder."""

    def __init__(
        self,
        queue: Path,
        state: Path,
        cluster: str,
        outlet: Outlet,
        is_master: Callable[[], bool] = lambda: True,
        told_all: Callable[[], None] = lambda: None,
    ) -> None:
        self._queue = queue
        self._file = state / "position.json"
        self._cluster = cluster
        self._outlet = outlet
        self.is_master = is_master
        self._told_all = told_all
        self._stop = threading.Event()
        self._watch = FolderWatch(queue, REPLACED)
        self._saved_at = self._durable_at = 0.0
        self._unsaved = False
        self._must_look = True
        self.position = Position.load(self._file) or self._first_position()
        if self.position.top > last_id(queue):
            log.warning("the queue began anew, it is told from its beginning")
            self.position = Position()

    def _first_position(self) -> Position:
        """At the very first start the archive is history; the reconciler knows what came of it."""
        made = Position()
        present = queued_ids(self._queue)
        archived = archived_ids(self._queue, 0)
        made.start_at(present[0] if present else max(archived, default=0) + 1)
        made.save(self._file, durable=True)
        return made

    @property
    def cluster(self) -> str:
        """The cluster's name as of the job that was told last."""
        return self.position.name_now(self._cluster)

    def stop(self) -> None:
        """End `run` soon; callable from a signal handler."""
        self._stop.set()
        self._watch.wake()

    def progress(self) -> tuple[int, int]:
        """How many jobs are told of but not to their end, and up to which all are."""
        return len(self.position.unfinished), self.position.floor

    def run(self) -> None:
        """Until stopped; FolderGone if the folder vanishes."""
        with self._watch:
            try:
                while not self._stop.is_set():
                    self._step()
            finally:
                self._save(durable=True)

    def _step(self) -> None:
        seen = self._watch.seen(self._patience())
        changed = ids(seen.names)
        self._must_look |= seen.look_through
        if not self.is_master():
            # Whoever becomes master looks through everything that it has not told.
            self._must_look = True
            return
        try:
            if self._must_look:
                self._look_through()
                self._must_look = False
            else:
                self._tell(changed)
                if len(changed) >= SEVERAL:
                    self._stop.wait(GATHER)
            self._told_all()
        except BusUnavailable as error:
            log.error("neither bus nor overflow take messages: %s", error)
            self._must_look = True
            self._stop.wait(TRY_AGAIN_AFTER)
        if self._unsaved and (not changed or self._due()):
            self._save(durable=False)

    def _patience(self) -> float:
        if self._must_look:
            return 0.0 if self.is_master() else LOOK_EVERY
        return SAVE_EVERY if self._unsaved else LOOK_EVERY

    def _look_through(self) -> None:
        """Tell all that the queue and the archive have beyond the position."""
        floor = self.position.floor
        present = {*queued_ids(self._queue), *archived_ids(self._queue, floor)}
        for job_id in set(self.position.unfinished) - present:
            # Told anew should it come back, as after a power cut that took unsynced files.
            log.warning("job %d vanished without an end", job_id)
            self.position.forget(job_id)
        self._tell(sorted(job_id for job_id in present if job_id > floor))

    def _tell(self, job_ids: Iterable[int]) -> None:
        pending = list(job_ids)
        for start in range(0, len(pending), AT_ONCE):
            self._tell_together(pending[start : start + AT_ONCE])
            if self._due():
                self._save(durable=False)

    def _tell_together(self, job_ids: list[int]) -> None:
        messages: list[AnyMessage] = []
        reached: list[tuple[int, tuple[Told, ...]]] = []
        names = [self.cluster]
        for job_id in job_ids:
            before = self.position.told(job_id)
            job = None if before is None else read_job(self._queue, job_id)
            if before is None or job is None:
                continue
            try:
                messages += notifications(before, job, names[-1])
                names += new_names(before, job)
                reached.append((job_id, told_by(job)))
            except (KeyError, TypeError, ValueError, IndexError) as error:
                log.error("job %d is not understood: %r", job_id, error)
        self._outlet.send(messages)
        for old, new in itertools.pairwise(names):
            self.position.rename(old, new)
        for job_id, told in reached:
            self.position.tell(job_id, told)
            self._unsaved = True

    def _due(self) -> bool:
        return time.monotonic() - self._saved_at >= SAVE_EVERY

    def _save(self, *, durable: bool) -> None:
        """Without room for it the position stays what it was; the next time is soon."""
        now = time.monotonic()
        durable |= now - self._durable_at >= DURABLE_EVERY
        self._saved_at = now
        try:
            self.position.save(self._file, durable=durable)
        except OSError as error:
            log.error("the position cannot be saved: %s", error)
            return
        self._unsaved = False
        if durable:
            self._durable_at = now
