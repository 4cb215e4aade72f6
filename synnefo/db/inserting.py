"""INSERT statements that are put together once per table.

Django compiles one for every call, which costs several times what the database needs for it. For
`intents/` and `observations/`, where a request inserts into half a dozen tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

Row = TypeVar("Row", bound=models.Model)
# Kinds of fields with the types that every database takes as they are.
PLAIN: dict[type, tuple[type, ...]] = {
    models.CharField: (str,),
    models.TextField: (str,),
    models.BooleanField: (bool,),
    models.ForeignKey: (int, str),
    **dict.fromkeys(
        (models.IntegerField, models.PositiveIntegerField, models.BigIntegerField), (int,)
    ),
}


@cache
def _statement(model: type[models.Model]) -> tuple[str, str, tuple[models.Field[Any, Any], ...]]:
    """The beginning, one row of placeholders, and the fields in their order."""
    meta, quote = model._meta, connection.ops.quote_name
    fields = tuple(one for one in meta.concrete_fields if not isinstance(one, models.AutoField))
    columns = ", ".join(quote(str(one.column)) for one in fields)
    row = f"({', '.join(['%s'] * len(fields))})"
    return f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ", row, fields


def insert(rows: Iterable[Row]) -> list[Row]:
    """Insert rows of one table in one statement and give them their ids."""
    found = list(rows)
    if not found:
        return found
    start, row, fields = _statement(type(found[0]))
    database = connections[DEFAULT_DB_ALIAS]  # Django's `connection` looks for it at each use.
    values = [_stored(field, one, database) for one in found for field in fields]
    key = str(type(found[0])._meta.pk.column)
    with database.cursor() as cursor:
        places = ", ".join([row] * len(found))
        cursor.execute(f"{start}{places} RETURNING {database.ops.quote_name(key)}", values)
        for one, (number,) in zip(found, cursor.fetchall(), strict=True):
            one.pk = number
            one._state.adding, one._state.db = False, database.alias
    return found


def _stored(field: models.Field[Any, Any], one: models.Model, database: Any) -> Any:
    """The value as the database gets it; what it takes as it is needs none of Django's steps."""
    kinds = PLAIN.get(type(field))
    if kinds is not None:
        value = one.__dict__.get(field.attname)
        if type(value) in kinds and value != "":
            return value
    return field.get_db_prep_save(field.pre_save(one, True), database)
