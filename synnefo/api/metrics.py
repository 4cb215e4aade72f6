"""What the API process counts."""

from __future__ import annotations

import functools

from prometheus_client import Counter, Gauge, Histogram

from synnefo.telemetry import metrics

REQUESTS = Counter(
    "synnefo_requests_total",
    "Requests by service (the first part of the path), method and status.",
    ("service", "method", "status"),
)
TAKEN = Histogram(
    "synnefo_request_seconds",
    "From a whole request until its whole answer, by service; without the bytes of images.",
    ("service",),
    buckets=metrics.SECONDS,
)
STREAMS = Gauge("synnefo_event_streams", "Browsers and others that are told of changes now.")

SERVICES = frozenset({"identity", "compute", "image", "network", "volume", "static", "console"})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def answered(path: str, method: str, status: int, seconds: float) -> None:
    """A request was answered. What clients make up must not make up labels."""
    first = path[1:].partition("/")[0]
    service = first if first in SERVICES else "other"
    _requests(service, method if method in METHODS else "other", status).inc()
    _taken(service).observe(seconds)


# Finding a series by its labels takes longer than counting, and there are few of them.
_requests = functools.cache(REQUESTS.labels)
_taken = functools.cache(TAKEN.labels)
