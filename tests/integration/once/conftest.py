from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, connections

from synnefo import wiring
from tests.integration.once.recording_rapi import RecordingRapi
from tests.integration.spine.conftest import Rings

TABLES = ("intent", "server", "commission", "quotausage", "backend", "address", "volume", "port")
CHANGING = re.compile("_at$|_until$|_before$|claimed_by|fault")


@pytest.fixture
def rapi() -> Iterator[RecordingRapi]:
    made = RecordingRapi()
    yield made
    made.close()


@pytest.fixture
def doorbell() -> Rings:
    return Rings()


class Database:
    """A file that can be put back to what it was."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept = path.with_name("kept.sqlite3")

    def keep(self) -> None:
        """Remember it as it is now; nothing may be connected while it is put back later."""
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connections.close_all()
        shutil.copyfile(self.path, self._kept)

    def content(self) -> str:
        """All rows, but no time and no process id: equal ones lead to the same future."""
        said = []
        with closing(sqlite3.connect(self.path)) as opened:
            opened.row_factory = sqlite3.Row
            for table in TABLES:
                for row in opened.execute(f"SELECT * FROM synnefo_{table} ORDER BY 1"):
                    kept = {k: value for k, value in dict(row).items() if not CHANGING.search(k)}
                    said.append(f"{table} {kept}")
        return "\n".join(said)

    def restore(self) -> None:
        """Be as remembered."""
        for more in ("-wal", "-shm"):
            self.path.with_name(self.path.name + more).unlink(missing_ok=True)
        shutil.copyfile(self._kept, self.path)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("empty") / "empty.sqlite3"


@pytest.fixture
def quick_folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where the machine has that: what is killed here is a process, never the machine."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="once-") as folder:
        yield Path(folder)


@pytest.fixture
def database(
    transactional_db: None, quick_folder: Path, empty_database: Path
) -> Iterator[Database]:
    """Children cannot share a database in memory: a file takes its place."""
    if connection.vendor != "sqlite":
        pytest.skip("putting a database back between crashes needs SQLite")
    kept = connection.connection, connection.settings_dict["NAME"]
    path = quick_folder / "db.sqlite3"
    if empty_database.exists():
        shutil.copyfile(empty_database, path)
    connection.connection, connection.settings_dict["NAME"] = None, str(path)
    if not empty_database.exists():
        call_command("migrate", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        shutil.copyfile(path, empty_database)
    with wiring.replace(doorbell=Rings()):
        yield Database(path)
    connections.close_all()
    connection.connection, connection.settings_dict["NAME"] = kept
