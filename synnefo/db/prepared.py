"""Queries that are built once per thread and then only run.

Building its SQL costs Django several times what the database needs to find one row by its key. The
few queries behind almost every request are therefore kept, compiled, with some values left open.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, models

Value = str | int | uuid.UUID | datetime | IPv4Address | IPv6Address
Row = TypeVar("Row", bound=models.Model)


def _stand_in(kind: type, number: int) -> Value:
    """What stands for an open value while the query is built; nothing else in it is like it."""
    if kind is int:
        return -(1 << 40) - 1 - number
    if kind is uuid.UUID:
        return uuid.UUID(int=1 + number)
    if kind is datetime:
        return datetime(1, 1, 1, tzinfo=UTC) + timedelta(days=number)
    if kind is IPv4Address:
        return IPv4Address(1 + number)
    return f"the value that is left open, {number}"


class _Compiled(NamedTuple):
    """A query as this thread's connection wants it; `order` says which value goes where."""

    compiler: Any
    sql: str
    parameters: tuple[Any, ...]
    order: tuple[tuple[int, int], ...]
    converters: Any


class Prepared:
    """A query of `values_list`; `build` gets stand-ins for the values that change, of these kinds.

    In the lists of parameters each stands wherever `build` has put it, at least once.
    """

    def __init__(self, build: Callable[..., models.QuerySet[Any, Any]], *kinds: type) -> None:
        self._build, self._kinds = build, kinds
        self._kept = threading.local()

    def rows(self, *values: Value) -> list[tuple[Any, ...]]:
        """The rows for these values."""
        kept = self._kept.__dict__
        if "query" not in kept:
            kept["query"] = self._compiled()
        query: _Compiled = kept["query"]
        parameters = list(query.parameters)
        wanted = [_adapted(query.compiler, value) for value in values]
        for place, number in query.order:
            parameters[place] = wanted[number]
        with query.compiler.connection.cursor() as cursor:
            cursor.execute(query.sql, parameters)
            found = cursor.fetchall()
        if query.converters:
            found = query.compiler.apply_converters(found, query.converters)
        return [tuple(row) for row in found]

    def _compiled(self) -> _Compiled:
        stand_ins = [_stand_in(kind, number) for number, kind in enumerate(self._kinds)]
        rows = self._build(*stand_ins)
        compiler = rows.query.get_compiler(using=rows.db)
        sql, parameters = compiler.as_sql()
        adapted = [_adapted(compiler, one) for one in stand_ins]
        order = tuple(
            (place, adapted.index(one)) for place, one in enumerate(parameters) if one in adapted
        )
        if {number for _, number in order} != set(range(len(stand_ins))):
            raise ValueError("the query does not use every value that is left open")
        converters = compiler.get_converters([entry[0] for entry in compiler.select])
        return _Compiled(compiler, sql, tuple(parameters), order, converters)


class PreparedRows(Generic[Row]):
    """The same for whole rows of a model: a query without annotations and joined rows."""

    def __init__(
        self, model: type[Row], build: Callable[..., models.QuerySet[Row]], *kinds: type
    ) -> None:
        self._model = model
        self._query = Prepared(build, *kinds)
        self._names = [field.attname for field in model._meta.concrete_fields]

    def all(self, *values: Value) -> list[Row]:
        """The rows for these values."""
        rows = self._query.rows(*values)
        return [self._model.from_db(DEFAULT_DB_ALIAS, self._names, row) for row in rows]

    def first(self, *values: Value) -> Row | None:
        """The first of them, if there is one."""
        return next(iter(self.all(*values)), None)


class PreparedMany(Generic[Row]):
    """Whole rows that belong to some of many keys: those of a query with `__in` a list of keys.

    The list has one length, for which the query is built: a shorter one is filled up with its last
    key, a longer one is asked for in parts.
    """

    PART = 32

    def __init__(
        self, model: type[Row], build: Callable[[list[int]], models.QuerySet[Row]]
    ) -> None:
        self._rows = PreparedRows(model, lambda *keys: build(list(keys)), *[int] * self.PART)

    def all(self, keys: Iterable[int | None]) -> list[Row]:
        """Those of these keys; None is no key."""
        wanted = sorted({key for key in keys if key is not None})
        found: list[Row] = []
        for start in range(0, len(wanted), self.PART):
            part = wanted[start : start + self.PART]
            found += self._rows.all(*part, *part[-1:] * (self.PART - len(part)))
        return found


def _adapted(compiler: Any, value: Value) -> Any:
    """The value as the database gets it: not every one knows UUIDs, addresses, or time zones."""
    operations, features = compiler.connection.ops, compiler.connection.features
    match value:
        case datetime():
            return operations.adapt_datetimefield_value(value)
        case IPv4Address() | IPv6Address():
            return operations.adapt_ipaddressfield_value(str(value))
        case uuid.UUID() if not features.has_native_uuid_field:
            return value.hex
    return value
