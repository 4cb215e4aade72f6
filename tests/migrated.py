"""A database with all tables, made by one process of the tests and copied by all others.

All migrations together take seconds, and each process would run them several times.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

from django.db import connection


class Migrated:
    """What Django made of SQLite in this run of the tests; of PostgreSQL nothing is kept."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "migrated.sqlite3"
        self._until_made = ExitStack()

    def hand_out(self) -> None:
        """Before Django makes its database in memory: fill it, if somebody has made one.

        Django migrates it nevertheless, and finds nothing to do. Whoever comes first keeps the
        others waiting.
        """
        if connection.vendor != "sqlite":
            return
        lock = self._until_made.enter_context(self.path.with_suffix(".lock").open("w"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not self.path.exists():
            return
        # It lives for as long as somebody is connected to it.
        memory = sqlite3.connect(connection.creation._get_test_db_name(), uri=True)
        self._until_made.enter_context(closing(memory))
        with closing(sqlite3.connect(self.path)) as made:
            made.backup(memory)

    def take(self) -> None:
        """After Django made its database: keep the first one for all others."""
        with self._until_made:
            if connection.vendor != "sqlite" or self.path.exists():
                return
            unfinished = self.path.with_suffix(f".{os.getpid()}")
            connection.ensure_connection()
            with closing(sqlite3.connect(unfinished)) as made:
                connection.connection.backup(made)
            unfinished.rename(self.path)
