"""What the reconciler counts, and what it alone tells of the whole cloud.

There may be several dispatchers and API processes; whatever the database or the bus knows is told
here, once. It is asked for when somebody asks.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable
from datetime import datetime

from django.db import DatabaseError, connection
from django.db.models import Count, Min

from synnefo.core.server_states import ServerState
from synnefo.db.lives import lives
from synnefo.db.models import Intent, Server
from synnefo.ports import Bus, Clock
from telemetry.metrics import Counter, Gauge, Histogram, Registry

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
LOOKING = Histogram("synnefo_look_seconds", "How long a look at a backend took.", ("backend",))
INTENTS = Gauge(
    "synnefo_intents", "Intents that have not ended, by state and action.", ("state", "action")
)
OLDEST = Gauge("synnefo_intents_oldest_seconds", "Age of the oldest intent in a state.", ("state",))
SERVERS = Gauge("synnefo_servers", "Servers that are not deleted, by state.", ("state",))
WAITING = Gauge("synnefo_bus_waiting", "Messages that wait, by queue of the bus.", ("queue",))
DEAD = Gauge(
    "synnefo_dead_letters", "Messages that could not be handled, by queue of the bus.", ("queue",)
)
AGE = Gauge(
    "synnefo_heartbeat_age_seconds",
    "Since the last sign of life came all the way from a backend's event daemon.",
    ("backend",),
)
HEARTBEAT_LAG = Gauge(
    "synnefo_heartbeat_lag_seconds", "How long that sign was under way.", ("backend",)
)


def registry(bus: Bus, clock: Clock) -> Registry:
    """Everything; the database and the bus are asked at each reading."""
    found = Registry(DRIFT, REPAIRS, LOOKS, LOOKING)
    found.ask(lambda: ask_database(clock.now()), INTENTS, OLDEST, SERVERS, AGE, HEARTBEAT_LAG)
    found.ask(lambda: ask_bus(bus), WAITING, DEAD)
    return found


def ask_database(now: datetime) -> None:
    """How many of what, and how old."""
    try:
        _intents(now)
        states = Server.objects.exclude(state=ServerState.DELETED).values_list("state")
        for state, number in states.annotate(number=Count("pk")):
            SERVERS.set(number, state)
        for backend, life in lives(now).items():
            if life.age is not None and life.lag is not None:
                AGE.set(life.age, backend)
                HEARTBEAT_LAG.set(life.lag, backend)
    except DatabaseError:
        connection.close()
        raise


def _intents(now: datetime) -> None:
    unfinished = Intent.objects.filter(state__in=Intent.UNFINISHED)
    rows = unfinished.values("state", "action").annotate(
        number=Count("pk"), since=Min("created_at")
    )
    oldest: dict[str, float] = dict.fromkeys(Intent.UNFINISHED, 0.0)
    for row in rows:
        INTENTS.set(row["number"], row["state"], row["action"])
        age = (now - row["since"]).total_seconds()
        oldest[row["state"]] = max(oldest[row["state"]], age)
    OLDEST.replace({(state,): age for state, age in oldest.items()})


def ask_bus(bus: Bus) -> None:
    """How much waits and how much nobody could handle."""
    WAITING.replace({(queue,): number for queue, number in bus.backlog().items()})
    DEAD.replace({(queue,): number for queue, number in bus.dead_backlog().items()})


def looked(backend: str, kinds: Iterable[str]) -> None:
    """All of a backend was compared: this is all that differed."""
    tally = Tally(str(kind) for kind in kinds)
    DRIFT.forget("backend", backend)
    for kind, number in tally.items():
        DRIFT.set(number, backend, kind)
