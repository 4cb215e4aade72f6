"""What the lists of this service have in common: filters, sorting, pages, counts."""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import HttpResponse

from synnefo.api.bodies import FALSE, TRUE, UUID
from synnefo.api.moments import moment
from synnefo.api.pagination import after, limit_of, next_link, ordered, sorting
from synnefo.api.request import Request, answer
from synnefo.core.faults import BadRequest, NotFound

Filter = Callable[[str], Q]
NEVER = Q(pk__in=())
LONGEST = 255
COMPARISONS = {"gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte", "eq": "exact"}


def word(column: str) -> Filter:
    """Equal to the value."""
    return lambda value: Q(**{column: value})


def number(column: str, factor: int = 1) -> Filter:
    """Equal to a whole number; anything else matches nothing."""

    def build(value: str) -> Q:
        fits = value.isascii() and value.isdigit() and len(value) < 10
        return Q(**{column: int(value) * factor}) if fits else NEVER

    return build


def identifier(column: str) -> Filter:
    """Equal to a UUID; what is none matches nothing."""
    return lambda value: Q(**{column: value}) if UUID.fullmatch(value) else NEVER


def flag(column: str) -> Filter:
    """True or false."""

    def build(value: str) -> Q:
        lower = value.lower()
        if lower not in TRUE | FALSE:
            raise BadRequest(f"Invalid input for {column}: it must be true or false.", field=column)
        return Q(**{column: lower in TRUE})

    return build


def items(column: str) -> Filter:
    """All items of an object, in JSON or as clients in Python spell it."""

    def build(value: str) -> Q:
        try:
            wanted = ast.literal_eval(value[:4096])
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            wanted = None
        if not isinstance(wanted, dict):
            raise BadRequest(f"{column} must be an object.", field=column)
        return reduce(
            operator.and_, (Q(**{f"{column}__{k}": str(v)}) for k, v in _plain(wanted)), Q()
        )

    return build


def _plain(wanted: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    """A key with two underlines would mean something else to the database's layer."""
    if any("__" in str(key) or not str(key) for key in wanted) or len(wanted) > 50:
        raise BadRequest("These metadata cannot be searched for.", field="metadata")
    return [(str(key), value) for key, value in wanted.items()]


def _times(column: str, text: str) -> Q:
    """created_at=gt:2026-01-01T00:00:00,lt:…"""
    condition = Q()
    for part in text.split(",")[:8]:
        comparison, colon, when = part.partition(":")
        if not colon or comparison not in COMPARISONS:
            comparison, when = "eq", part
        condition &= Q(**{f"{column}__{COMPARISONS[comparison]}": moment(when, column)})
    return condition


@dataclass(frozen=True)
class Listing:
    """One noun's lists. `rows` are those that the caller may see."""

    name: str
    path: str
    rows: Callable[[Request], "QuerySet[Any]"]
    brief: Callable[[Request, Any], dict[str, Any]]
    detail: Callable[[Request, Any], dict[str, Any]]
    filters: Mapping[str, Filter] = field(default_factory=dict)
    sort_keys: Mapping[str, str] = field(default_factory=dict)
    like: Sequence[str] = ("name", "status", "description")
    moments: Sequence[str] = ("created_at", "updated_at")
    with_count: bool = True

    def index(self, request: Request) -> HttpResponse:
        """GET of the short list."""
        return self._answer(request, self.brief)

    def index_detail(self, request: Request) -> HttpResponse:
        """GET of the list with details."""
        return self._answer(request, self.detail)

    def _answer(
        self, request: Request, render: Callable[[Request, Any], dict[str, Any]]
    ) -> HttpResponse:
        rows = self.filtered(request)
        order = sorting(request, dict(self.sort_keys), ("created_at", "desc"))
        counted = self.with_count and request.version >= (3, 45)
        wanted = counted and request.query.get("with_count", "").lower() in TRUE
        count = rows.count() if wanted else 0
        rows = self._behind(request, rows, order)
        limit, offset = limit_of(request), _offset(request)
        page = list(ordered(rows, order)[offset : offset + limit])
        data: dict[str, Any] = {self.name: [render(request, row) for row in page]}
        if page and len(page) == limit:
            # As the client wrote the path: with the project in it, or without.
            link = next_link(request, request.base + request.http.path, str(page[-1].uuid))
            data[f"{self.name}_links"] = [{"rel": "next", "href": link}]
        return answer(data | ({"count": count} if wanted else {}))

    def filtered(self, request: Request) -> "QuerySet[Any]":
        """The rows that the query asks for."""
        rows = self.rows(request)
        for name, values in request.query.lists():
            value = values[-1]
            if len(value) > LONGEST and name != "metadata":
                raise BadRequest(f"{name[:40]} has more than {LONGEST} characters.", field=name)
            if name in self.filters:
                rows = rows.filter(self.filters[name](value))
            elif name.endswith("~") and name[:-1] in self.like and request.version >= (3, 34):
                rows = rows.filter(**{f"{name[:-1]}__contains": value})
            elif name in self.moments and request.version >= (3, 60):
                rows = rows.filter(_times(name, value))
        return rows

    def _behind(
        self, request: Request, rows: "QuerySet[Any]", order: list[tuple[str, bool]]
    ) -> "QuerySet[Any]":
        marker = request.query.get("marker")
        if marker is None:
            return rows
        last = self.rows(request).filter(uuid=marker).first() if UUID.fullmatch(marker) else None
        if last is None:
            raise NotFound(f"marker {marker[:80]} could not be found.")
        model: type[Model] = rows.model
        return rows.filter(after(model, order, tuple(getattr(last, key) for key, _ in order)))


def _offset(request: Request) -> int:
    text = request.query.get("offset", "0")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadRequest("offset must be a whole number of 0 or more.", field="offset")
    return int(text)


def owned(rows: Callable[[], "QuerySet[Any]"]) -> Callable[[Request], "QuerySet[Any]"]:
    """The rows of the caller's project, or of all projects for an administrator who says so."""
    return partial(_owned, rows)


def _owned(rows: Callable[[], "QuerySet[Any]"], request: Request) -> "QuerySet[Any]":
    found = rows()
    everybody = request.query.get("all_tenants", request.query.get("all_projects", ""))
    if request.caller.is_admin and everybody.lower() in TRUE:
        project = request.query.get("project_id")
        return found.filter(project_id=project) if project else found
    return found.filter(project_id=request.project)


QUERY = ("limit", "marker", "offset", "sort", "sort_key", "sort_dir", "all_tenants", "with_count")
