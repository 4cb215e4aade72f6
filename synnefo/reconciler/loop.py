"""Looks again at every backend, every now and then, and at once where somebody has a doubt.

Principles: a look is not told what changed; it compares all, or the servers in doubt. It repairs by
observations only. Every backend has its own turn in its own thread, so that frozen ones delay no
other; of a backend that cannot be reached only wishes past their deadline end. Rejected: marking
servers of an unreachable backend in any way (they may run well), and removing orphans (an
administrator may have made them; `manage.py reconcile` lists them).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import DatabaseError, connection

from synnefo.core.drift import Kind
from synnefo.db.models import Backend
from synnefo.intents import server_wishes
from synnefo.intents.image import images
from synnefo.observations import backends
from synnefo.ports import Clock, Cluster, ClusterError, Listening
from synnefo.reconciler import books, deadlines, exclusion, metrics, networks, node_roles, overdue
from synnefo.reconciler.looking import Look, look
from synnefo.reconciler.repairing import repair

log = logging.getLogger(__name__)

GATHER = 0.1  # Doubts come in flocks; and what they are about may just be on its way.
GATHER_AT_MOST = 1.0
# One for each backend that is being looked at; the pool begins a thread only when it needs one.
THREADS = 512
BOOKS = 0  # The turn that needs no backend.
Turns = dict[int, set[int] | None]  # Backends with the servers to look at; None for all.


class Reconciler:
    """The loop and its turns."""

    def __init__(self, clusters: Callable[[Backend], Cluster], clock: Clock, every: float) -> None:
        self._clusters = clusters
        self._clock = clock
        self._every = every
        self._turns: dict[int, Future[None]] = {}
        self._doubted: Turns = {}
        self._networks = networks.Repairer()
        self._orphans: dict[int, set[int]] = {}

    def run(self, listening: Listening, stop: threading.Event) -> None:
        """Until stopped."""
        next_turn = self._clock.monotonic()
        with ThreadPoolExecutor(THREADS, thread_name_prefix="look") as pool:
            while not stop.is_set():
                try:
                    if self._clock.monotonic() >= next_turn:
                        next_turn = self._clock.monotonic() + self._every
                        # Whose turn still goes on has the next one right after it.
                        self._doubted |= dict.fromkeys(self._backends())
                        self._start(pool, self._doubted)
                    patience = GATHER if self._doubted else next_turn - self._clock.monotonic()
                    self._gather(listening, patience)
                    self._start(pool, self._doubted)
                except DatabaseError:
                    log.exception("the database did not answer; trying again")
                    connection.close()
                    stop.wait(1.0)
        connection.close()

    @staticmethod
    def _backends() -> list[int]:
        rows = Backend.objects.filter(offline=False)
        return [BOOKS, *rows.values_list("pk", flat=True)]

    def _gather(self, listening: Listening, patience: float) -> None:
        """Wait for a doubt, then take in what follows it; turns must not wait for a flood's end."""
        ring = listening.get(max(0.0, patience))
        until = self._clock.monotonic() + GATHER_AT_MOST
        while ring is not None:
            backend_id, server_id = int(ring.payload["backend"]), ring.payload.get("server")
            known = self._doubted.setdefault(backend_id, set())
            if server_id is None:
                self._doubted[backend_id] = None
            elif known is not None:
                known.add(int(server_id))
            ring = listening.get(GATHER) if self._clock.monotonic() < until else None

    def _start(self, pool: ThreadPoolExecutor, turns: Turns) -> None:
        """One turn of a backend at a time; what comes up during one waits for its end."""
        for backend_id, only in list(turns.items()):
            turn = self._turns.get(backend_id)
            if turn is None or turn.done():
                self._turns[backend_id] = pool.submit(self._guarded, backend_id, only)
                del turns[backend_id]

    def _guarded(self, backend_id: int, only: Iterable[int] | None) -> None:
        try:
            if backend_id == BOOKS:
                self.books()
            else:
                self._timed_turn(Backend.objects.get(pk=backend_id), only)
        except Exception:  # A turn that fails must not end the others.
            log.exception("looking at backend %d failed", backend_id)
        finally:
            connection.close()  # Threads come and go.

    def _timed_turn(self, backend: Backend, only: Iterable[int] | None) -> None:
        begun, outcome = self._clock.monotonic(), "failed"
        try:
            self.turn(backend, only)
            outcome = "done"
        except ClusterError as error:
            log.warning("backend %s: %s", backend, error)
            outcome = "unreachable"
            deadlines.enforce(backend, None, self._clock.now())
        finally:
            metrics.LOOKS.labels(backend.name, outcome).inc()
            metrics.LOOKING.labels(backend.name).observe(self._clock.monotonic() - begun)

    def turn(self, backend: Backend, only: Iterable[int] | None = None) -> Look:
        """Look at one backend, or at some of its servers, and repair."""
        cluster, only = self._clusters(backend), None if only is None else list(only)
        if only is None:
            info = cluster.info()
            backends.described(backend.pk, info)
            backend.refresh_from_db(fields=["name"])
            backends.capacity(backend.pk, cluster.nodes(), self._clock.now())
            node_roles.ask(backend, cluster, self._clock.now())
            exclusion.tell(backend, cluster, info.tags)
        overdue.settle(backend, cluster, self._clock.now(), only)
        found = look(backend, cluster, self._clock.now(), only)
        repair(found, self._clock.now())
        if only is None:
            deadlines.enforce(backend, cluster, self._clock.now())
            nets = networks.look(backend, cluster)
            self._networks.repair(backend, cluster, nets, self._clock.now())
            kinds = [one.kind for one in found.drifts] + [one.kind for one in nets]
            metrics.looked(backend.name, kinds)
            self._tell_of_orphans(found)
        return found

    def books(self) -> int:
        """What needs no backend, and the wishes on none or on those that are switched off."""
        now = self._clock.now()
        for backend in [None, *Backend.objects.filter(offline=True)]:
            deadlines.enforce(backend, None, now)
        images.tidy()
        server_wishes.reclaim(now)
        return len(books.check(now, repair=True))

    def _tell_of_orphans(self, found: Look) -> None:
        """Once for each, not at every turn."""
        orphans = {one.server_id for one in found.drifts if one.kind is Kind.ORPHAN}
        for number in sorted(orphans - self._orphans.get(found.backend.pk, set())):
            log.warning("backend %s has an orphan: %d", found.backend, number)
        self._orphans[found.backend.pk] = orphans
