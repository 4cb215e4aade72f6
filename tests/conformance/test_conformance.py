"""Every scenario says the same on both clusters, but for what one table explains."""

import json

import pytest

from tests.conformance import differences
from tests.conformance.compare import compare
from tests.conformance.session import found_in
from tests.conformance.world import SCENARIOS

pytestmark = [pytest.mark.conformance, pytest.mark.system]


def test_the_list_is_long_enough():
    assert len(SCENARIOS) >= 60


@pytest.mark.parametrize("title", SCENARIOS)
def test_same(seen, title):
    real, ours = json.loads(json.dumps([side[title] for side in seen]))
    assert "broke off" not in real, real["broke off"]
    found = differences.unexplained(compare(title, real, ours))
    assert not found, "\n" + "\n".join(map(str, found))


def test_every_row_still_differs(seen):
    real, ours = json.loads(json.dumps(seen))
    if len(ours) < len(SCENARIOS):
        pytest.skip("only some scenarios were run")
    rows = differences.stale(found_in(real, ours))
    assert not rows, "\n" + "\n".join(map(str, rows))


def test_every_row_has_a_reason():
    assert all(row.reason.endswith(".") for row in differences.ROWS)
