"""What a dispatcher counts."""

from __future__ import annotations

from datetime import datetime

from synnefo.core import messages
from telemetry.metrics import Counter, Histogram, Registry

EVENTS = Counter(
    "synnefo_events_total",
    "Messages of the bus by type and outcome: applied, rejected (a dead letter) or postponed.",
    ("type", "outcome"),
)
LAG = Histogram(
    "synnefo_event_lag_seconds",
    "From the end of an opcode, by its cluster's clock, until that is in the database.",
)
SUBMISSIONS = Counter(
    "synnefo_submissions_total",
    "Attempts to make a job of an intent, by outcome: submitted, later, refused or gone.",
    ("action", "outcome"),
)
SUBMITTING = Histogram("synnefo_submission_seconds", "How long a backend took for an attempt.")

REGISTRY = Registry(EVENTS, LAG, SUBMISSIONS, SUBMITTING)


def applied(message: messages.AnyMessage, now: datetime) -> None:
    """A message is in the database."""
    EVENTS.add(1, message.TYPE, "applied")
    if isinstance(message, messages.OpStatus) and message.final and message.event_time[0]:
        seconds, microseconds = message.event_time
        LAG.see(max(0.0, now.timestamp() - seconds - microseconds / 1e6))
