"""Sees to it that networks exist on a backend before the first instance on them is asked for."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable

from synnefo.core import naming
from synnefo.core.messages import Origin
from synnefo.intents.network import backend_networks
from synnefo.ports import Clock, Cluster

ASK_AGAIN_AFTER = 10.0


class NetworkPreparer:
    """Remembers what it saw; what it did not see it asks for, and lets the caller come again.

    Several dispatchers may ask for the same network: the second job fails and harms nothing.
    """

    def __init__(self, clock: Clock, prefix: str) -> None:
        self._clock = clock
        self._prefix = prefix
        self._locks: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)
        # With the range that it had there: subnets come and go.
        self._ready: dict[tuple[int, int], str] = {}
        self._asked: dict[tuple[object, ...], float] = {}

    def ready(
        self, backend_id: int, cluster: Cluster, networks: Iterable[int], reason: Origin
    ) -> bool:
        """Whether all are there; if not, jobs for them are under way."""
        ranges = backend_networks.ranges_of(networks)
        missing = [
            one for one, cidr in ranges.items() if self._ready.get((backend_id, one)) != cidr
        ]
        if not missing:
            return True
        # One look at a backend at a time; one that does not answer holds up no other.
        with self._locks[backend_id]:
            return self._look(backend_id, cluster, {one: ranges[one] for one in missing}, reason)

    def _look(
        self, backend_id: int, cluster: Cluster, missing: dict[int, str], reason: Origin
    ) -> bool:
        groups = set(cluster.groups())
        seen = {report.name: report for report in cluster.networks()}
        complete = True
        for network_id, cidr in missing.items():
            report = seen.get(naming.network_name(self._prefix, network_id))
            if report and report.cidr != cidr and not report.instances:
                # It was made for other subnets than there are now, and nobody is on it yet.
                complete = False
                left = sorted(report.groups)
                if self._may_ask(backend_id, network_id, *left):
                    backend_networks.ask_away(
                        cluster, network_id, left, self._prefix, reason.text()
                    )
                continue
            lacking = groups - set(report.groups) if report else groups
            if report and not lacking:
                self._ready[backend_id, network_id] = cidr
                continue
            complete = False
            if self._may_ask(backend_id, network_id, "make"):
                backend_networks.ask(
                    cluster,
                    network_id,
                    sorted(lacking),
                    self._prefix,
                    reason.text(),
                    new=report is None,
                )
        return complete

    def _may_ask(self, backend_id: int, network_id: int, *step: str) -> bool:
        now, key = self._clock.monotonic(), (backend_id, network_id, *step)
        if now - self._asked.get(key, -ASK_AGAIN_AFTER) < ASK_AGAIN_AFTER:
            return False
        self._asked[key] = now
        return True

    def forget(self, backend_id: int) -> None:
        """A cluster refused something: what was seen of its networks may be wrong by now."""
        with self._locks[backend_id]:
            for key in [key for key in list(self._ready) if key[0] == backend_id]:
                self._ready.pop(key, None)
