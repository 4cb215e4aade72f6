"""Transactions that write.

SQLite has one writer at a time, and who has to wait polls. A lock within the process and a file
lock among processes queue the writers instead: the next one begins when the last one is done.
The locks die with their holder; PostgreSQL needs none of this.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.signals import connection_created

_lock = threading.Lock()
_relaxed = threading.local()
_files: dict[tuple[int, str], int] = {}


def _file(name: str) -> int | None:
    """The descriptor of the lock file, one per process; None for a database in memory."""
    if name.startswith("file:") or ":memory:" in name:
        return None
    key = (os.getpid(), name)  # A forked child must not share its parent's lock.
    if key not in _files:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        _files[key] = os.open(f"{name}.writer", flags, 0o600)
    return _files[key]


def forgo_power_cuts() -> None:
    """From now on this thread's commits on SQLite outlive every crash but one of the machine.

    For what is found again by looking: observations, and which job an intent got. Not for wishes of
    users, and not for claims.
    """
    if _relaxed.__dict__.setdefault("on", True) and connections[DEFAULT_DB_ALIAS].connection:
        _relax(connection=connections[DEFAULT_DB_ALIAS])


def _relax(connection: Any, **_: Any) -> None:
    if connection.vendor == "sqlite" and _is_relaxed():
        _say(connection, "PRAGMA synchronous=NORMAL")


connection_created.connect(_relax, dispatch_uid="synnefo.db.transactions")


@contextmanager
def losable() -> Iterator[None]:
    """As `writing`, where nobody misses it after a power cut: the disk is not waited for.

    It outlives every other crash. Within another transaction it is as safe as that one.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.in_atomic_block or (connection.vendor == "sqlite" and _is_relaxed()):
        with writing():
            yield
    elif connection.vendor == "sqlite":
        _say(connection, "PRAGMA synchronous=NORMAL")
        try:
            with writing():
                yield
        finally:
            _say(connection, "PRAGMA synchronous=FULL")
    else:
        with writing():
            _say(connection, "SET LOCAL synchronous_commit = off")
            yield


def _is_relaxed() -> bool:
    return bool(_relaxed.__dict__.get("on"))


def _say(connection: Any, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def writing() -> Iterator[None]:
    """A transaction that is going to write; within another one it is a part of it."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    with _lock:
        file = _file(str(connection.settings_dict["NAME"]))
        if file is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        try:
            with transaction.atomic():
                yield
        finally:
            if file is not None:
                fcntl.flock(file, fcntl.LOCK_UN)
