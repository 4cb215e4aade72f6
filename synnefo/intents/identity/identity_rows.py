"""Records of the identity service: found by their ids, stored under names that are theirs alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import IntegrityError
from django.db.models import Model, QuerySet

from synnefo.core.faults import Conflict, NotFound
from synnefo.db.models import Domain
from synnefo.db.transactions import writing

M = TypeVar("M", bound=Model)


def found(rows: QuerySet[M], key: str, noun: str) -> M:
    """The one of these rows with this id, or the fault that there is none."""
    row = rows.filter(pk=key).first()
    if row is None:
        raise NotFound(f"Could not find {noun}: {key}.")
    return row


def check_domain(key: str) -> None:
    """NotFound if there is no such domain."""
    if not Domain.objects.filter(pk=key).exists():
        raise NotFound(f"Could not find domain: {key}.")


@contextmanager
def storing(noun: str, clash: str, field: str = "name") -> Iterator[None]:
    """A transaction that stores a record; Conflict if another one has what only one may have."""
    try:
        with writing():
            yield
    except IntegrityError as taken:
        raise Conflict(
            f"Conflict occurred attempting to store {noun} - {clash}", field=field
        ) from taken
