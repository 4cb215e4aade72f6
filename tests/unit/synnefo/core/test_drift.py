"""What kind of drift two sides show."""

import pytest

from synnefo.core.drift import Actual, Card, Expected, Kind, compare
from synnefo.core.server_states import ServerState as S

ONE = frozenset({Card("snf-nic-1", "aa:00:00:00:00:01", "10.0.0.2", "snf-net-1")})


def _found(expected, actual):
    drifts = compare([expected], {1: actual} if actual else {})
    return [(drift.kind, drift.state) for drift in drifts]


def _server(state, *, placed=True, busy=False, **more):
    return Expected(1, state, placed, busy, **more)


@pytest.mark.parametrize(
    ("expected", "running", "found"),
    [
        (_server(S.ACTIVE), True, []),
        (_server(S.STOPPED), False, []),
        (_server(S.ACTIVE), False, [(Kind.STATE, S.STOPPED)]),
        (_server(S.STOPPED), True, [(Kind.STATE, S.ACTIVE)]),
        (_server(S.ACTIVE), None, []),  # Its node could not be asked: nothing is known.
        (_server(S.BUILD), True, [(Kind.LOST_BUILD, S.ACTIVE)]),
        (_server(S.BUILD), False, [(Kind.LOST_BUILD, S.STOPPED)]),
        (_server(S.BUILD), None, []),
        (_server(S.ERROR), True, [(Kind.STATE, S.ACTIVE)]),
        (_server(S.ERROR), False, []),
        (_server(S.ACTIVE, busy=True), False, []),
        (_server(S.BUILD, busy=True), True, []),
    ],
)
def test_instance_is_there(expected, running, found):
    assert _found(expected, Actual(1, running)) == found


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (_server(S.ACTIVE), [(Kind.STALE, S.DELETED)]),
        (_server(S.STOPPED), [(Kind.STALE, S.DELETED)]),
        (_server(S.BUILD), [(Kind.LOST_BUILD, S.ERROR)]),
        (_server(S.ERROR), []),
        (_server(S.ERROR, busy=True, removing=True), [(Kind.STALE, S.DELETED)]),
        (_server(S.ACTIVE, busy=True, removing=True), [(Kind.STALE, S.DELETED)]),
        (_server(S.ACTIVE, busy=True), []),
        (_server(S.BUILD, busy=True, placed=False), []),
    ],
)
def test_instance_is_missing(expected, found):
    assert _found(expected, None) == found


def test_orphan():
    assert [one.kind for one in compare([], {7: Actual(7, True)})] == [Kind.ORPHAN]


def test_cards():
    assert _found(_server(S.ACTIVE, cards=ONE), Actual(1, True, ONE)) == []
    assert _found(_server(S.ACTIVE, cards=ONE), Actual(1, True)) == [(Kind.NIC, None)]
