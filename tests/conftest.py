"""What all tests share: how they are spread, and the real Ganeti that a frontend is attached to."""

import pytest

from tests.conformance.attachable import attachable
from tests.conformance.real_ganeti import why_unavailable
from tests.spreading import ByLot


def pytest_xdist_make_scheduler(config, log):
    return ByLot(config, log)


@pytest.fixture(scope="session")
def real_cluster():
    """One for the session; where none can run it says so in one line."""
    problem = why_unavailable()
    if problem:
        pytest.skip(problem)
    with attachable() as cluster:
        yield cluster
