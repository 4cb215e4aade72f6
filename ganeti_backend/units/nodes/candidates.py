"""Which nodes keep a copy of the configuration and can become master (pure).

There should be `candidate_pool_size` of them, or as many as there are nodes that can.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ganeti_backend import objects


def can_be(node: objects.Node) -> bool:
    return node.master_capable and not node.offline and not node.drained


def wanted(nodes: Iterable[objects.Node], pool_size: int) -> int:
    """How many candidates there should be."""
    return min(pool_size, sum(1 for node in nodes if can_be(node)))


def have(nodes: Iterable[objects.Node]) -> int:
    return sum(1 for node in nodes if node.master_candidate)


def takes_one_more(others: Sequence[objects.Node], pool_size: int) -> bool:
    """Whether a node that can be a candidate should be one, beside these others."""
    return have(others) < pool_size


def missing(nodes: Sequence[objects.Node], pool_size: int) -> int:
    """How many candidates are lacking."""
    return max(0, wanted(nodes, pool_size) - have(nodes))


def promoted(nodes: Sequence[objects.Node], pool_size: int, now: float) -> list[objects.Node]:
    """Those that must be promoted for the pool to be full, changed so."""
    able = sorted(
        (node for node in nodes if can_be(node) and not node.master_candidate),
        key=lambda node: node.name,
    )
    chosen = able[: missing(nodes, pool_size)]
    return [node.touched(now, master_candidate=True) for node in chosen]
