"""The port Bus on RabbitMQ. Only this module and its publisher know pika.

Durable topic exchange, quorum queues with a delivery limit, a dead-letter exchange. Failing
messages are tried again in place (`delivering.py`); the limit of the broker counts only consumers
that died over a message.
"""

from __future__ import annotations

import hashlib
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import ChannelClosedByBroker

from synnefo.bus.amqp_publisher import TROUBLE, Publisher, parameters
from synnefo.bus.delivering import MOST_TOGETHER, PAUSES, Fate, Hands
from synnefo.bus.topology import (
    DEAD_LETTER_EXCHANGE,
    DEATHS,
    EXCHANGE,
    Topology,
    dead_letter_queue,
)
from synnefo.ports import BusUnavailable, DeadLetter, Delivery

log = logging.getLogger(__name__)

PREFETCH = MOST_TOGETHER
LOOK_EVERY = 1.0
RECONNECT_AFTER = (0.1, 5.0)
REASON = "x-reason"
PRECONDITION_FAILED = 406  # AMQP's word for a queue that is there with other arguments.
SINCE = "x-since"

Arrival = tuple[Any, Any, bytes]  # method, properties, body


def declare(channel: BlockingChannel, topology: Topology) -> None:
    """Make exchanges, queues and bindings as `topology.py` says; harmless when they exist, also if
    an earlier version made them with other limits.
    """
    declaring = channel.connection.channel()
    for exchange in (EXCHANGE, DEAD_LETTER_EXCHANGE):
        channel.exchange_declare(exchange, "topic", durable=True)
    for queue in topology.queues:
        # Dead letters are not lost when the broker dies while it moves them ("at-least-once"),
        # which RabbitMQ couples to rejecting instead of dropping when a queue is full.
        arguments = {
            "x-queue-type": "quorum",
            "x-delivery-limit": DEATHS,
            "x-dead-letter-exchange": DEAD_LETTER_EXCHANGE,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        }
        try:
            declaring.queue_declare(queue, durable=True, arguments=arguments)
        except ChannelClosedByBroker as closed:
            if closed.reply_code != PRECONDITION_FAILED:
                raise
            log.info("%s is used as it is: %s", queue, closed.reply_text)
            declaring = channel.connection.channel()
        letters = dead_letter_queue(queue)
        channel.queue_declare(letters, durable=True, arguments={"x-queue-type": "quorum"})
    for queue, key in topology.all_bindings:
        channel.queue_bind(queue, EXCHANGE, key)
        channel.queue_bind(dead_letter_queue(queue), DEAD_LETTER_EXCHANGE, key)
    declaring.close()


