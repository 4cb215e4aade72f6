"""Reads all that a submission needs of the servers of claimed intents, a query for each table.

Claims are the dispatcher's everyday work, and building these queries cost it more than their
answers do. What is read is put where Django looks first, so that whoever goes from a server to its
flavor, ports or volumes asks nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Model

from synnefo.db.models import (
    Address,
    Backend,
    Flavor,
    Image,
    Intent,
    Port,
    Server,
    ServerGroup,
    Subnet,
    Volume,
)
from synnefo.db.prepared import PreparedMany

AnyRow = TypeVar("AnyRow", bound=Model)


def _named(model: type[AnyRow]) -> PreparedMany[AnyRow]:
    """Those that a foreign key names: also what was deleted for everybody but its servers."""
    return PreparedMany(model, lambda keys: model._base_manager.filter(pk__in=keys))


_SERVERS = _named(Server)
_ONE: dict[str, PreparedMany[Any]] = {
    "flavor": _named(Flavor),
    "image": _named(Image),
    "backend": _named(Backend),
    "group": _named(ServerGroup),
}
_PORTS = PreparedMany(Port, lambda keys: Port.objects.filter(server__in=keys))
_VOLUMES = PreparedMany(Volume, lambda keys: Volume.objects.filter(server__in=keys))
_ADDRESSES = PreparedMany(Address, lambda keys: Address.objects.filter(port__in=keys))
_SUBNETS = _named(Subnet)


def load(intents: Sequence[Intent]) -> None:
    """The servers, with what each has one of."""
    _point(intents, "server", _SERVERS)
    servers = [intent.server for intent in intents]
    for name, query in _ONE.items():
        _point(servers, name, query)


def load_parts(intents: Sequence[Intent]) -> None:
    """What each server has several of: ports with their addresses, and volumes."""
    servers = [intent.server for intent in intents]
    ports = _hold(servers, "ports", _PORTS, "server")
    _hold(servers, "volumes", _VOLUMES, "server")
    addresses = _hold(ports, "addresses", _ADDRESSES, "port")
    _point(addresses, "subnet", _SUBNETS)


def _point(rows: Sequence[Model], name: str, query: PreparedMany[AnyRow]) -> None:
    """Set a foreign key of each row to the row that it names."""
    found = {row.pk: row for row in query.all(getattr(row, f"{name}_id") for row in rows)}
    for row in rows:
        key = getattr(row, f"{name}_id")
        if key is not None:
            setattr(row, name, found[key])


def _hold(
    owners: Sequence[Model], name: str, query: PreparedMany[AnyRow], back: str
) -> list[AnyRow]:
    """Let `owner.name.all()` be the rows that `back` ties to it, as `prefetch_related` does."""
    held: dict[int, list[AnyRow]] = {owner.pk: [] for owner in owners}
    owned_by = {owner.pk: owner for owner in owners}
    rows = query.all(held)
    for row in rows:
        key = getattr(row, f"{back}_id")
        held[key].append(row)
        setattr(row, back, owned_by[key])
    for owner in owners:
        kept: dict[str, Any] = owner.__dict__.setdefault("_prefetched_objects_cache", {})
        kept[name] = held[owner.pk]
    return rows
