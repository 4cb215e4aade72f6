"""Getting messages out in order, whatever the bus does.

While the bus is away messages go to an overflow spool on this machine. A thread empties it in order
once the bus is back; until it is empty new messages queue up behind, so that none overtakes.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Iterable, Sequence

from eventd import metrics
from synnefo.bus.spool import SpoolBus
from synnefo.bus.topology import Topology
from synnefo.core.messages import AnyMessage, ImageProgress, JobMessage
from synnefo.ports import Bus, BusUnavailable, Delivery, Postpone
from synnefo.telemetry import logs

log = logging.getLogger(__name__)

TRY_AGAIN_AFTER = 1.0


class Outlet:
    """The bus with its overflow."""

    def __init__(self, bus: Bus, overflow: SpoolBus, topology: Topology) -> None:
        self._bus = bus
        self._overflow = overflow
        self._topology = topology
        self._state = threading.Lock()
        self._behind = not overflow.is_empty()
        self._stop = threading.Event()
        self._drainer = threading.Thread(target=self._drain, name="overflow", daemon=True)

    def start(self) -> None:
        """Begin to empty what an earlier run left behind."""
        self._drainer.start()

    def stop(self) -> None:
        """Leave what is not out yet for the next run."""
        self._stop.set()
        self._overflow.wake()
        if self._drainer.is_alive():
            self._drainer.join(5)

    def send(self, messages: Iterable[AnyMessage]) -> None:
        """Durable on the bus or in the overflow when it returns; BusUnavailable if on neither.

        Progress goes first, and so together: its queue keeps no order with any other.
        """
        ordered = sorted(messages, key=lambda one: not isinstance(one, ImageProgress))
        for key, group in itertools.groupby(ordered, self._topology.key_for):
            together = list(group)
            self._send(key, [message.encode() for message in together])
            metrics.sent(together)
            for message in together:
                _say(message)

    def tell_now(self, message: AnyMessage) -> bool:
        """Only if the bus takes it at once and nothing waits before it; whether it did."""
        with self._state:
            if self._is_behind():
                return False
            try:
                self._bus.publish(self._topology.key_for(message), [message.encode()])
            except BusUnavailable as error:
                log.debug("bus away: %s", error)
                return False
        metrics.sent([message])
        return True

    def waiting(self) -> int:
        """How much lies in the overflow."""
        return sum(self._overflow.backlog().values())

    def _is_behind(self) -> bool:
        if self._behind and self._overflow.is_empty():
            log.info("the overflow is empty, publishing directly again")
            self._behind = False
        return self._behind

    def _send(self, key: str, bodies: list[bytes]) -> None:
        with self._state:
            if not self._is_behind():
                try:
                    self._bus.publish(key, bodies)
                except BusUnavailable as error:
                    log.warning("bus away, spooling: %s", error)
                else:
                    return
            self._overflow.publish(key, bodies)
            self._behind = True

    def _drain(self) -> None:
        """Also when the disk was full for a while, this thread is what empties it."""
        queues = self._topology.queues
        while not self._stop.is_set():
            try:
                self._overflow.consume(queues, self._forward, self._stop, self._forward_together)
            except OSError as error:
                log.error("the overflow cannot be emptied now: %s", error)
                self._stop.wait(TRY_AGAIN_AFTER)

    def _forward_together(self, deliveries: Sequence[Delivery]) -> None:
        for key, group in itertools.groupby(deliveries, lambda one: one.routing_key):
            try:
                self._bus.publish(key, [one.body for one in group])
            except BusUnavailable as error:
                raise Postpone(str(error)) from error

    def _forward(self, delivery: Delivery) -> None:
        try:
            self._bus.publish(delivery.routing_key, [delivery.body])
        except BusUnavailable as error:
            raise Postpone(str(error)) from error


def _say(message: AnyMessage) -> None:
    """The ends of what users asked for, so that their requests can be followed."""
    if isinstance(message, JobMessage) and message.request and message.final:
        facts = logs.about(request=message.request, intent=message.intent, job=message.job_id)
        log.info("told that %s is %s", message.operation, message.status, extra=facts)
