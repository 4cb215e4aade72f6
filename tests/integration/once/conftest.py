from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, connections

from synnefo import wiring
from tests.integration.once.databases import Database, PostgresDatabase, SqliteFile
from tests.integration.once.recording_rapi import RecordingRapi
from tests.integration.spine.conftest import Rings
from tests.migrated import Migrated


@pytest.fixture
def rapi() -> Iterator[RecordingRapi]:
    made = RecordingRapi()
    yield made
    made.close()


@pytest.fixture
def doorbell() -> Rings:
    return Rings()


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
def database(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[Database]:
    """One that can be put back; of SQLite a file, for children cannot share one in memory."""
    with wiring.replace(doorbell=Rings()):
        if connection.vendor == "sqlite":
            yield request.getfixturevalue("sqlite_file")
            return
        made = PostgresDatabase()
        yield made
        connections.close_all()
        made.forget()


@pytest.fixture
def sqlite_file(
    transactional_db: None, quick_folder: Path, migrated: Migrated
) -> Iterator[SqliteFile]:
    kept = connection.connection, connection.settings_dict["NAME"]
    path = shutil.copyfile(migrated.path, quick_folder / "db.sqlite3")
    connection.connection, connection.settings_dict["NAME"] = None, str(path)
    yield SqliteFile(path)
    connections.close_all()
    connection.connection, connection.settings_dict["NAME"] = kept
