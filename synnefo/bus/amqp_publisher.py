"""Publishing to RabbitMQ with confirms, many messages on the way at once.

pika's blocking channel waits for each confirm in turn, which a quorum queue answers some hundred
times a second; here a thread drives the connection and `publish` waits once for all confirms.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pika
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.channel import Channel
from pika.exceptions import AMQPError

from synnefo.bus.topology import EXCHANGE
from synnefo.ports import BusUnavailable

# pika tells each step of each connection at level INFO.
logging.getLogger("pika").setLevel(logging.ERROR)

# What pika raises when the broker is away, goes away, or takes a connection and does not greet.
TROUBLE = (AMQPError, AMQPConnectorException, OSError)
CONNECT_WITHIN = 3.0
CONFIRM_WITHIN = 10.0
HEARTBEAT = 30


def parameters(url: str) -> list[pika.URLParameters]:
    """Connection parameters of each broker of a comma-separated list."""
    found = []
    for part in url.split(","):
        one = pika.URLParameters(part.strip())
        one.heartbeat = HEARTBEAT
        one.socket_timeout = CONNECT_WITHIN
        one.stack_timeout = CONNECT_WITHIN
        one.blocked_connection_timeout = CONFIRM_WITHIN
        found.append(one)
    return found


class _Batch:
    """Messages of one call, and how many of them the broker has yet to confirm."""

    def __init__(
        self, exchange: str, routing_key: str, messages: Sequence[bytes], headers: dict[str, Any]
    ) -> None:
        self.exchange = exchange
        self.routing_key = routing_key
        self.messages = messages
        self.headers = headers
        self.waiting = len(messages)
        self.failure: str | None = None
        self.settled = threading.Event()

    def confirm(self, count: int, ok: bool) -> None:
        self.waiting -= count
        if not ok:
            self.failure = "the broker refused a message"
        if self.waiting <= 0:
            self.settled.set()

    def fail(self, why: str) -> None:
        self.failure = why
        self.settled.set()


class _Link:
    """One connection and the thread that drives it; dead once `lost` is set."""

    def __init__(self, connection_parameters: pika.URLParameters) -> None:
        self.ready = threading.Event()
        self.lost: str | None = None
        self._channel: Channel | None = None
        self._next_tag = 1
        self._owners: dict[int, _Batch] = {}
        self._connection = pika.SelectConnection(
            connection_parameters,
            on_open_callback=lambda connection: connection.channel(
                on_open_callback=self._channel_open
            ),
            on_open_error_callback=lambda _, error: self._ended(f"{error!r}"),
            on_close_callback=lambda _, reason: self._ended(f"{reason!r}"),
        )
        self._thread = threading.Thread(target=self._run, name="amqp-publisher", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._connection.ioloop.start()
        except TROUBLE as error:
            self._lose(f"{error!r}")
        finally:
            self._lose("the connection ended")
            self._connection.ioloop.close()

    def _channel_open(self, channel: Channel) -> None:
        channel.add_on_close_callback(self._channel_closed)
        channel.confirm_delivery(self._confirmed, callback=lambda _: self.ready.set())
        self._channel = channel

    def _channel_closed(self, _: Channel, reason: Exception) -> None:
        self._lose(f"{reason!r}")
        if self._connection.is_open:
            self._connection.close()

    def _ended(self, why: str) -> None:
        self._lose(why)
        self._connection.ioloop.stop()

    def _lose(self, why: str) -> None:
        if self.lost is None:
            self.lost = why
        self.ready.set()
        owners, self._owners = self._owners, {}
        for batch in owners.values():
            batch.fail(self.lost)

    def _confirmed(self, frame: Any) -> None:
        tag, ok = frame.method.delivery_tag, isinstance(frame.method, pika.spec.Basic.Ack)
        if frame.method.multiple:
            tags = [waiting for waiting in self._owners if waiting <= tag]
        else:
            tags = [tag] if tag in self._owners else []
        for each in tags:
            self._owners.pop(each).confirm(1, ok)

    def send(self, batch: _Batch) -> None:
        """Called from any thread."""
        self._connection.ioloop.add_callback_threadsafe(lambda: self._send(batch))

    def _send(self, batch: _Batch) -> None:
        if self.lost is not None or self._channel is None:
            batch.fail(self.lost or "not connected")
            return
        for body in batch.messages:
            self._owners[self._next_tag] = batch
            self._next_tag += 1
            properties = pika.BasicProperties(
                delivery_mode=2,
                content_type="application/json",
                message_id=uuid.uuid4().hex,
                headers=batch.headers or None,
            )
            self._channel.basic_publish(batch.exchange, batch.routing_key, body, properties)

    def close(self) -> None:
        """End the connection and its thread."""
        with suppress(*TROUBLE, RuntimeError):
            self._connection.ioloop.add_callback_threadsafe(self._leave)
        self._thread.join(CONNECT_WITHIN)

    def _leave(self) -> None:
        if self._connection.is_open:
            self._connection.close()
        elif not self._connection.is_closing:
            self._ended("given up")


class Publisher:
    """Keeps one connection, made when needed and again after it was lost."""

    def __init__(
        self, connection_parameters: list[pika.URLParameters], declare: Callable[[], None]
    ) -> None:
        self._parameters = connection_parameters
        self._declare = declare
        self._connecting = threading.Lock()
        self._link: _Link | None = None

    def publish(
        self,
        routing_key: str,
        messages: Sequence[bytes],
        exchange: str = EXCHANGE,
        headers: dict[str, Any] | None = None,
    ) -> None:
        """Returns when all are confirmed; BusUnavailable else."""
        batch = _Batch(exchange, routing_key, messages, headers or {})
        link = self._connected()
        try:
            link.send(batch)
        except (*TROUBLE, RuntimeError) as error:
            raise BusUnavailable(f"lost the bus: {error!r}") from error
        if not batch.settled.wait(CONFIRM_WITHIN):
            link.close()
            raise BusUnavailable(f"no confirm within {CONFIRM_WITHIN:.0f} s")
        if batch.failure is not None:
            raise BusUnavailable(batch.failure)

    def _connected(self) -> _Link:
        with self._connecting:
            if self._link is None or self._link.lost is not None:
                self._link = None
                self._declare()
                self._link = self._connect()
            return self._link

    def _connect(self) -> _Link:
        why = "no broker is configured"
        for one in self._parameters:
            link = _Link(one)
            if link.ready.wait(CONNECT_WITHIN) and link.lost is None:
                return link
            why = link.lost or f"no answer within {CONNECT_WITHIN:.0f} s"
            link.close()
        raise BusUnavailable(f"cannot reach the bus: {why}")

    def close(self) -> None:
        """Give the connection back."""
        with self._connecting:
            if self._link is not None:
                self._link.close()
                self._link = None
