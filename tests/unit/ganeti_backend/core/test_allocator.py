from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend import errors, objects
from ganeti_backend.allocator import Allocator, Demand, NoRoomError
from ganeti_backend.configuration.config import Usage


def info(memory: int = 1000, disk: int = 1000, **values: int) -> dict[str, int]:
    free = {"memory_free": memory, "disk_free": disk}
    return {"memory_total": 1000, "memory_dom0": 0, "disk_total": 1000, **free, **values}


def node(name: str, **flags: bool) -> objects.Node:
    return objects.Node(name=name, uuid=name, **flags)


class Lab:
    def __init__(self, **infos: Any) -> None:
        self.usage: dict[str, Usage] = {}
        self.allocator = Allocator(lambda: infos, lambda name: self.usage.get(name, Usage()))
        self.nodes = [node(name) for name in infos]

    def reserve(self, owner: str, memory: int = 100, disk: int = 0) -> str:
        return self.allocator.reserve(owner, Demand("vm", memory, disk), self.nodes)[0]


def test_instances_spread_over_the_nodes() -> None:
    lab = Lab(a=info(), b=info(), c=info())
    assert sorted(lab.reserve(f"job-{number}") for number in range(3)) == ["a", "b", "c"]


def test_what_is_reserved_is_not_given_away_twice() -> None:
    lab = Lab(a=info())
    lab.reserve("job-1", 600)
    with pytest.raises(NoRoomError):
        lab.reserve("job-2", 600)
    lab.allocator.release("job-1")
    assert lab.reserve("job-2", 600) == "a"


def test_stopped_instances_keep_their_memory() -> None:
    lab = Lab(a=info(), b=info(memory=700))
    lab.usage["a"] = Usage(memory=950)
    assert lab.reserve("job-1") == "b"


def test_a_refusal_says_per_node_why() -> None:
    lab = Lab(a=info(memory=50), b=info(disk=5), c=None, d=info(), e=info())
    lab.nodes[3] = node("d", offline=True)
    lab.nodes[4] = node("e", drained=True)
    with pytest.raises(NoRoomError) as caught:
        lab.reserve("job-1", memory=100, disk=10)
    assert errors.encode(caught.value) == [
        "OpPrereqError",
        [
            "Not enough memory or disk for instance vm: "
            "a: 50 MiB of memory free, 100 MiB needed; "
            "b: 5 MiB of disk free, 10 MiB needed; "
            "c: does not answer; d: offline; e: drained",
            "insufficient_resources",
        ],
    ]
    assert caught.value.unreachable


def test_a_diskless_instance_needs_no_disk() -> None:
    assert Lab(a=info(disk=0)).reserve("job-1", disk=0) == "a"
