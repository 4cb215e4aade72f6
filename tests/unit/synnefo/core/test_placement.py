"""Which node a server gets: examples, and what holds for all."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synnefo.core.allocator import Need, NoRoom
from synnefo.core.placement import Spot, Wish, choose

NEED = Need(memory=100, disk=100, disk_template="file")
NODES = ("a", "b", "c")


def spot(node: str, memory: int = 1000, *, open_: bool = True, zone: str = "nova") -> Spot:
    return Spot(1, node, zone, open_, memory, 1000, ("file",))


@pytest.mark.parametrize(
    ("wish", "chosen"),
    [
        (Wish(), "b"),
        (Wish(node="a"), "a"),
        (Wish(zone="west"), "c"),
        (Wish(apart_from=frozenset({"b"})), "a"),
        (Wish(policy="affinity"), "b"),
        (Wish(policy="affinity", beside={"a": 1}), "a"),
        (Wish(policy="anti-affinity", beside={"b": 1}), "a"),
        (Wish(policy="anti-affinity", beside={"b": 1}, most_per_node=2), "b"),
        (Wish(policy="soft-affinity", beside={"c": 2, "a": 1}), "c"),
        (Wish(policy="soft-anti-affinity", beside={"b": 2, "c": 1, "a": 1}), "a"),
    ],
)
def test_examples(wish: Wish, chosen: str) -> None:
    spots = [spot("a", 500), spot("b", 900), spot("c", 300, zone="west")]
    assert choose(NEED, wish, spots).node == chosen


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Wish(node="z"), "node"),
        (Wish(node="closed"), "node"),
        (Wish(zone="east"), "availability zone"),
        (Wish(apart_from=frozenset("a")), "different_host"),
        (Wish(policy="affinity", beside={"closed": 1}), "server group"),
        (Wish(policy="anti-affinity", beside={"a": 1}), "server group"),
    ],
)
def test_what_stands_against_it_is_said(wish: Wish, why: str) -> None:
    with pytest.raises(NoRoom, match=why):
        choose(NEED, wish, [spot("a"), spot("closed", open_=False)])


def test_no_room() -> None:
    for full in (
        spot("a", 50),
        Spot(1, "a", "nova", True, 1000, 50),
        Spot(1, "a", "nova", True, 1000, 1000, ("rbd",)),
    ):
        with pytest.raises(NoRoom, match="room"):
            choose(NEED, Wish(), [full])


COUNTS = st.dictionaries(st.sampled_from(NODES), st.integers(0, 3))
SPOTS = st.lists(
    st.builds(
        spot,
        st.sampled_from(NODES),
        st.integers(0, 500),
        open_=st.booleans(),
        zone=st.sampled_from(("nova", "west")),
    ),
    unique_by=lambda one: one.node,
)


@given(SPOTS, COUNTS, st.sampled_from((None, "affinity", "anti-affinity", "soft-affinity")))
def test_what_is_chosen_is_allowed(
    spots: list[Spot], counts: Mapping[str, int], policy: str | None
) -> None:
    beside = {node: count for node, count in counts.items() if count}
    wish = Wish(zone="nova", policy=policy, beside=beside)
    try:
        chosen = choose(NEED, wish, spots)
    except NoRoom:
        return
    assert chosen.open
    assert chosen.zone == "nova"
    assert chosen.memory_free >= NEED.memory
    if policy == "affinity" and beside:
        assert chosen.node in beside
    if policy == "anti-affinity":
        assert chosen.node not in beside


def test_counting_in_spreads_a_burst() -> None:
    spots = [spot("a"), spot("b")]
    for _ in range(4):
        choose(NEED, Wish(), spots).take(NEED)
    assert {one.memory_free for one in spots} == {800}
