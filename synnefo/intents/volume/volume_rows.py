"""How rows of the volume service are written: columns with the time, names that one alone has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from synnefo.core.faults import Conflict
from synnefo.db import rings
from synnefo.db.transactions import writing


def write(row: Any, **columns: Any) -> None:
    """Set columns of a row, and when it was changed."""
    for name, value in columns.items():
        setattr(row, name, value)
    row.updated_at = timezone.now()
    row.save(update_fields=[*columns, "updated_at"])


def saved(row: Any, kind: str, **columns: Any) -> None:
    """The same, and whoever looks on is told."""
    write(row, **columns)
    rings.changed(row.project_id, kind, row.uuid)


@contextmanager
def named(noun: str, name: str | None) -> Iterator[None]:
    """A transaction that gives something its name; Conflict if another one of its kind has it."""
    try:
        with writing(), transaction.atomic():
            yield
    except IntegrityError as taken:
        raise Conflict(f"{noun} {name} already exists.") from taken
