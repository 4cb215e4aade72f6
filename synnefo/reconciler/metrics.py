"""What the reconciler counts, and what it alone tells of the whole cloud.

There may be several dispatchers and API processes; whatever the database or the bus knows is told
here, once. It is asked for when somebody asks.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial

from django.db import connection
from django.db.models import Count, Min
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric

from synnefo.core.server_states import ServerState
from synnefo.db.lives import lives
from synnefo.db.models import Intent, Server
from synnefo.ports import Bus, Clock
from synnefo.telemetry.metrics import SECONDS, Asked

DRIFT = Gauge(
    "synnefo_drift",
    "Differences that the last look at all of a backend found, by kind.",
    ("backend", "kind"),
)
REPAIRS = Counter("synnefo_repairs_total", "Differences that were repaired.", ("backend", "kind"))
LOOKS = Counter(
    "synnefo_looks_total",
    "Looks at a backend: done, unreachable or failed.",
    ("backend", "outcome"),
)
LOOKING = Histogram(
    "synnefo_look_seconds", "How long a look at a backend took.", ("backend",), buckets=SECONDS
)


def asked(bus: Bus, clock: Clock) -> tuple[Asked, ...]:
    """Who is asked at each reading."""
    return Asked("database", partial(_database, clock)), Asked("bus", partial(_bus, bus))


def _database(clock: Clock) -> Iterator[Metric]:
    try:
        now = clock.now()
        yield from _intents(now)
        yield _servers()
        yield from _signs_of_life(now)
    finally:
        # Each reading has a thread of its own, and with it a connection of its own.
        connection.close()


def _intents(now: datetime) -> Iterator[Metric]:
    """How many of what, and how old."""
    shown = GaugeMetricFamily(
        "synnefo_intents",
        "Intents that have not ended, by state and action.",
        labels=("state", "action"),
    )
    oldest = GaugeMetricFamily(
        "synnefo_intents_oldest_seconds", "Age of the oldest intent in a state.", labels=("state",)
    )
    unfinished = Intent.objects.filter(state__in=Intent.UNFINISHED)
    rows = unfinished.values("state", "action").annotate(
        number=Count("pk"), since=Min("created_at")
    )
    ages: dict[str, float] = dict.fromkeys(Intent.UNFINISHED, 0.0)
    for row in rows:
        shown.add_metric((row["state"], row["action"]), row["number"])
        ages[row["state"]] = max(ages[row["state"]], (now - row["since"]).total_seconds())
    for state, age in ages.items():
        oldest.add_metric((state,), age)
    return iter((shown, oldest))


def _servers() -> Metric:
    shown = GaugeMetricFamily(
        "synnefo_servers", "Servers that are not deleted, by state.", labels=("state",)
    )
    states = Server.objects.exclude(state=ServerState.DELETED).values_list("state")
    for state, number in states.annotate(number=Count("pk")):
        shown.add_metric((state,), number)
    return shown


def _signs_of_life(now: datetime) -> Iterator[Metric]:
    age = GaugeMetricFamily(
        "synnefo_heartbeat_age_seconds",
        "Since the last sign of life came all the way from a backend's event daemon.",
        labels=("backend",),
    )
    lag = GaugeMetricFamily(
        "synnefo_heartbeat_lag_seconds", "How long that sign was under way.", labels=("backend",)
    )
    for backend, life in lives(now).items():
        if life.age is not None and life.lag is not None:
            age.add_metric((backend,), life.age)
            lag.add_metric((backend,), life.lag)
    return iter((age, lag))


def _bus(bus: Bus) -> Iterator[Metric]:
    """How much waits and how much nobody could handle."""
    waiting = GaugeMetricFamily(
        "synnefo_bus_waiting", "Messages that wait, by queue of the bus.", labels=("queue",)
    )
    dead = GaugeMetricFamily(
        "synnefo_dead_letters",
        "Messages that could not be handled, by queue of the bus.",
        labels=("queue",),
    )
    for shown, numbers in ((waiting, bus.backlog()), (dead, bus.dead_backlog())):
        for queue, number in numbers.items():
            shown.add_metric((queue,), number)
    return iter((waiting, dead))


def looked(backend: str, kinds: Iterable[str]) -> None:
    """All of a backend was compared: this is all that differed."""
    tally = Tally(str(kind) for kind in kinds)
    DRIFT.remove_by_labels({"backend": backend})
    for kind, number in tally.items():
        DRIFT.labels(backend, kind).set(number)
