"""What a node daemon counts."""

from prometheus_client import Counter, Histogram

from ganeti_backend.telemetry import metrics

CALLS = Counter(
    "ganeti_node_calls_total", "Calls of the master, by name and outcome: done or failed.",
    ("call", "outcome"),
)  # fmt: skip
TAKEN = Histogram(
    "ganeti_node_call_seconds", "How long calls took, by name.", ("call",), buckets=metrics.SECONDS
)
