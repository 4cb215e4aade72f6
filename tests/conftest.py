"""What tests of several folders share: the real Ganeti that a frontend is attached to."""

import pytest

from tests.conformance.attachable import attachable
from tests.conformance.real_ganeti import why_unavailable


@pytest.fixture(scope="session")
def real_cluster():
    """One for the session; where none can run it says so in one line."""
    problem = why_unavailable()
    if problem:
        pytest.skip(problem)
    with attachable() as cluster:
        yield cluster
