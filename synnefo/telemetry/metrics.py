"""What the metrics of all processes have in common, and the port that answers them.

Counters, gauges and histograms are prometheus-client's, in its registry, declared by the room that
knows them. What is known anyway, by the database or the bus, is asked for when somebody reads.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from wsgiref.simple_server import WSGIServer

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily, Metric

log = logging.getLogger(__name__)

ADDRESS = "127.0.0.1"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)

# When each counter began would be a line more for each, and the process says when it began.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Asked:
    """A collector of what a source answers when somebody reads. If it fails its metrics are left
    out: what was true a while ago is no answer.
    """

    def __init__(self, name: str, source: Callable[[], Iterable[Metric]]) -> None:
        self._name = name
        self._source = source

    def describe(self) -> Iterable[Metric]:
        """Nothing before it is asked; without this the registry would ask at once."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """What there is to say now."""
        try:
            return list(self._source())
        except Exception:  # It may ask anything; the other metrics are shown all the same.
            log.warning("no answer for the metrics of: %s", self._name, exc_info=True)
            return ()


def open_port(
    port: str | None, *asked: Asked, registry: CollectorRegistry = REGISTRY
) -> WSGIServer | None:
    """Answer /metrics at this port of the loopback address, if one is named, until the end.

    A process that does its work without is better than one that does not start because another has
    the port.
    """
    for collector in (Asked("threads", _threads), *asked):
        registry.register(collector)
    if not port:
        return None
    try:
        server, _ = start_http_server(int(port), ADDRESS, registry)
    except (OSError, ValueError, OverflowError) as error:
        log.error("no metrics at port %s: %s", port, error)
        return None
    server.handle_error = _lost  # type: ignore[method-assign]  # Else it prints, past the log.
    return server


def _threads() -> Iterable[Metric]:
    yield GaugeMetricFamily("process_threads", "Threads.", len(os.listdir("/proc/self/task")))


def _lost(request: object, client_address: object) -> None:
    log.debug("a reader at %s went away", client_address, exc_info=True)
