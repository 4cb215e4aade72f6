"""Both clusters, once for a session; where no real Ganeti can run it says so in one line."""

import pytest

from tests.conformance import session
from tests.conformance.own_cluster import own_cluster
from tests.conformance.real_ganeti import real_ganeti, why_unavailable


@pytest.fixture(scope="session")
def ours():
    """Our own cluster of three nodes."""
    with own_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def seen(request, ours):
    """What the chosen scenarios saw on the real cluster and on ours."""
    problem = why_unavailable()
    if problem:
        pytest.skip(problem)
    items = [getattr(item, "callspec", None) for item in request.session.items]
    chosen = {item.params["title"] for item in items if item and "title" in item.params}
    ours.keep_one_candidate()
    with real_ganeti() as real:
        return session.run_both(real, ours, chosen)
