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
from synnefo.observations import backends, nics, server_batches, servers
from synnefo.ports import Bus, Clock, Delivery, Postpone, Reject

log = logging.getLogger(__name__)

PROGRESS_EVERY = 0.4


class Consumer:
    """Takes in messages."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._progress: dict[str, float] = {}

    def run(self, bus: Bus, queues: Sequence[str], stop: threading.Event) -> None:
        """Until stopped. What a power cut takes of this, the reconciler finds again."""
        forgo_power_cuts()
        bus.consume(queues, self.handle, stop, self.handle_together)
        connection.close()

    def handle(self, delivery: Delivery) -> None:
        """Reject what can never be understood, postpone what the database cannot take now."""
        message = _parse(delivery)
        try:
            self._apply(message)
        except (OperationalError, InterfaceError) as error:
            connection.close()
            raise Postpone(f"the database did not answer: {error}") from error

    def handle_together(self, deliveries: Sequence[Delivery]) -> None:
        """Whatever is wrong with one of them, the bus then hands each to `handle`."""
        said = [_parse(delivery) for delivery in deliveries]
        jobs = [message for message in said if isinstance(message, messages.OpStatus)]
        rest = [message for message in said if not isinstance(message, messages.OpStatus)]
        try:
            for message in [*server_batches.apply(jobs, self._clock.now()), *rest]:
                self._apply(message)
        except (OperationalError, InterfaceError) as error:
            connection.close()
            raise Postpone(f"the database did not answer: {error}") from error

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
            case messages.NetworkStatus() | messages.ClusterStatus():
                log.debug("%s of %s", message.operation, message.cluster)
            case messages.Heartbeat():
                backends.alive(message, now)

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
        raise Reject(str(error)) from error


def shares(queues: Sequence[str]) -> list[list[str]]:
    """Which thread takes which queues: progress and cards must not hold up states."""
    quick = [one for one in queues if one.endswith(("-progress", "-net"))]
    return [[one for one in queues if one not in quick], quick]
