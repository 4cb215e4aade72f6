"""Builds adapters from the settings; nothing else names a concrete one.

Tests put their own parts in by `replace`.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from synnefo.bus import open_bus
from synnefo.bus.topology import Topology
from synnefo.db import sealing
from synnefo.db.models import Backend
from synnefo.doorbell import open_doorbell
from synnefo.ports import Bus, Clock, Cluster, Doorbell

# Shorter than the lease of a claim, so that who submits knows the answer before others may.
ANSWER_WITHIN = 15.0

_lock = threading.Lock()
_clusters: dict[int, tuple[tuple[str, ...], Cluster]] = {}
_parts: dict[str, Any] = {}
_replaced: dict[str, Any] = {}


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time of day in UTC."""
        return datetime.fromtimestamp(time.time(), UTC)

    def monotonic(self) -> float:
        """Seconds for measuring durations."""
        return time.monotonic()


def _part(name: str, build: Callable[[], Any]) -> Any:
    if name in _replaced:
        return _replaced[name]
    with _lock:
        if name not in _parts:
            _parts[name] = build()
        return _parts[name]


def clock() -> Clock:
    """The time."""
    found: Clock = _part("clock", SystemClock)
    return found


def bus() -> Bus:
    """The bus that events come by."""
    prefix = settings.SYNNEFO_INSTANCE_PREFIX
    found: Bus = _part("bus", lambda: open_bus(settings.SYNNEFO_BUS, prefix))
    return found


def topology() -> Topology:
    """The names of this frontend's queues."""
    return Topology(settings.SYNNEFO_INSTANCE_PREFIX)


def doorbell() -> Doorbell:
    """What wakes other processes."""
    database = os.environ.get("SYNNEFO_DATABASE", "")
    found: Doorbell = _part("doorbell", lambda: open_doorbell(settings.SYNNEFO_DOORBELL, database))
    return found


def cluster(backend: Backend) -> Cluster:
    """The cluster behind a backend, with its connections kept until its address changes."""
    if "cluster" in _replaced:
        found: Cluster = _replaced["cluster"](backend)
        return found
    proof = (backend.ca_file, backend.fingerprint)
    address = (backend.url, backend.username, backend.password_encrypted, *proof)
    with _lock:
        known = _clusters.get(backend.pk)
        if known is None or known[0] != address:
            if known is not None:
                known[1].close()
            known = _clusters[backend.pk] = (address, open_cluster(backend))
        return known[1]


def open_cluster(backend: Backend) -> Cluster:
    """A connection of one's own, also to a backend that is not stored yet."""
    if "cluster" in _replaced:
        found: Cluster = _replaced["cluster"](backend)
        return found
    from synnefo.rapi.client import RapiCluster

    # It writes a line for every request, with its whole address.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return RapiCluster(
        backend.url,
        backend.username,
        sealing.unseal(backend.password_encrypted),
        backend.fingerprint or (Path(backend.ca_file) if backend.ca_file else None),
        answer_within=ANSWER_WITHIN,
    )


@contextmanager
def replace(**parts: Any) -> Iterator[None]:
    """For tests: other parts for a while (`clock`, `bus`, `doorbell`; `cluster` is a function)."""
    before = dict(_replaced)
    _replaced.update(parts)
    try:
        yield
    finally:
        _replaced.clear()
        _replaced.update(before)
