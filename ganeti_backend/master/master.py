"""The master as its doors (RAPI, command socket) see it: submit, look, wait, cancel, archive.

It puts the parts together and holds no rules of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from ganeti_backend import errors
from ganeti_backend.allocator import Allocator
from ganeti_backend.certificates.certificate_keeper import CertificateKeeper
from ganeti_backend.locks import LockInfo, LockManager
from ganeti_backend.master.housekeeping import Housekeeping
from ganeti_backend.master.processor import THREADS, Processor
from ganeti_backend.master.replicated_state import ReplicatedState
from ganeti_backend.node_rpc.calls import Nodes
from ganeti_backend.node_rpc.live import LiveData, LiveReader
from ganeti_backend.node_rpc.patient_nodes import PATIENCE, PatientNodes
from ganeti_backend.node_rpc.places import Places
from ganeti_backend.opcodes import OpCode
from ganeti_backend.queue.jobs import Job
from ganeti_backend.settings import Settings
from ganeti_backend.state_rows import Row
from ganeti_backend.units.base import Reach

ALLOCATION_INFO_AGE = 2.0
ARCHIVE_SECONDS = 30.0


class Master:
    def __init__(
        self,
        settings: Settings,
        nodes: Nodes,
        *,
        places: Places | None = None,
        clock: Callable[[], int] = time.time_ns,
        patience: float = PATIENCE,
        threads: int = THREADS,
    ) -> None:
        self.settings = settings
        self.nodes = nodes
        self._state = ReplicatedState(settings, nodes, clock)
        self.config, self.queue = self._state.config, self._state.queue
        self.locks = LockManager()
        self.places = places or Places(settings)
        self.places.follow(self.config)
        self.certificates = CertificateKeeper(settings)
        self.certificates.tell(self._state.offer_files)
        self._live = LiveReader(nodes, self._online_nodes)
        self.processor = Processor(self.queue, self.locks, self._reach(patience), threads)
        self.housekeeping = Housekeeping(
            self.queue,
            self.config,
            nodes,
            self.locks,
            lambda: self.processor.unfinished,
            [self.processor.age],
        )

    def _reach(self, patience: float) -> Reach:
        """What units may touch; they wait for nodes that are away, until the master stops."""
        stop = threading.Event()
        return Reach(
            config=self.config,
            nodes=PatientNodes(self.nodes, stop, patience),
            live=self._live,
            allocator=Allocator(lambda: self._live.infos(ALLOCATION_INFO_AGE), self.config.usage),
            data_dir=str(self.settings.data_dir),
            stop=stop,
            places=self.places,
            certificates=self.certificates,
            submit=self.submit_many,
            jobs=self.queue.jobs,
        )

    def _online_nodes(self) -> list[str]:
        return [node.name for node in self.config.nodes() if not node.offline]

    # Starting and ending.

    def start(self) -> None:
        """Open the state and run what waits in the queue."""
        self._state.open()
        self.processor.start()
        self.housekeeping.start()

    def stop(self) -> None:
        self.housekeeping.stop()
        self.processor.stop()
        self._live.close()
        self._state.close()

    def state_rows(self) -> list[Row]:
        """What a backup keeps: the queue's live jobs and the configuration, of one moment."""
        return self._state.rows()

    def candidate_states(self) -> dict[str, str]:
        """Which master candidates have an up-to-date copy."""
        return self._state.candidate_states()

    # Jobs.

    def submit(self, ops: Sequence[OpCode]) -> int:
        """The job's id; the job survives a power cut when this returns. QueueDrained, QueueFull."""
        return self.submit_many([ops])[0]

    def submit_many(self, jobs: Sequence[Sequence[OpCode]]) -> list[int]:
        try:
            made = self.queue.submit(jobs)
        except errors.QueueFull:
            self.housekeeping.look_now()
            raise
        self.processor.enqueue(made)
        return [job.id for job in made]

    def job(self, job_id: int) -> Job | None:
        return self.queue.job(job_id)

    def job_ids(self) -> list[int]:
        return self.queue.job_ids()

    def archived_job_ids(self) -> list[int]:
        return self.queue.archived_job_ids()

    def cancel(self, job_id: int, kill: bool = False) -> tuple[bool, str]:
        return self.processor.cancel(job_id, kill)

    def change_priority(self, job_id: int, priority: int) -> tuple[bool, str]:
        return self.processor.change_priority(job_id, priority)

    def wait_for_change(
        self,
        job_id: int,
        fields: Sequence[str],
        previous: list[Any] | None,
        previous_serial: int | None,
        timeout: float,
    ) -> dict[str, Any] | None:
        return self.queue.wait_for_change(job_id, fields, previous, previous_serial, timeout)

    def archive(self, job_id: int) -> bool:
        return bool(self.queue.archive([job_id]))

    def archive_older_than(self, seconds: float, timeout: float = ARCHIVE_SECONDS) -> list[int]:
        """Archive final jobs that ended at least this long ago, for so long; [moved, left over]."""
        before = self.queue.clock() / 1e9 - seconds
        old = self.queue.finished_before(before)
        deadline = time.monotonic() + timeout
        moved = self.queue.archive(old, lambda: time.monotonic() < deadline)
        return [len(moved), len(old) - len(moved)]

    @property
    def drained(self) -> bool:
        return self.queue.drained

    def set_drained(self, drained: bool) -> None:
        self.queue.set_drained(drained)

    # Looking.

    def live(self) -> LiveData:
        return self._live.live()

    def held_locks(self) -> list[LockInfo]:
        return self.locks.locks()
