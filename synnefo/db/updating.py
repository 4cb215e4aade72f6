"""One UPDATE for many rows that each get values of their own.

For `observations/`, which takes in hundreds of reports at once, and for claims of many intents. Of
one row, or of many that get the same values, Django's own `update` is the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models


def update(
    model: type[models.Model],
    key: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    only: str = "",
    **same: Any,
) -> list[Any]:
    """Set `columns` by `rows`, whose first value is the `key` of the row; `same` go to all of them.

    `only` is a condition in SQL for the rows to change; returns the keys of those that changed.
    """
    values = [tuple(row) for row in rows]
    if not values:
        return []
    meta, quote = model._meta, connection.ops.quote_name
    table, names = quote(meta.db_table), (key, *columns)
    fields: list[Any] = [meta.get_field(name) for name in names]
    each = [f"{quote(f.column)} = {_typed(f, n)}" for n, f in enumerate(fields, 1)]
    alike: list[Any] = [meta.get_field(name) for name in same]
    sets = each[1:] + [f"{quote(field.column)} = %s" for field in alike]
    places = ", ".join([f"({', '.join(['%s'] * len(names))})"] * len(values))
    statement = (
        f"UPDATE {table} SET {', '.join(sets)} FROM (VALUES {places}) AS given"
        f" WHERE {table}.{each[0]}{only and f' AND ({only})'}"
        f" RETURNING {table}.{quote(fields[0].column)}"
    )
    given = [_stored(f, value) for f, value in zip(alike, same.values(), strict=True)]
    given += [_stored(f, v) for row in values for f, v in zip(fields, row, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return [found for (found,) in cursor.fetchall()]


def _typed(field: Any, number: int) -> str:
    """PostgreSQL takes a list of values for text where nothing says otherwise."""
    kind = field.rel_db_type(connection) if connection.vendor == "postgresql" else None
    return f"CAST(given.column{number} AS {kind})" if kind else f"given.column{number}"


def _stored(field: Any, value: Any) -> Any:
    return field.get_db_prep_save(value, connection)
