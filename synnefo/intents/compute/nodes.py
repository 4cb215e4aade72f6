"""What administrators ask of nodes: to take no servers, or to count as dead.

The allocator follows at once; the reconciler asks the cluster for the same, so that what moves
servers there follows too. A cluster's master cannot be drained: there the allocator's word counts.
"""

from __future__ import annotations

from synnefo.core.faults import BadRequest, Conflict, NotFound
from synnefo.db import rings
from synnefo.db.models import Node
from synnefo.db.transactions import writing

Role = Node.Role


def enable(node_id: int) -> Node:
    """It takes servers again; one that counts as dead still does."""
    with writing():
        node = _locked(node_id)
        if node.forced_down:
            return node
        return _wish(node, Role.REGULAR, None)


def disable(node_id: int, reason: str | None = None) -> Node:
    """It takes no servers any more; those that it has stay."""
    with writing():
        node = _locked(node_id)
        role = Role.OFFLINE if node.forced_down else Role.DRAINED
        return _wish(node, role, reason)


def force_down(node_id: int, down: bool) -> Node:
    """An administrator knows that it is dead, or lives again."""
    with writing():
        node = _locked(node_id)
        if down and node.master:
            raise Conflict(
                f"Node {node.name} is its cluster's master; make another node master first."
            )
        if down == node.forced_down:
            return node
        return _wish(node, Role.OFFLINE if down else Role.REGULAR, node.disabled_reason)


def forget(node_id: int) -> None:
    """Nodes come and go with their clusters, so only one that its cluster lost can be forgotten."""
    with writing():
        node = _locked(node_id)
        if node.instances:
            raise Conflict(
                "Unable to delete compute service that is hosting instances."
                " Migrate or delete the instances first."
            )
        raise BadRequest(
            f"Node {node.name} belongs to a cluster: remove it there, and the service goes with it."
        )


def _wish(node: Node, role: Node.Role, reason: str | None) -> Node:
    # What the cluster was asked for before may still come about, so it is asked for this, too.
    settled = node.role == role and (node.master or node.wanted_role is None)
    node.wanted_role = None if settled else role
    node.asked_at = None
    node.disabled_reason = reason if node.disabled else None
    node.save(update_fields=["wanted_role", "asked_at", "disabled_reason"])
    rings.doubt(node.backend_id, None)
    return node


def _locked(node_id: int) -> Node:
    node = Node.objects.select_for_update().filter(pk=node_id).first()
    if node is None:
        raise NotFound(f"Service {node_id} could not be found.")
    return node
