"""Every scenario says the same on both clusters, but for what one table explains."""

import pytest

from tests.conformance import differences, kept
from tests.conformance.compare import compare
from tests.conformance.session import found_in
from tests.conformance.world import SCENARIOS

pytestmark = [pytest.mark.conformance, pytest.mark.system]


def check(title, real, ours):
    assert "broke off" not in real, real["broke off"]
    found = differences.unexplained(compare(title, real, ours))
    assert not found, "\n" + "\n".join(map(str, found))


def test_the_list_is_long_enough():
    assert len(SCENARIOS) >= 60


@pytest.mark.parametrize("title", SCENARIOS)
def test_as_the_real_one_said(kept_seen, ours_seen, title):
    check(title, kept_seen[title], ours_seen[title])


@pytest.mark.parametrize("title", kept.asked_again())
def test_as_the_real_one_says_today(real_seen, ours_seen, title):
    check(title, real_seen[title], ours_seen[title])


def test_every_row_still_differs(kept_seen, ours_seen):
    if len(ours_seen) < len(SCENARIOS):
        pytest.skip("only some scenarios were run")
    rows = differences.stale(found_in(kept_seen, ours_seen))
    assert not rows, "\n" + "\n".join(map(str, rows))


def test_every_row_has_a_reason():
    assert all(row.reason.endswith(".") for row in differences.ROWS)
