"""What the event daemon counts, and how far it has come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric

from synnefo.core.messages import AnyMessage, OpStatus
from synnefo.telemetry.metrics import SECONDS, Asked

MESSAGES = Counter(
    "eventd_messages_total", "Messages that are on the bus or in the overflow, by type.", ("type",)
)
LAG = Histogram(
    "eventd_lag_seconds",
    "From the end of an opcode until its message was given to the bus.",
    buckets=SECONDS,
)


def sent(messages: Iterable[AnyMessage]) -> None:
    """These are out."""
    now = time.time()
    for message in messages:
        MESSAGES.labels(message.TYPE).inc()
        if isinstance(message, OpStatus) and message.final and message.event_time[0]:
            LAG.observe(max(0.0, now - message.event_time[0] - message.event_time[1] / 1e6))


def asked(
    overflow: Callable[[], int],
    is_master: Callable[[], bool],
    position: Callable[[], tuple[int, int]],
    notes: Callable[[], int] | None,
) -> list[Asked]:
    """Who is asked at each reading; `position` answers how many jobs are unfinished and up to
    which all are told.
    """
    found = [
        Asked("overflow", partial(_overflow, overflow)),
        Asked("master", partial(_master, is_master)),
        Asked("position", partial(_position, position)),
    ]
    return found if notes is None else [*found, Asked("notes", partial(_notes, notes))]


def _overflow(waiting: Callable[[], int]) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "eventd_overflow_waiting",
        "Messages kept on this machine until the bus is back: the spool.",
        waiting(),
    )


def _notes(waiting: Callable[[], int]) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "eventd_notes_waiting", "Notes of hooks that are not told yet.", waiting()
    )


def _master(is_master: Callable[[], bool]) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "eventd_is_master",
        "1 where this daemon tells of jobs, 0 where it only waits.",
        is_master(),
    )


def _position(position: Callable[[], tuple[int, int]]) -> Iterator[Metric]:
    unfinished, floor = position()
    yield GaugeMetricFamily(
        "eventd_jobs_unfinished", "Jobs that were told of, but not to their end.", unfinished
    )
    yield GaugeMetricFamily(
        "eventd_jobs_told_up_to", "All jobs up to this one are told to their end.", floor
    )
