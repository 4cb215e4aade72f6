"""What a node daemon counts."""

import functools

from prometheus_client import Counter, Histogram

from ganeti_backend.telemetry import metrics

CALLS = Counter(
    "ganeti_node_calls_total", "Calls of the master, by name and outcome: done or failed.",
    ("call", "outcome"),
)  # fmt: skip
TAKEN = Histogram(
    "ganeti_node_call_seconds", "How long calls took, by name.", ("call",), buckets=metrics.SECONDS
)

# Finding a series by its labels takes longer than counting, and there are few of them.
_calls = functools.cache(CALLS.labels)
_taken = functools.cache(TAKEN.labels)


def called(name: str, outcome: str, seconds: float) -> None:
    """A call was answered."""
    _calls(name, outcome).inc()
    _taken(name).observe(seconds)
