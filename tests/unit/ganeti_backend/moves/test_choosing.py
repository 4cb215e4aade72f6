"""The built-in allocator: two copies, N+1, tags that shun each other, ratios, groups."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganeti_backend import objects
from ganeti_backend.allocator import Allocator, Demand, NoRoomError, Rules
from ganeti_backend.allocator.rooms import exclusions
from ganeti_backend.configuration.config import Usage
from ganeti_backend.configuration.config_state import State


def info(memory: int = 1000, disk: int = 1000, cpus: int = 4) -> dict[str, int]:
    return {
        "memory_total": 1000,
        "memory_free": memory,
        "memory_dom0": 0,
        "disk_total": 1000,
        "disk_free": disk,
        "cpu_total": cpus,
    }


class Lab:
    def __init__(self, **infos: Any) -> None:
        self.usage: dict[str, Usage] = {}
        self.allocator = Allocator(lambda: infos, lambda name: self.usage.get(name, Usage()))
        self.nodes = [objects.Node(name=name, uuid=name) for name in infos]

    def mirrored(self, owner: str, memory: int = 100, **rules: Any) -> tuple[str, ...]:
        demand = Demand("vm", memory, 10, mirrored=True)
        return self.allocator.reserve(owner, demand, self.nodes, Rules(**rules))


def why(lab: Lab, demand: Demand, rules: Rules | None = None) -> str:
    with pytest.raises(NoRoomError) as caught:
        lab.allocator.reserve("job-1", demand, lab.nodes, rules or Rules())
    return caught.value.message


def test_two_copies_are_on_two_nodes() -> None:
    assert set(Lab(a=info(), b=info()).mirrored("job-1")) == {"a", "b"}


def test_one_node_is_not_enough_for_two_copies() -> None:
    text = why(Lab(a=info()), Demand("vm", 1, 1, mirrored=True))
    assert "a: no node for the second copy" in text


def test_a_second_copy_needs_memory_for_all_that_its_primary_node_would_lose() -> None:
    lab = Lab(a=info(), b=info(memory=300), c=info(memory=250))
    lab.usage["b"] = Usage(fallen={"a": 250})
    lab.usage["c"] = Usage(fallen={"b": 200})
    # b keeps 250 MiB for what a runs already, and so has too little for more of it.
    assert lab.allocator.reserve_secondary("job-1", Demand("vm", 100, 0), "a", lab.nodes) == "c"


def test_what_is_kept_for_a_failure_is_not_given_to_others() -> None:
    lab = Lab(a=info())
    lab.usage["a"] = Usage(fallen={"b": 300, "c": 900})
    text = why(lab, Demand("vm", 200, 0))
    assert text.endswith("a: 900 MiB of memory are kept for the instances of c")


def test_promises_count_for_the_second_copy_too() -> None:
    lab = Lab(a=info(), b=info())
    lab.mirrored("job-1", 400)
    lab.mirrored("job-2", 400)
    with pytest.raises(NoRoomError):
        lab.mirrored("job-3", 400)
    lab.allocator.release("job-1")
    lab.mirrored("job-3", 400)


def test_both_copies_are_in_one_group() -> None:
    lab = Lab(a=info(), b=info(), c=info(memory=500))
    groups = {"a": "near", "b": "far", "c": "near"}
    assert set(lab.mirrored("job-1", groups=groups)) == {"a", "c"}


def test_groups_of_last_resort_come_last_and_closed_ones_never() -> None:
    lab = Lab(a=info(memory=300), b=info())
    rules = Rules(last_resort=frozenset({"b"}))
    chosen = [
        lab.allocator.reserve(f"job-{number}", Demand("vm", 200, 0), lab.nodes, rules)[0]
        for number in range(2)
    ]
    assert chosen == ["a", "b"]
    closed = Rules(refusals={"a": "its group takes no instances", "b": "is closed"})
    text = why(lab, Demand("vm", 1, 0), closed)
    assert text.endswith("a: its group takes no instances; b: is closed")


def test_virtual_cpus_are_bounded_by_the_policy() -> None:
    lab = Lab(a=info(cpus=2))
    lab.usage["a"] = Usage(vcpus=7)
    rules = Rules(ratios={"a": 4.0})
    assert lab.allocator.reserve("job-1", Demand("vm", 1, 0, vcpus=1), lab.nodes, rules) == ("a",)
    text = why(lab, Demand("vm", 1, 0, vcpus=1), rules)
    assert text.endswith("a: 0 virtual CPUs left, 1 needed")


def test_instances_with_the_same_exclusion_tag_shun_each_other() -> None:
    tags = exclusions(("htools:iextags:service", "other"), ("service:dns", "services:x", "a"))
    assert tags == {"service:dns"}
    lab = Lab(a=info(), b=info(memory=500))
    demand = Demand("vm", 1, 0, tags=tags)
    chosen = {lab.allocator.reserve(f"job-{number}", demand, lab.nodes)[0] for number in range(2)}
    assert chosen == {"a", "b"}
    assert "a: has an instance tagged service:dns" in why(lab, demand)


def test_a_named_primary_node_is_taken_or_refused() -> None:
    lab = Lab(a=info(memory=10), b=info())
    with pytest.raises(NoRoomError, match="a: 10 MiB of memory free, 100 MiB needed"):
        lab.allocator.reserve("job-1", Demand("vm", 100, 0), lab.nodes, primary="a")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 400), st.integers(0, 200), st.booleans()), min_size=1, max_size=25
    )
)
def test_nothing_is_ever_promised_twice(wishes: list[tuple[int, int, bool]]) -> None:
    """Whatever is asked for: each node keeps what it promised, and room for one failing node."""
    lab = Lab(a=info(), b=info(), c=info())
    memory = dict.fromkeys("abc", 1000)
    disk = dict.fromkeys("abc", 1000)
    fallen: dict[tuple[str, str], int] = {}
    for number, (needed, size, mirrored) in enumerate(wishes):
        demand = Demand(f"vm{number}", needed, size, mirrored=mirrored)
        try:
            nodes = lab.allocator.reserve(f"job-{number}", demand, lab.nodes)
        except NoRoomError:
            continue
        memory[nodes[0]] -= needed
        for node in nodes:
            disk[node] -= size
        if mirrored:
            fallen[nodes[1], nodes[0]] = fallen.get((nodes[1], nodes[0]), 0) + needed
        assert min(memory.values()) >= 0
        assert min(disk.values()) >= 0
        for (keeper, _), kept in fallen.items():
            assert memory[keeper] >= kept


def test_the_configuration_counts_second_copies() -> None:
    state = State()
    common = {"uuid": "i", "name": "vm", "primary_node": "a", "secondary_node": "b"}
    instance = objects.Instance(**common, beparams={"maxmem": 300, "vcpus": 3})
    instance = instance.replace(disks=(objects.Disk(uuid="d", size=50, template="drbd"),))
    cluster = objects.Cluster(name="c", uuid="c")
    state._put(cluster)
    state._put(instance)
    assert (state.usage["a"].memory, state.usage["a"].disk, state.usage["a"].vcpus) == (300, 50, 3)
    assert (state.usage["b"].memory, state.usage["b"].disk) == (0, 50)
    assert state.usage["b"].fallen == {"a": 300}
    state._put(instance.replace(primary_node="b", secondary_node="a"))
    assert state.usage["b"].fallen == {"a": 0}
    assert state.usage["a"].fallen == {"b": 300}
