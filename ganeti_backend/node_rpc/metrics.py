"""What a node daemon counts."""

from telemetry.metrics import Counter, Histogram, Registry

CALLS = Counter(
    "ganeti_node_calls_total", "Calls of the master, by name and outcome: done or failed.",
    ("call", "outcome"),
)  # fmt: skip
SECONDS = Histogram("ganeti_node_call_seconds", "How long calls took, by name.", ("call",))

REGISTRY = Registry(CALLS, SECONDS)
