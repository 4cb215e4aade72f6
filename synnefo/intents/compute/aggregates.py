"""What administrators ask of aggregates. A node is in one availability zone at most, and none that
has servers changes its zone under them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from synnefo.core.faults import BadRequest, Conflict, NotFound
from synnefo.core.server_states import ServerState
from synnefo.db.models import Aggregate, Node, Server
from synnefo.db.transactions import writing

ZONE_KEY = "availability_zone"
MOST_METADATA = 128


def create(name: str, zone: str | None) -> Aggregate:
    """A new set; Conflict if the name is taken."""
    row = Aggregate(name=name, zone=zone, created_at=timezone.now())
    _save_named(row, create=True)
    return row


def _save_named(row: Aggregate, *, create: bool) -> None:
    try:
        with writing():
            row.save(force_insert=create)
    except IntegrityError as taken:
        raise Conflict(f"Aggregate {row.name} already exists.", field="name") from taken


def update(aggregate_id: int, changes: Mapping[str, Any]) -> Aggregate:
    """Another name, another zone."""
    with writing():
        row = _locked(aggregate_id)
        if "name" in changes:
            row.name = changes["name"]
        if "zone" in changes:
            _move(row, changes["zone"])
        row.updated_at = timezone.now()
        _save_named(row, create=False)
    return row


def delete(aggregate_id: int) -> None:
    """Only when no node is in it."""
    with writing():
        row = _locked(aggregate_id)
        if row.nodes.exists():
            raise BadRequest(f"Cannot remove aggregate {row.pk}: it has hosts.")
        row.delete()


def set_metadata(aggregate_id: int, metadata: Mapping[str, str | None]) -> Aggregate:
    """Add, change, or with null remove; the zone is one of the items."""
    with writing():
        row = _locked(aggregate_id)
        if ZONE_KEY in metadata:
            _move(row, metadata[ZONE_KEY])
        merged = {**row.metadata, **{k: v for k, v in metadata.items() if k != ZONE_KEY}}
        row.metadata = {key: value for key, value in merged.items() if value is not None}
        if len(row.metadata) > MOST_METADATA:
            raise BadRequest(f"An aggregate may have at most {MOST_METADATA} metadata items.")
        row.updated_at = timezone.now()
        row.save()
    return row


def _move(row: Aggregate, zone: str | None) -> None:
    if zone != row.zone:
        nodes = list(row.nodes.all())
        _check_zone(row, nodes, zone)
        _check_servers(nodes)
        row.zone = zone


def _check_zone(row: Aggregate, nodes: list[Node], zone: str | None) -> None:
    if zone is None:
        return
    others = Aggregate.objects.filter(nodes__in=nodes, zone__isnull=False).exclude(pk=row.pk)
    for other in others.distinct():
        if other.zone != zone:
            names = ", ".join(sorted(node.name for node in nodes))
            raise Conflict(
                f"Cannot add host to aggregate {row.pk}. Reason: One or more hosts already in"
                f" availability zone(s) {other.zone}: {names}."
            )


def _check_servers(nodes: list[Node]) -> None:
    servers = Server.objects.filter(node__in=[node.name for node in nodes])
    if servers.exclude(state=ServerState.DELETED).exists():
        raise BadRequest(
            "Cannot update aggregate: one or more hosts contain instances in this zone.",
            field=ZONE_KEY,
        )


def add_host(aggregate_id: int, host: str) -> Aggregate:
    """Put a node into it; with it the servers there come into its zone."""
    with writing():
        row, node = _locked(aggregate_id), _node(host)
        if row.nodes.filter(pk=node.pk).exists():
            raise Conflict(f"Aggregate {row.pk} already has host {host}.", field="host")
        _check_zone(row, [node], row.zone)
        if row.zone is not None and not _in_a_zone(node):
            _check_own_zone(row, node)
        row.nodes.add(node)
        row.updated_at = timezone.now()
        row.save(update_fields=["updated_at"])
    return row


def _in_a_zone(node: Node) -> bool:
    return node.aggregates.filter(zone__isnull=False).exists()


def _check_own_zone(row: Aggregate, node: Node) -> None:
    """Servers that asked for the default zone would not be there any more."""
    bound = Server.objects.filter(node=node.name, zone__isnull=False).exclude(zone=row.zone)
    if bound.exclude(state=ServerState.DELETED).exists():
        raise Conflict(
            f"Cannot add host to aggregate {row.pk}. Reason: servers on {node.name} were asked for"
            " in another zone.",
            field="host",
        )


def remove_host(aggregate_id: int, host: str) -> Aggregate:
    """Take a node out; servers that asked for this zone hold it there."""
    with writing():
        row, node = _locked(aggregate_id), _node(host)
        if not row.nodes.filter(pk=node.pk).exists():
            raise NotFound(
                f"Cannot remove host {host} in aggregate {row.pk}: not found.", field="host"
            )
        bound = Server.objects.filter(node=node.name, zone=row.zone, zone__isnull=False)
        if row.zone is not None and bound.exclude(state=ServerState.DELETED).exists():
            raise Conflict(
                f"Cannot remove host {host} from aggregate {row.pk}: servers on it were asked for"
                f" in the zone {row.zone}.",
                field="host",
            )
        row.nodes.remove(node)
        row.updated_at = timezone.now()
        row.save(update_fields=["updated_at"])
    return row


def _locked(aggregate_id: int) -> Aggregate:
    row = Aggregate.objects.select_for_update().filter(pk=aggregate_id).first()
    if row is None:
        raise NotFound(f"Aggregate {aggregate_id} could not be found.")
    return row


def _node(host: str) -> Node:
    node = Node.objects.filter(name=host).first()
    if node is None:
        raise NotFound(f"Compute host {host} could not be found.", field="host")
    return node
