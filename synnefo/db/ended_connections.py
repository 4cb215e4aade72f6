"""Drops connections that PostgreSQL has ended, before they are used.

Each thread keeps its own. After a restart of the database each would fail once, however much later.
What the server says to an idle connection is that it is over: no question has to be asked.
"""

from __future__ import annotations

import select
from typing import Any

from django.core.signals import request_started
from django.db import DEFAULT_DB_ALIAS, connections


def watch() -> None:
    """From now on, look at the beginning of each request."""
    request_started.connect(drop_ended, dispatch_uid="synnefo.db.ended_connections")


def drop_ended(**_: Any) -> None:
    """Close this thread's connection if the other end has done so; the next use opens a new one."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "postgresql" or connection.connection is None:
        return
    if not connection.in_atomic_block and _has_ended(connection.connection):
        connection.close()


def _has_ended(raw: Any) -> bool:
    if raw.closed:
        return True
    poll = select.poll()
    poll.register(raw.fileno(), select.POLLIN | select.POLLRDHUP)
    return bool(poll.poll(0))
