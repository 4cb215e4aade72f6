"""Availability zones: the nodes of aggregates that have one, and all others in the default zone."""

from __future__ import annotations

from synnefo.db.models import Aggregate, Node

DEFAULT = "nova"


def of_nodes() -> dict[int, str]:
    """The zones of the nodes that are in one of their own."""
    rows = Aggregate.nodes.through.objects.filter(aggregate__zone__isnull=False)
    pairs = rows.values_list("node_id", "aggregate__zone")
    return {node: zone for node, zone in pairs if zone is not None}


def of_node(node: Node) -> str:
    """The zone of one node."""
    return of_nodes().get(node.pk, DEFAULT)


def of_named(node: str) -> str:
    """The zone of the node with this name."""
    rows = Aggregate.objects.filter(nodes__name=node, zone__isnull=False)
    return rows.values_list("zone", flat=True).first() or DEFAULT


def exists(zone: str) -> bool:
    """Whether servers can be asked for in this zone."""
    return zone == DEFAULT or Aggregate.objects.filter(zone=zone, nodes__isnull=False).exists()
