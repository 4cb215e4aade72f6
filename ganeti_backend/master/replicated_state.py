"""The queue and the configuration as one thing: opened together, copied to candidates together.

A copy is of one moment, in which neither of the two is written, and has with it what whoever
becomes the master needs beside them.
"""

from __future__ import annotations

from collections.abc import Callable

from ganeti_backend.configuration.config import Config
from ganeti_backend.master import first_cluster, settings_followed
from ganeti_backend.node_rpc.calls import Nodes
from ganeti_backend.queue.job_queue import JobQueue
from ganeti_backend.replication import master_files
from ganeti_backend.replication.sender import Replicator
from ganeti_backend.settings import Settings
from ganeti_backend.state_rows import Row, Rows

JOIN_PATIENCE = 3.0  # How long a start waits for candidates to take their copies.


class ReplicatedState:
    """What a master knows that must outlive it."""

    def __init__(self, settings: Settings, nodes: Nodes, clock: Callable[[], int]) -> None:
        self._settings = settings
        self._replicator = Replicator(
            nodes, self._candidates, self._copied, lambda: self.config.generation
        )
        self.config = Config(settings.config_dir, lambda: clock() / 1e9, self._replicator)
        self.queue = JobQueue(settings.queue_dir, clock, replication=self._replicator)

    def open(self) -> None:
        """Take over the queue, read the configuration (or make a new cluster's), give copies."""
        self._settings.config_dir.mkdir(parents=True, exist_ok=True)
        self.queue.open()
        if not self.config.load():
            first_cluster.make(self.config, self._settings)
        settings_followed.follow(self.config, self._settings)
        self._replicator.start(JOIN_PATIENCE)

    def close(self) -> None:
        """Send and write what is left; nobody changes anything any more."""
        self.queue.flush()
        self._replicator.stop()
        self.config.close()
        self.queue.close()

    def rows(self) -> list[Row]:
        """What a backup keeps: the queue's live jobs and the configuration, of one moment."""
        return self._capture(lambda: None)()

    def offer_files(self) -> None:
        """Keys, users or addresses have changed: candidates get them, too."""
        self._replicator.offer(master_files.rows(self._settings))

    def candidate_states(self) -> dict[str, str]:
        """Which master candidates have an up-to-date copy."""
        return self._replicator.states()

    def _candidates(self) -> list[str]:
        """The nodes that keep a copy."""
        return [
            node.name
            for node in self.config.nodes()
            if node.master_candidate and not node.offline and node.name != self._settings.master
        ]

    def _copied(self, begin: Callable[[], None]) -> Rows:
        """What candidates hold: the state, and what whoever becomes the master needs beside it."""
        state = self._capture(begin)
        return lambda: [*state(), *master_files.rows(self._settings)]

    def _capture(self, begin: Callable[[], None]) -> Rows:
        """The whole state of one moment, in which nothing is written."""
        taken: list[Rows] = []

        def take() -> None:
            begin()
            taken.extend([self.queue.capture(), self.config.capture()])

        self.queue.exclusively(lambda: self.config.exclusively(take))
        return lambda: [row for rows in taken for row in rows()]
