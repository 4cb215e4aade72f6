"""What a dispatcher counts."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import Counter, Histogram

from synnefo.core import messages
from synnefo.telemetry.metrics import SECONDS

EVENTS = Counter(
    "synnefo_events_total",
    "Messages of the bus by type and outcome: applied, rejected (a dead letter) or postponed.",
    ("type", "outcome"),
)
LAG = Histogram(
    "synnefo_event_lag_seconds",
    "From the end of an opcode, by its cluster's clock, until that is in the database.",
    buckets=SECONDS,
)
SUBMISSIONS = Counter(
    "synnefo_submissions_total",
    "Attempts to make a job of an intent, by outcome: submitted, later, refused or gone.",
    ("action", "outcome"),
)
SUBMITTING = Histogram(
    "synnefo_submission_seconds", "How long a backend took for an attempt.", buckets=SECONDS
)


def applied(message: messages.AnyMessage, now: datetime) -> None:
    """A message is in the database."""
    EVENTS.labels(message.TYPE, "applied").inc()
    if isinstance(message, messages.OpStatus) and message.final and message.event_time[0]:
        seconds, microseconds = message.event_time
        LAG.observe(max(0.0, now.timestamp() - seconds - microseconds / 1e6))
