"""Queries that are built once per thread and then only run.

Building its SQL costs Django several times what the database needs to find one row by its key. The
few queries behind almost every request are therefore kept, compiled, with one value left open.
"""

import threading
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from django.db.models import QuerySet

Value = str | int | uuid.UUID
# What stands for the open value while the query is built; nothing else in a query is like it.
STAND_INS: dict[type, Value] = {
    str: "the value that is left open",
    int: -(1 << 40) - 1,
    uuid.UUID: uuid.UUID(int=1),
}


class _Compiled(NamedTuple):
    """A query as this thread's connection wants it."""

    compiler: Any
    sql: str
    parameters: tuple[Any, ...]
    stand_in: Any
    converters: Any


class Prepared:
    """A query of `values_list`; `build` gets a stand-in for the one value that changes."""

    def __init__(self, kind: type, build: Callable[[Any], "QuerySet[Any, Any]"]) -> None:
        self._kind, self._build = kind, build
        self._kept = threading.local()

    def rows(self, value: Value) -> list[tuple[Any, ...]]:
        """The rows for this value."""
        kept = self._kept.__dict__
        if "query" not in kept:
            kept["query"] = self._compiled()
        query: _Compiled = kept["query"]
        wanted = _adapted(query.compiler, value)
        with query.compiler.connection.cursor() as cursor:
            cursor.execute(
                query.sql, [wanted if one == query.stand_in else one for one in query.parameters]
            )
            found = cursor.fetchall()
        if query.converters:
            found = query.compiler.apply_converters(found, query.converters)
        return [tuple(row) for row in found]

    def _compiled(self) -> _Compiled:
        stand_in = STAND_INS[self._kind]
        rows = self._build(stand_in)
        compiler = rows.query.get_compiler(using=rows.db)
        sql, parameters = compiler.as_sql()
        adapted = _adapted(compiler, stand_in)
        if adapted not in parameters:
            raise ValueError("the query does not use the value that is left open")
        converters = compiler.get_converters([entry[0] for entry in compiler.select])
        return _Compiled(compiler, sql, tuple(parameters), adapted, converters)


def _adapted(compiler: Any, value: Value) -> Any:
    """The value as the database gets it: not every one knows UUIDs."""
    if isinstance(value, uuid.UUID) and not compiler.connection.features.has_native_uuid_field:
        return value.hex
    return value
