"""What the master does unasked: finish taking away dead creations, archive old jobs.

A creation's remains are only touched when no unfinished job will do it itself.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from ganeti_backend import errors
from ganeti_backend.configuration.config import Config
from ganeti_backend.locks import Level, LockManager, Mode
from ganeti_backend.node_rpc.calls import Nodes
from ganeti_backend.queue.job_queue import JobQueue
from ganeti_backend.units import debris
from ganeti_backend.units.clean_up import clean_up
from ganeti_backend.units.instances import copies

log = logging.getLogger(__name__)

EVERY_SECONDS = 30.0
ARCHIVE_AFTER = 6 * 3600
LIVE_JOBS = 4000  # Above this the oldest finished jobs go early, so that the queue never fills up.


class Housekeeping:
    def __init__(
        self,
        queue: JobQueue,
        config: Config,
        nodes: Nodes,
        locks: LockManager,
        unfinished: Callable[[], set[int]],
        rounds: Sequence[Callable[[], None]] = (),
    ) -> None:
        self._queue = queue
        self._config = config
        self._nodes = nodes
        self._locks = locks
        self._unfinished = unfinished
        self._rounds = rounds  # What others want to be done now and then.
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="housekeeping", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()

    def look_now(self) -> None:
        """Do not wait for the next round."""
        self._wake.set()

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                self.clean_up_creations()
                self.clear_debris()
                self.settle_copies()
                self.archive_old_jobs()
                for act in self._rounds:
                    act()
            except (errors.GenericError, OSError):
                log.exception("housekeeping will try again")
            self._wake.wait(EVERY_SECONDS)
            self._wake.clear()

    def clean_up_creations(self) -> None:
        for pending in self._config.pending():
            if pending.job_id in self._unfinished() or self._stop.is_set():
                continue
            wanted = {Level.INSTANCE: {pending.name: Mode.EXCLUSIVE}}
            with self._locks.holding("housekeeping", wanted):
                # Its name may have been created anew, or cleaned up, while the lock was waited for.
                if self._config.pending_of(pending.name) != pending:
                    continue
                try:
                    clean_up(self._config, self._nodes, pending)
                    log.info("removed what job %d left of %s", pending.job_id, pending.name)
                except errors.NodeError as error:
                    log.warning("remains of %s stay for now: %s", pending.name, error.message)

    def clear_debris(self) -> None:
        """Disks that a job left on a node which did not answer, or left by a dead master."""
        for left in self._config.debris():
            if left.job_id in self._unfinished() or self._stop.is_set():
                continue
            instance = self._config.instance(left.instance)
            name = instance.name if instance is not None else left.instance
            with self._locks.holding("housekeeping", {Level.INSTANCE: {name: Mode.EXCLUSIVE}}):
                try:
                    debris.clear(self._config, self._nodes, left)
                    log.info("removed disks that job %d left of %s", left.job_id, name)
                except errors.NodeError as error:
                    log.warning("disks of %s stay for now: %s", name, error.message)

    def settle_copies(self) -> None:
        """Guests that may have a second copy since a move was cut short, or a node came back."""
        doubtful = [item for item in self._config.instances() if copies.doubtful(item)]
        busy = self._targets() if doubtful else set()
        for instance in doubtful:
            if instance.name in busy or self._stop.is_set():
                continue
            wanted = {Level.INSTANCE: {instance.name: Mode.EXCLUSIVE}}
            with self._locks.holding("housekeeping", wanted):
                found = self._config.instance(instance.uuid)
                if found is None:
                    continue
                try:
                    found = copies.settle(self._config, self._nodes, found)
                    copies.drop_old(self._config, self._nodes, found)
                    log.info("instance %s runs on %s only", found.name, found.primary_node)
                except errors.GenericError as error:
                    log.warning("%s may have two copies: %s", instance.name, error.message)

    def _targets(self) -> set[str | None]:
        """What unfinished jobs are about: they settle things themselves."""
        found = (self._queue.job(job_id) for job_id in self._unfinished())
        return {op.input.target for job in found if job is not None for op in job.ops}

    def archive_old_jobs(self) -> None:
        now = self._queue.clock() // 1_000_000_000
        old = self._queue.finished_before(now - ARCHIVE_AFTER)
        surplus = len(self._queue.job_ids()) - len(old) - LIVE_JOBS
        if surplus > 0:
            gone = set(old)
            old += [j for j in self._queue.finished_before(now + 1) if j not in gone][:surplus]
        self._queue.archive(old)
