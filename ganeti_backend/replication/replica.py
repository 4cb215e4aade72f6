"""A candidate's copy of the master's queue and configuration: one SQLite file, one fsync a batch.

It takes a batch only if it comes right after the last one of the same master; otherwise it says
that it is behind and is sent everything anew, which replaces the old copy in one step. What the
rows mean is known to `failover.py`, which makes a queue and a configuration of them.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ganeti_backend import errors
from ganeti_backend.durable import SECRET_MODE

FORMAT = 1
FOLDER_MODE = 0o750
FILE = "replica.db"
SCHEMA = """
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rows (
    part TEXT, name TEXT, content TEXT NOT NULL, PRIMARY KEY (part, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS base (
    part TEXT, name TEXT, content TEXT NOT NULL, PRIMARY KEY (part, name)
) WITHOUT ROWID;
"""
# The archive is not sent anew: what came before is kept.
KEEP = "part = 'queue' AND name LIKE 'archive/%'"


class Replica:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        self.path = folder / FILE
        self.path.touch(mode=SECRET_MODE)  # There are keys in it.
        self.path.chmod(SECRET_MODE)
        self._mutex = threading.Lock()
        self._database = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(SCHEMA)

    def close(self) -> None:
        """A batch that is being taken is taken first: SQLite may not lose its file under a call."""
        with self._mutex:
            self._database.close()

    def update(
        self,
        phase: str,
        generation: int,
        epoch: str,
        after: int,
        position: int,
        rows: Sequence[Sequence[Any]],
    ) -> dict[str, Any]:
        """Take a batch; on return it survives a power cut."""
        with self._mutex, self._database:
            self._database.execute("BEGIN IMMEDIATE")
            if phase == "changes":
                return self._take_changes(generation, epoch, after, position, rows)
            if phase == "base-begin":
                self._database.execute("DELETE FROM base")
                self._set("staging", epoch)
            if self._state().get("staging") != epoch:
                raise errors.GenericError("another master began to send its state")
            for part, name, content in rows:
                self._apply("base", part, name, content)
            if phase == "base-end":
                self._take_base()
                self._remember(generation, epoch, position)
        return {"position": position}

    def _take_changes(
        self, generation: int, epoch: str, after: int, position: int, rows: Sequence[Sequence[Any]]
    ) -> dict[str, Any]:
        found = self._state()
        if found.get("epoch") != epoch or found["position"] not in (after, position):
            return {"behind": True}
        if found["position"] == after:  # Otherwise the call came twice.
            for part, name, content in rows:
                self._apply("rows", part, name, content)
            self._remember(generation, epoch, position)
        return {"position": position}

    def status(self) -> dict[str, Any]:
        """How far the copy is: generation of the configuration, then position."""
        with self._mutex:
            found = self._state()
            serial = self._database.execute(
                "SELECT content FROM rows WHERE part = 'queue' AND name = 'serial'"
            ).fetchone()
        return {
            "complete": "epoch" in found,
            "generation": found.get("generation", 0),
            "position": found.get("position", 0),
            "serial": int(serial[0]) if serial else 0,
        }

    def rows(self) -> list[tuple[str, str, str]]:
        """The whole copy; ConfigurationError if there is none yet."""
        with self._mutex:
            if "epoch" not in self._state():
                raise errors.ConfigurationError(f"{self.path} holds no complete copy")
            return self._database.execute("SELECT part, name, content FROM rows").fetchall()

    def _state(self) -> dict[str, Any]:
        return {
            name: json.loads(value)
            for name, value in self._database.execute("SELECT name, value FROM state")
        }

    def _remember(self, generation: int, epoch: str, position: int) -> None:
        self._set("format", FORMAT)
        self._set("generation", generation)
        self._set("epoch", epoch)
        self._set("position", position)

    def _set(self, name: str, value: Any) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO state VALUES (?, ?)", (name, json.dumps(value))
        )

    def _take_base(self) -> None:
        self._database.execute(f"DELETE FROM rows WHERE NOT ({KEEP})")
        self._database.execute("INSERT OR REPLACE INTO rows SELECT * FROM base")
        self._database.execute("DELETE FROM base")
        self._database.execute("DELETE FROM state WHERE name = 'staging'")

    def _apply(self, table: str, part: str, name: str, content: Any) -> None:
        run = self._database.execute
        if content is None:
            run(f"DELETE FROM {table} WHERE part = ? AND name = ?", (part, name))
        elif isinstance(content, dict):
            moved = (name, part, content["from"])
            run(f"UPDATE OR REPLACE {table} SET name = ? WHERE part = ? AND name = ?", moved)
        else:
            run(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", (part, name, content))
