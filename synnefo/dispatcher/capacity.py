"""A fresh look at what backends have room for, before a server is refused for want of it.

Every backend is asked by its own crew and all at once, so that frozen ones cost their patience once
and hold up no other; who does not answer in time is told, for room may be there.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from django.db import connection

from synnefo.db.models import Backend
from synnefo.dispatcher.crews import Crews
from synnefo.observations import backends
from synnefo.ports import Clock, Cluster, ClusterError

log = logging.getLogger(__name__)

FRESH = timedelta(seconds=2)
ANSWER_WITHIN = 2.0


class Capacities:
    """Asks, but no backend twice at a time."""

    def __init__(
        self,
        clusters: Callable[[Backend], Cluster],
        clock: Clock,
        crews: Crews,
        answer_within: float = ANSWER_WITHIN,
    ) -> None:
        self._clusters = clusters
        self._clock = clock
        self._crews = crews
        self._answer_within = answer_within
        self._lock = threading.Lock()
        self._under_way: dict[int, threading.Event] = {}

    def look(self) -> list[int]:
        """Backends that have not told; what the others have is written down."""
        now, silent = self._clock.now(), []
        waiting = {
            backend.pk: self._ask(backend)
            for backend in Backend.objects.filter(offline=False, drained=False).order_by("pk")
            if backend.seen_at is None or now - backend.seen_at > FRESH
        }
        until = self._clock.monotonic() + self._answer_within
        for backend_id, told in waiting.items():
            if not told.wait(max(0.0, until - self._clock.monotonic())):
                silent.append(backend_id)
        return silent

    def _ask(self, backend: Backend) -> threading.Event:
        with self._lock:
            told = self._under_way.get(backend.pk)
            if told is not None:
                return told
            told = self._under_way[backend.pk] = threading.Event()
        self._crews.do(backend.pk, lambda: self._asked(backend, told))
        return told

    def _asked(self, backend: Backend, told: threading.Event) -> None:
        try:
            nodes = self._clusters(backend).nodes()
            backends.capacity(backend.pk, nodes, self._clock.now())
            told.set()
        except ClusterError as error:
            log.warning("cannot look at %s: %s", backend, error)
        except Exception:  # A crew lives on, and who waits does so no longer than for silence.
            log.exception("cannot look at %s", backend)
            connection.close()
        finally:
            with self._lock:
                self._under_way.pop(backend.pk, None)
