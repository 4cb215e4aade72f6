"""Tags of the network service's resources."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest
from synnefo.core.network_faults import TagNotFound
from synnefo.db.models import NetworkTag
from synnefo.db.transactions import writing

Wish = Mapping[str, Any]
MOST = 50


def made(
    make: Callable[[Caller, list[Wish]], list[Any]], caller: Caller, wishes: list[Wish]
) -> list[Any]:
    """What is made as somebody wished, with its tags; all of it or nothing."""
    if not any(wish.get("tags") for wish in wishes):
        return make(caller, wishes)
    with writing():
        rows = make(caller, wishes)
        for row, wish in zip(rows, wishes, strict=True):
            _insert(row.uuid, wish.get("tags") or ())
    return rows


def of(resource: uuid.UUID) -> list[str]:
    """The tags of one resource."""
    return of_all([resource]).get(resource, [])


def of_all(resources: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """The tags of many, in one query."""
    rows = NetworkTag.objects.filter(resource__in=list(resources)).order_by("tag")
    found: dict[uuid.UUID, list[str]] = {}
    for resource, tag in rows.values_list("resource", "tag"):
        found.setdefault(resource, []).append(tag)
    return found


def replace(resource: uuid.UUID, tags: Sequence[str]) -> list[str]:
    """These and no others."""
    wanted = sorted(set(tags))
    _check_number(len(wanted))
    with writing():
        NetworkTag.objects.filter(resource=resource).exclude(tag__in=wanted).delete()
        _insert(resource, wanted)
    return wanted


def add(resource: uuid.UUID, tags: Iterable[str]) -> list[str]:
    """These, too."""
    with writing():
        _insert(resource, tags)
        found = of(resource)
        _check_number(len(found))
    return found


def _insert(resource: uuid.UUID, tags: Iterable[str]) -> None:
    NetworkTag.objects.bulk_create(
        [NetworkTag(resource=resource, tag=tag) for tag in tags], ignore_conflicts=True
    )


def _check_number(number: int) -> None:
    if number > MOST:
        raise BadRequest(f"A resource may have at most {MOST} tags.", field="tags")


def remove(resource: uuid.UUID, tag: str) -> None:
    """Not this one; TagNotFound if it is not there."""
    with writing():
        gone, _ = NetworkTag.objects.filter(resource=resource, tag=tag).delete()
    if not gone:
        raise TagNotFound(f"Tag {tag} could not be found.")


def clear(resource: uuid.UUID) -> None:
    """None at all."""
    with writing():
        NetworkTag.objects.filter(resource=resource).delete()
