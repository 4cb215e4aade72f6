"""Both clusters, once for a session; where no real Ganeti can run it says so in one line."""

import json

import pytest

from tests.conformance import kept, session
from tests.conformance.own_cluster import own_cluster
from tests.conformance.real_ganeti import real_ganeti, why_unavailable


@pytest.fixture(scope="session")
def ours():
    """Our own cluster of three nodes."""
    with own_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def ours_seen(request, ours):
    """What the chosen scenarios saw on ours."""
    ours.keep_one_candidate()
    return json.loads(json.dumps(session.run(ours, chosen_of(request))))


@pytest.fixture(scope="session")
def kept_seen():
    """What all scenarios saw on a real one when it was last asked."""
    return kept.load()


@pytest.fixture(scope="session")
def real_seen(request):
    """What a real one says today, asked again by some scenarios."""
    problem = why_unavailable()
    if problem:
        pytest.skip(problem)
    with real_ganeti() as real:
        again = chosen_of(request) & set(kept.asked_again())
        return json.loads(json.dumps(session.run(real, again)))


def chosen_of(request):
    """The scenarios that the tests of this run name."""
    items = [getattr(item, "callspec", None) for item in request.session.items]
    return {item.params["title"] for item in items if item and "title" in item.params}
