"""What all tests share: how they are spread, their tables, and the real Ganeti to attach to."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest

from tests.conformance.attachable import attachable
from tests.conformance.real_ganeti import why_unavailable
from tests.migrated import Migrated
from tests.spreading import ByLot


def pytest_xdist_make_scheduler(config, log):
    return ByLot(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is imported and collected stays to the end: no garbage is looked for in it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Migrated:
    """One for all processes of the run: each has a folder of its own in that of the run."""
    own = tmp_path_factory.getbasetemp()
    return Migrated(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, migrated: Migrated
) -> None:
    migrated.hand_out()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker, migrated: Migrated) -> None:
    with django_db_blocker.unblock():
        migrated.take()


@pytest.fixture(scope="session")
def real_cluster():
    """One for the session; where none can run it says so in one line."""
    problem = why_unavailable()
    if problem:
        pytest.skip(problem)
    with attachable() as cluster:
        yield cluster
