"""Databases that are put back to what they were, as often as processes are killed over them."""

from __future__ import annotations

import re
import shutil
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection, connections
from psycopg import sql

TABLES = ("intent", "server", "commission", "quotausage", "backend", "address", "volume", "port")
CHANGING = re.compile("_at$|_until$|_before$|claimed_by|fault")


def _said(table: str, columns: Iterable[str], rows: Iterable[Any]) -> list[str]:
    """No time and no process id: equal contents lead to the same future."""
    names = list(columns)
    dicts = [dict(zip(names, row, strict=True)) for row in rows]
    kept = [{k: value for k, value in row.items() if not CHANGING.search(k)} for row in dicts]
    return [f"{table} {row}" for row in kept]


class SqliteFile:
    """A file; nothing may be connected to it while it is put back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept = path.with_name("kept.sqlite3")

    def keep(self) -> None:
        """Remember it as it is now."""
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connections.close_all()
        shutil.copyfile(self.path, self._kept)

    def content(self) -> str:
        """All rows that matter."""
        said = []
        with closing(sqlite3.connect(self.path)) as opened:
            for table in TABLES:
                rows = opened.execute(f"SELECT * FROM synnefo_{table} ORDER BY 1")
                said += _said(table, (column[0] for column in rows.description), rows)
        return "\n".join(said)

    def restore(self) -> None:
        """Be as remembered."""
        for more in ("-wal", "-shm"):
            self.path.with_name(self.path.name + more).unlink(missing_ok=True)
        shutil.copyfile(self._kept, self.path)


class PostgresDatabase:
    """A database of a server, remembered as a template."""

    def __init__(self) -> None:
        settings = connection.settings_dict
        self._name = str(settings["NAME"])
        self._kept = f"{self._name}_kept"
        self._address = {
            "host": settings["HOST"],
            "port": settings["PORT"],
            "user": settings["USER"],
            "password": settings["PASSWORD"],
        }

    def keep(self) -> None:
        """Remember it as it is now."""
        connections.close_all()
        self._copy(self._name, self._kept)

    def restore(self) -> None:
        """Be as remembered."""
        self._copy(self._kept, self._name)

    def forget(self) -> None:
        """Leave nothing behind on the server."""
        with self._opened("postgres") as server:
            server.execute(f'DROP DATABASE IF EXISTS "{self._kept}" WITH (FORCE)')

    def _copy(self, source: str, target: str) -> None:
        with self._opened("postgres") as server:
            server.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
            _nobody_else(server, source)
            server.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')

    def content(self) -> str:
        """All rows that matter, once whoever was killed has come to its end here too."""
        said = []
        with self._opened(self._name) as opened:
            _nobody_else(opened, self._name)
            for table in TABLES:
                query = sql.SQL("SELECT * FROM {} ORDER BY 1")
                rows = opened.execute(query.format(sql.Identifier(f"synnefo_{table}")))
                said += _said(table, (column.name for column in rows.description or ()), rows)
        return "\n".join(said)

    def _opened(self, name: str) -> psycopg.Connection[Any]:
        return psycopg.connect(**self._address, dbname=name, autocommit=True)


def _nobody_else(opened: psycopg.Connection[Any], name: str) -> None:
    """The server needs a moment to notice that somebody was killed, and does what was sent."""
    connected = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    pause = threading.Event()
    for _ in range(3000):
        if opened.execute(connected, [name]).fetchone() is None:
            return
        pause.wait(0.01)
    raise AssertionError(f"somebody is still connected to {name}")


Database = SqliteFile | PostgresDatabase
