"""The port Doorbell by NOTIFY: for processes of several machines that share a PostgreSQL."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from synnefo.ports import Ring

log = logging.getLogger(__name__)

CONNECT_WITHIN = 2
# A caller that rings while the database is away waits for it at most this often.
TRY_AGAIN_AFTER = 1.0
LOOK_EVERY = 0.5
PREFIX = "synnefo_"


class PostgresDoorbell:
    """Rings on one connection of its own; each listener has another."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._ringing = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None
        self._not_before = 0.0

    def ring(self, topic: str, payload: dict[str, Any]) -> None:
        """NOTIFY, with one new connection if the kept one was lost."""
        with self._ringing:
            if time.monotonic() < self._not_before:
                return
            for _ in range(2):
                try:
                    self._notify(topic, json.dumps(payload))
                except psycopg.Error as error:
                    log.warning("could not ring %s: %s", topic, error)
                    self._hang_up()
                else:
                    return
            self._not_before = time.monotonic() + TRY_AGAIN_AFTER

    def listen(self, topics: Sequence[str]) -> PostgresListening:
        """LISTEN on a channel per topic."""
        return PostgresListening(self._database, topics)

    def close(self) -> None:
        """Give the connection back."""
        with self._ringing:
            self._hang_up()

    def _notify(self, topic: str, payload: str) -> None:
        if self._connection is None:
            self._connection = connect(self._database)
        self._connection.execute("SELECT pg_notify(%s, %s)", (PREFIX + topic, payload))

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class PostgresListening:
    """A connection that listens; when it is lost, `get` makes another one."""

    def __init__(self, database: str, topics: Sequence[str]) -> None:
        self._database = database
        self._topics = tuple(topics)
        self._in_use = threading.Lock()
        self._closed = threading.Event()
        self._heard: deque[Ring] = deque()
        self._connection: psycopg.Connection[Any] | None = None
        self._connect()

    def get(self, timeout: float) -> Ring | None:
        """The next ring; without a database, None after the timeout."""
        with self._in_use:
            end = time.monotonic() + timeout
            while not self._heard and not self._closed.is_set():
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self._hear(min(left, LOOK_EVERY))
            return self._heard.popleft() if self._heard else None

    def close(self) -> None:
        """A `get` under way notices within half a second."""
        self._closed.set()
        with self._in_use:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _hear(self, timeout: float) -> None:
        try:
            if self._connection is None:
                self._connect()
            assert self._connection is not None
            for heard in self._connection.notifies(timeout=timeout, stop_after=1):
                topic = heard.channel.removeprefix(PREFIX)
                self._heard.append(Ring(topic, json.loads(heard.payload)))
        except psycopg.Error as error:
            log.warning("stopped hearing: %s", error)
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            self._closed.wait(timeout)

    def _connect(self) -> None:
        connection = connect(self._database)
        for topic in self._topics:
            connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(PREFIX + topic)))
        self._connection = connection


def connect(database: str) -> psycopg.Connection[Any]:
    """A connection outside of any transaction."""
    return psycopg.connect(database, autocommit=True, connect_timeout=CONNECT_WITHIN)
