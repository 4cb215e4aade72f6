"""The master as its doors (RAPI, command socket) see it: submit, look, wait, cancel, archive.

It puts the parts together and holds no rules of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ganeti_backend import errors, objects
from ganeti_backend.allocator import Allocator
from ganeti_backend.certificates.certificate_keeper import CertificateKeeper
from ganeti_backend.configuration.config import Config, new_uuid
from ganeti_backend.locks import LockInfo, LockManager
from ganeti_backend.master import first_cluster
from ganeti_backend.master.first_cluster import DEFAULT_GROUP
from ganeti_backend.master.housekeeping import Housekeeping
from ganeti_backend.master.processor import THREADS, Processor
from ganeti_backend.node_rpc.calls import Nodes
from ganeti_backend.node_rpc.live import LiveData, LiveReader
from ganeti_backend.node_rpc.patient_nodes import PATIENCE, PatientNodes
from ganeti_backend.node_rpc.places import Places
from ganeti_backend.opcodes import OpCode
from ganeti_backend.queue.job_queue import JobQueue
from ganeti_backend.queue.jobs import Job
from ganeti_backend.replication import master_files
from ganeti_backend.replication.sender import Replicator
from ganeti_backend.settings import Settings
from ganeti_backend.state_rows import Row, Rows
from ganeti_backend.units.base import Reach
from ganeti_backend.units.nodes import candidates

ALLOCATION_INFO_AGE = 2.0
JOIN_PATIENCE = 3.0  # How long a start waits for candidates to take their copies.
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
        self.replicator = Replicator(
            nodes, self._candidates, self._copied, lambda: self.config.generation
        )
        self.config = Config(settings.config_dir, lambda: clock() / 1e9, self.replicator)
        self.queue = JobQueue(settings.queue_dir, clock, replication=self.replicator)
        self.locks = LockManager()
        self.places = places or Places(settings)
        self.places.follow(self.config)
        self.certificates = CertificateKeeper(settings)
        self.certificates.tell(self._copy_files)
        self._live = LiveReader(nodes, self._online_nodes)
        stop = threading.Event()
        patient = PatientNodes(nodes, stop, patience)
        reach = Reach(
            config=self.config,
            nodes=patient,
            live=self._live,
            allocator=Allocator(lambda: self._live.infos(ALLOCATION_INFO_AGE), self.config.usage),
            data_dir=str(settings.data_dir),
            stop=stop,
            places=self.places,
            certificates=self.certificates,
            submit=self.submit_many,
            jobs=self.queue.jobs,
        )
        self.processor = Processor(self.queue, self.locks, reach, threads)
        self.housekeeping = Housekeeping(
            self.queue,
            self.config,
            nodes,
            self.locks,
            lambda: self.processor.unfinished,
            [self.processor.age],
        )

    # Starting and ending.

    def start(self) -> None:
        """Take over the queue, read the configuration (or make a new cluster's), run what waits."""
        self.settings.config_dir.mkdir(parents=True, exist_ok=True)
        self.queue.open()
        if not self.config.load():
            first_cluster.make(self.config, self.settings)
        self._follow_settings()
        self.replicator.start(JOIN_PATIENCE)
        self.processor.start()
        self.housekeeping.start()

    def stop(self) -> None:
        self.housekeeping.stop()
        self.processor.stop()
        self._live.close()
        self.queue.flush()
        self.replicator.stop()
        self.config.close()
        self.queue.close()

    def _follow_settings(self) -> None:
        """Nodes and drivers that the settings gained since the last start."""
        now = self.config.now()
        cluster = self.config.cluster()
        changed: list[objects.Thing] = []
        hypervisors = tuple(dict.fromkeys([self.settings.hypervisor, *cluster.enabled_hypervisors]))
        disabled = set(cluster.disabled_disk_templates)
        offered = [name for name in self.settings.disk_templates if name not in disabled]
        templates = (*cluster.enabled_disk_templates, *offered)
        wanted = {
            "master": self.settings.master,
            "enabled_hypervisors": hypervisors,
            "enabled_disk_templates": tuple(dict.fromkeys(templates)),
        }
        if any(getattr(cluster, name) != value for name, value in wanted.items()):
            changed.append(cluster.touched(now, **wanted))
        changed += self._nodes_of_settings(cluster)
        if changed:
            self.config.commit(changed)

    def _nodes_of_settings(self, cluster: objects.Cluster) -> Iterator[objects.Node]:
        """Those that are new there, and those that moved. What was removed by command stays out."""
        now = self.config.now()
        group = self.config.group(DEFAULT_GROUP) or self.config.groups()[0]
        room = cluster.candidate_pool_size - candidates.have(self.config.nodes())
        for node in self.settings.nodes:
            known = self.config.node(node.name)
            if known is not None:
                if not known.port and known.primary_ip != node.address:
                    same = known.secondary_ip in ("", known.primary_ip)
                    second = node.address if same else known.secondary_ip
                    yield known.touched(now, primary_ip=node.address, secondary_ip=second)
            elif node.name not in cluster.removed_nodes:
                room -= 1
                yield objects.Node(
                    name=node.name,
                    uuid=new_uuid(),
                    ctime=now,
                    mtime=now,
                    primary_ip=node.address,
                    secondary_ip=node.address,
                    group=group.uuid,
                    master_candidate=room >= 0 or node.name == self.settings.master,
                )

    def _online_nodes(self) -> list[str]:
        return [node.name for node in self.config.nodes() if not node.offline]

    # Copies of the state.

    def _candidates(self) -> list[str]:
        """The nodes that keep a copy of queue and configuration."""
        return [
            node.name
            for node in self.config.nodes()
            if node.master_candidate and not node.offline and node.name != self.settings.master
        ]

    def _capture(self, begin: Callable[[], None]) -> Rows:
        """The whole state of one moment, in which nothing is written."""
        taken: list[Rows] = []

        def take() -> None:
            begin()
            taken.extend([self.queue.capture(), self.config.capture()])

        self.queue.exclusively(lambda: self.config.exclusively(take))
        return lambda: [row for rows in taken for row in rows()]

    def _copied(self, begin: Callable[[], None]) -> Rows:
        """What candidates hold: the state, and what whoever becomes the master needs beside it."""
        state = self._capture(begin)
        return lambda: [*state(), *master_files.rows(self.settings)]

    def _copy_files(self) -> None:
        self.replicator.offer(master_files.rows(self.settings))

    def state_rows(self) -> list[Row]:
        """What a backup keeps: the queue's live jobs and the configuration, of one moment."""
        return self._capture(lambda: None)()

    def candidate_states(self) -> dict[str, str]:
        """Which master candidates have an up-to-date copy."""
        return self.replicator.states()

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