class AmqpBus:
    """A connection for publishing, one for each consumer, short ones for looking."""

    def __init__(self, url: str, topology: Topology, pauses: tuple[float, ...] = PAUSES) -> None:
        self._parameters = parameters(url)
        self._topology = topology
        self._pauses = pauses
        self._publisher = Publisher(self._parameters, self._declare)
        self._consuming: set[BlockingConnection] = set()

    # --- publishing

    def publish(self, routing_key: str, messages: Sequence[bytes]) -> None:
        """Returns when the broker has confirmed all of them."""
        if messages:
            self._publisher.publish(routing_key, messages)

    def _declare(self) -> None:
        with self._channel() as channel:
            declare(channel, self._topology)

    # --- consuming

    def consume(
        self,
        queues: Sequence[str],
        handler: Callable[[Delivery], None],
        stop: threading.Event,
        together: Callable[[Sequence[Delivery]], None] | None = None,
    ) -> None:
        """Deliver until stopped; after losing the broker, connect again with growing pauses."""
        shortest, longest = RECONNECT_AFTER
        pause = shortest
        while not stop.is_set():
            try:
                connection = BlockingConnection(self._parameters)
                pause = shortest
                waits = partial(_wait, connection, stop)
                hands = Hands(handler, together, stop, self._pauses, waits)
                self._consume_on(connection, queues, hands)
            except TROUBLE as error:
                if not stop.is_set():
                    log.warning("bus away, next try in %.1f s: %r", pause, error)
                stop.wait(pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, longest)

    def _consume_on(
        self, connection: BlockingConnection, queues: Sequence[str], hands: Hands
    ) -> None:
        arrived: deque[Arrival] = deque()

        def received(_: BlockingChannel, method: Any, properties: Any, body: bytes) -> None:
            arrived.append((method, properties, body))

        self._consuming.add(connection)
        try:
            channel = connection.channel()
            declare(channel, self._topology)
            channel.basic_qos(prefetch_count=PREFETCH, global_qos=False)
            for queue in queues:
                channel.basic_consume(queue, received, consumer_tag=_tag(queue))
            while not hands.stop.is_set():
                connection.process_data_events(time_limit=LOOK_EVERY)
                while arrived and not hands.stop.is_set():
                    count = min(len(arrived), hands.most)
                    self._handle(channel, hands, [arrived.popleft() for _ in range(count)])
        finally:
            self._consuming.discard(connection)
            # What was delivered and not acknowledged goes back to the queue by itself.
            with suppress(*TROUBLE):
                connection.close()

    def _handle(self, channel: BlockingChannel, hands: Hands, some: Sequence[Arrival]) -> None:
        """Acknowledges in order of arrival, so that one acknowledgement covers all before it."""
        deliveries = [_delivery(*one) for one in some]
        tags = [method.delivery_tag for method, _, _ in some]
        if hands.take_together(deliveries):
            channel.basic_ack(tags[-1], multiple=True)
            return
        for delivery, tag in zip(deliveries, tags, strict=True):
            fate, reason = hands.take(delivery)
            if fate is Fate.DEAD:
                self._bury(delivery, reason)
            if fate is not Fate.GIVEN_BACK:
                channel.basic_ack(tag)
            if hands.stop.is_set():
                # The connection ends next, which gives back whatever is not acknowledged.
                return

    def _bury(self, delivery: Delivery, reason: str) -> None:
        """Put it beside before it is acknowledged; the broker's own way keeps no reason."""
        log.error("dead letter in %s: %s", delivery.queue, reason)
        self._publisher.publish(
            delivery.routing_key,
            [delivery.body],
            exchange=DEAD_LETTER_EXCHANGE,
            headers={REASON: reason[:2000], SINCE: int(time.time())},
        )

    def wake(self) -> None:
        """Let consumers look at their stop event."""
        for connection in list(self._consuming):
            with suppress(*TROUBLE):
                connection.add_callback_threadsafe(lambda: None)

    # --- looking

    def dead_letters(self) -> list[DeadLetter]:
        """Queue by queue, oldest first."""
        with self._channel() as channel:
            declare(channel, self._topology)
            return [letter for letter, _ in self._letters(channel, self._topology.queues)]

    def requeue(self, *letter_ids: str) -> None:
        """Published again with their keys, then taken out of the dead letters."""
        self._settle(letter_ids, lambda one: self._publisher.publish(one.routing_key, [one.body]))

    def drop(self, *letter_ids: str) -> None:
        """Forget them."""
        self._settle(letter_ids, lambda _: None)

    def _settle(self, letter_ids: Sequence[str], deed: Callable[[DeadLetter], None]) -> None:
        """In one passage over the letters: the broker finds none of them by its name."""
        missing = dict.fromkeys(letter_ids)
        named = {letter_id.partition("/")[0] for letter_id in letter_ids}
        queues = [queue for queue in self._topology.queues if queue in named]
        with self._channel() as channel, suppress(ChannelClosedByBroker):
            for letter, tag in self._letters(channel, queues):
                if letter.id in letter_ids:
                    deed(letter)
                    channel.basic_ack(tag)
                    missing.pop(letter.id, None)
        if missing:
            raise KeyError(", ".join(missing))

    def backlog(self) -> dict[str, int]:
        """Messages ready per queue, as the broker counts them."""
        return self._counted(lambda queue: queue)

    def dead_backlog(self) -> dict[str, int]:
        """Dead letters per queue, as the broker counts them."""
        return self._counted(dead_letter_queue)

    def _counted(self, named: Callable[[str], str]) -> dict[str, int]:
        with self._channel() as channel:
            declare(channel, self._topology)
            counts = {}
            for queue in self._topology.queues:
                answer = channel.queue_declare(named(queue), passive=True)
                counts[queue] = int(answer.method.message_count)
            return counts

    def close(self) -> None:
        """Close the publishing connection; consumers end by their stop event."""
        self._publisher.close()

    @contextmanager
    def _channel(self) -> Iterator[BlockingChannel]:
        try:
            connection = BlockingConnection(self._parameters)
        except TROUBLE as error:
            raise BusUnavailable(f"cannot reach the bus: {error!r}") from error
        try:
            yield connection.channel()
        except TROUBLE as error:
            raise BusUnavailable(f"lost the bus: {error!r}") from error
        finally:
            with suppress(*TROUBLE):
                connection.close()

    def _letters(
        self, channel: BlockingChannel, queues: Sequence[str]
    ) -> Iterator[tuple[DeadLetter, int]]:
        """Get, without acknowledging, all letters; closing the channel puts them back."""
        for queue in queues:
            while True:
                method, properties, body = channel.basic_get(dead_letter_queue(queue))
                if method is None or properties is None or body is None:
                    break
                headers: dict[str, Any] = dict(properties.headers or {})
                reason = str(headers.get(REASON) or _reason_of_broker(headers))
                identity = properties.message_id or hashlib.sha256(body).hexdigest()[:16]
                key, tag = str(method.routing_key), int(method.delivery_tag or 0)
                since = float(headers[SINCE]) if SINCE in headers else None
                yield DeadLetter(f"{queue}/{identity}", queue, key, body, reason, since), tag


def _wait(connection: BlockingConnection, stop: threading.Event, seconds: float) -> bool:
    """A pause in which the broker still sees this consumer alive; whether to stop."""
    end = time.monotonic() + seconds
    while not stop.is_set() and (left := end - time.monotonic()) > 0:
        connection.process_data_events(time_limit=min(left, LOOK_EVERY))
    return stop.is_set()


def _delivery(method: Any, properties: Any, body: bytes) -> Delivery:
    deaths = int((properties.headers or {}).get("x-delivery-count", 0))
    queue = method.consumer_tag.partition("/")[0]
    return Delivery(queue, method.routing_key, body, deaths + 1)


def _reason_of_broker(headers: dict[str, Any]) -> str:
    deaths = headers.get("x-death") or [{}]
    return f"the broker gave up: {deaths[0].get('reason', 'unknown')}"


def _tag(queue: str) -> str:
    return f"{queue}/{pika.__name__}-{random.getrandbits(48):012x}"
