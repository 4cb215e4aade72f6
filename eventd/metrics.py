"""What the event daemon counts, and how far it has come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from synnefo.core.messages import AnyMessage, OpStatus
from telemetry.metrics import Counter, Gauge, Histogram, Registry

MESSAGES = Counter(
    "eventd_messages_total", "Messages that are on the bus or in the overflow, by type.", ("type",)
)
LAG = Histogram(
    "eventd_lag_seconds", "From the end of an opcode until its message was given to the bus."
)
OVERFLOW = Gauge(
    "eventd_overflow_waiting", "Messages kept on this machine until the bus is back: the spool."
)
NOTES = Gauge("eventd_notes_waiting", "Notes of hooks that are not told yet.")
MASTER = Gauge("eventd_is_master", "1 where this daemon tells of jobs, 0 where it only waits.")
UNFINISHED = Gauge("eventd_jobs_unfinished", "Jobs that were told of, but not to their end.")
FLOOR = Gauge("eventd_jobs_told_up_to", "All jobs up to this one are told to their end.")


def sent(messages: Iterable[AnyMessage]) -> None:
    """These are out."""
    now = time.time()
    for message in messages:
        MESSAGES.add(1, message.TYPE)
        if isinstance(message, OpStatus) and message.final and message.event_time[0]:
            LAG.see(max(0.0, now - message.event_time[0] - message.event_time[1] / 1e6))


def registry(
    overflow: Callable[[], int],
    is_master: Callable[[], bool],
    position: Callable[[], tuple[int, int]],
    notes: Callable[[], int] | None,
) -> Registry:
    """Everything; `position` answers how many jobs are unfinished and up to which all are told."""
    found = Registry(MESSAGES, LAG)
    found.ask(lambda: OVERFLOW.set(overflow()), OVERFLOW)
    found.ask(lambda: MASTER.set(is_master()), MASTER)

    def ask_position() -> None:
        unfinished, floor = position()
        UNFINISHED.set(unfinished)
        FLOOR.set(floor)

    found.ask(ask_position, UNFINISHED, FLOOR)
    if notes is not None:
        found.ask(lambda: NOTES.set(notes()), NOTES)
    return found
