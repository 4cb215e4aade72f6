"""Events → observations. The bus counts a message as handled when this has committed it.

What waits is taken in together, in one transaction; what comes alone, or is about anything but a
job that went well, goes by itself.

Order per server: what changes states comes by one queue, which one thread empties. Cards and
progress come by others; each is applied so that its order against states does not matter.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from django.db import InterfaceError, OperationalError, connection

from synnefo.core import messages
from synnefo.db.transactions import forgo_power_cuts
from synnefo.dispatcher import metrics
from synnefo.observations import backends, nics, server_batches, servers
from synnefo.ports import Bus, Clock, Delivery, Postpone, Reject
from synnefo.telemetry import logs

log = logging.getLogger(__name__)

PROGRESS_EVERY = 0.4
# So many together are a backlog; each time a rest follows, of this part of the time it took.
BACKLOG = 100
REST = 1.8
# Where several came together more are on their way, and one more costs little; many are enough.
SEVERAL, MANY = 4, 32
GATHER = 0.08


class Consumer:
    """Takes in messages."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._progress: dict[str, float] = {}
        self._stop = threading.Event()
        self._strangers: set[str] = set()

    def run(self, bus: Bus, queues: Sequence[str], stop: threading.Event) -> None:
        """Until stopped. What a power cut takes of this, the reconciler finds again."""
        self._stop = stop
        forgo_power_cuts()
        bus.consume(queues, self.handle, stop, self.handle_together)
        connection.close()

    def handle(self, delivery: Delivery) -> None:
        """Reject what can never be understood, postpone what the database cannot take now."""
        message = _parse(delivery)
        try:
            self._apply(message)
        except (OperationalError, InterfaceError) as error:
            raise _postponed([message], error) from error
        self._applied([message])

    def handle_together(self, deliveries: Sequence[Delivery]) -> None:
        """Whatever is wrong with one of them, the bus then hands each to `handle`.

        A backlog may take a little longer: who reads the API meanwhile should not.
        """
        began = self._clock.monotonic()
        said = [_parse(delivery) for delivery in deliveries]
        jobs = [message for message in said if isinstance(message, messages.OpStatus)]
        if len(said) >= SEVERAL and not jobs:
            # What these say of builds their ends say, too, which are about to come.
            self._stop.wait(GATHER)
        try:
            alone = server_batches.apply(jobs, self._clock.now())
            for message in [*alone, *_news(said)]:
                self._apply(message)
        except (OperationalError, InterfaceError) as error:
            raise _postponed(said, error) from error
        self._applied(said)
        if len(said) >= BACKLOG:
            self._stop.wait(REST * (self._clock.monotonic() - began))
        elif SEVERAL <= len(said) < MANY and jobs:
            self._stop.wait(GATHER)

    def _apply(self, message: messages.AnyMessage) -> None:
        now = self._clock.now()
        match message:
            case messages.OpStatus():
                servers.apply(message, now)
                if message.final:
                    self._progress.pop(message.instance, None)
            case messages.NetStatus():
                nics.apply(message, now)
            case messages.ImageProgress():
                if self._is_time(message.instance):
                    servers.progressed(message, now)
            case messages.NetworkStatus():
                log.debug("%s of %s", message.operation, message.cluster)
            case messages.ClusterStatus():
                backends.renamed(message)
            case messages.Heartbeat():
                if not backends.alive(message, now):
                    self._meet(message.cluster)

    def _applied(self, said: Sequence[messages.AnyMessage]) -> None:
        """These are in the database: count them, and let requests be followed to here."""
        now = self._clock.now()
        for message in said:
            metrics.applied(message, now)
            if isinstance(message, messages.OpStatus) and message.final and message.request:
                facts = logs.about(
                    request=message.request,
                    intent=message.intent,
                    job=message.job_id,
                    instance=message.instance,
                )
                log.info("%s is %s", message.operation, message.status, extra=facts)

    def _meet(self, cluster: str) -> None:
        """Say once whom nobody here knows: another frontend's cluster, or a name that is wrong."""
        if cluster not in self._strangers and len(self._strangers) < 100:
            self._strangers.add(cluster)
            log.warning("signs of life come from %s, which is no backend's name", cluster)

    def _is_time(self, instance: str) -> bool:
        """Lets through one in a while: each report of progress is replaced by the next."""
        moment = self._clock.monotonic()
        if moment - self._progress.get(instance, -PROGRESS_EVERY) < PROGRESS_EVERY:
            return False
        if len(self._progress) > 10_000:
            self._progress.clear()
        self._progress[instance] = moment
        return True


def _parse(delivery: Delivery) -> messages.AnyMessage:
    try:
        return messages.parse(delivery.body)
    except messages.BadMessage as error:
        metrics.EVENTS.labels("unknown", "rejected").inc()
        raise Reject(str(error)) from error


def _news(said: Sequence[messages.AnyMessage]) -> list[messages.AnyMessage]:
    """Of all but states: what says something that nobody knows."""
    cards = [one for one in said if isinstance(one, messages.NetStatus)]
    copies = [one for one in said if isinstance(one, messages.ImageProgress)]
    told = messages.OpStatus | messages.NetStatus | messages.ImageProgress
    rest = [one for one in said if not isinstance(one, told)]
    known = servers.growing(copies) if copies else []
    return [*(nics.news(cards) if cards else []), *known, *_without_old_signs(rest)]


def _without_old_signs(said: Sequence[messages.AnyMessage]) -> list[messages.AnyMessage]:
    """Of signs of life that waited together only the last of each cluster says something."""
    last = {one.cluster: one for one in said if isinstance(one, messages.Heartbeat)}
    others = [one for one in said if not isinstance(one, messages.Heartbeat)]
    return [*others, *last.values()]


def _postponed(said: Sequence[messages.AnyMessage], error: Exception) -> Postpone:
    connection.close()
    for message in said:
        metrics.EVENTS.labels(message.TYPE, "postponed").inc()
    return Postpone(f"the database did not answer: {error}")


def shares(queues: Sequence[str]) -> list[list[str]]:
    """Which thread takes which queues: progress and cards must not hold up states."""
    quick = [one for one in queues if one.endswith(("-progress", "-net"))]
    return [[one for one in queues if one not in quick], quick]
