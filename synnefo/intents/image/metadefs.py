"""Writing the catalog of metadata definitions; who may is the route tables' business."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError
from django.db.models import Q, QuerySet
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import Conflict, Forbidden, NotFound, TooLarge
from synnefo.db.models import MetadefItem, MetadefNamespace
from synnefo.db.transactions import writing

MOST_ITEMS = 1000  # of one namespace
PROPERTY, OBJECT, TAG, RESOURCE_TYPE = "property", "object", "tag", "resource_type"
KINDS = (PROPERTY, OBJECT, TAG, RESOURCE_TYPE)


def readable(caller: Caller) -> QuerySet[MetadefNamespace]:
    """The public namespaces and those of the caller's project."""
    if caller.is_admin:
        return MetadefNamespace.objects.all()
    return MetadefNamespace.objects.filter(Q(visibility="public") | Q(owner=caller.project_id))


def find(caller: Caller, name: str) -> MetadefNamespace:
    """One namespace that the caller sees."""
    row = readable(caller).filter(namespace=name).first()
    if row is None:
        raise NotFound(f"Metadata definition namespace={name} was not found.")
    return row


def create(
    caller: Caller, columns: Mapping[str, Any], items: Mapping[str, Mapping[str, Any]]
) -> MetadefNamespace:
    """A namespace with what it holds at once: by kind, then by name."""
    now = timezone.now()
    row = MetadefNamespace(created_at=now, updated_at=now, **columns)
    row.owner = row.owner or caller.project_id
    try:
        with writing():
            row.save(force_insert=True)
            for kind, contents in items.items():
                add_items(row, kind, contents.items())
    except IntegrityError as taken:
        raise Conflict(
            f"The metadata definition namespace={row.namespace} already exists.",
            field="namespace",
        ) from taken
    return row


def update(caller: Caller, name: str, columns: Mapping[str, Any]) -> MetadefNamespace:
    """Set what is given; what is not given stays."""
    with writing():
        row = find(caller, name)
        for column, value in columns.items():
            if column != "owner" or value:
                setattr(row, column, value)
        row.updated_at = timezone.now()
        try:
            with writing():
                row.save()
        except IntegrityError as taken:
            raise Conflict(
                f"The metadata definition namespace={row.namespace} already exists.",
                field="namespace",
            ) from taken
    return row


def delete(caller: Caller, name: str) -> None:
    """Remove a namespace with all it holds; Forbidden when protected."""
    with writing():
        row = find(caller, name)
        _check_free(row)
        row.delete()


def _check_free(row: MetadefNamespace) -> None:
    if row.protected:
        raise Forbidden(
            f"Metadata definition namespace={row.namespace} is protected and cannot be deleted."
        )


def add_items(
    namespace: MetadefNamespace, kind: str, contents: Iterable[tuple[str, Mapping[str, Any]]]
) -> list[MetadefItem]:
    """Put definitions into a namespace; Conflict if one of that name is there."""
    now = timezone.now()
    rows = [
        MetadefItem(
            namespace=namespace,
            kind=kind,
            name=name,
            content=dict(content),
            created_at=now,
            updated_at=now,
        )
        for name, content in contents
    ]
    with writing():
        held = MetadefItem.objects.filter(namespace=namespace)
        if held.count() + len(rows) > MOST_ITEMS:
            raise TooLarge(f"A namespace may hold at most {MOST_ITEMS} definitions.")
        names = [row.name for row in rows]
        known = held.filter(kind=kind, name__in=names).values_list("name", flat=True)
        twice = set(known) or {name for name in names if names.count(name) > 1}
        if twice:
            raise Conflict(
                f"A metadata definition {kind} with name={sorted(twice)[0]} already exists in"
                f" namespace={namespace.namespace}."
            )
        return MetadefItem.objects.bulk_create(rows)


def replace_items(
    namespace: MetadefNamespace, kind: str, contents: Iterable[tuple[str, Mapping[str, Any]]]
) -> list[MetadefItem]:
    """Put these in the place of all of their kind."""
    with writing():
        MetadefItem.objects.filter(namespace=namespace, kind=kind).delete()
        return add_items(namespace, kind, contents)


def item(namespace: MetadefNamespace, kind: str, name: str) -> MetadefItem:
    """One definition."""
    row = MetadefItem.objects.filter(namespace=namespace, kind=kind, name=name).first()
    if row is None:
        raise NotFound(
            f"The metadata definition {kind} with name={name} was not found in"
            f" namespace={namespace.namespace}."
        )
    return row


def change_item(row: MetadefItem, name: str, content: Mapping[str, Any]) -> MetadefItem:
    """Give a definition another content, and perhaps another name."""
    row.name, row.content, row.updated_at = name, dict(content), timezone.now()
    try:
        with writing():
            row.save()
    except IntegrityError as taken:
        raise Conflict(f"A metadata definition with name={name} already exists.") from taken
    return row


def delete_items(namespace: MetadefNamespace, kind: str, name: str | None = None) -> None:
    """Remove one definition, or all of a kind."""
    with writing():
        _check_free(namespace)
        if name is not None:
            item(namespace, kind, name).delete()
        else:
            MetadefItem.objects.filter(namespace=namespace, kind=kind).delete()
