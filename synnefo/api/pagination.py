"""Pages: limit and marker in the query, the link to the next page in the answer."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import F, Model, Q, QuerySet

from synnefo.api.request import Request
from synnefo.core.faults import BadRequest

M = TypeVar("M", bound=Model)
View = TypeVar("View", bound=Callable[..., Any])

LARGEST_PAGE = 1000
SORT_LIMIT = 8


def limit_of(request: Request, most: int = LARGEST_PAGE) -> int:
    """How many entries are wanted: never more than `most`."""
    text = request.query.get("limit")
    if text is None:
        return most
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise BadRequest("limit must be a whole number of 0 or more.", field="limit")
    return min(int(text), most)


def sorted_by(keys: Mapping[str, str]) -> Callable[[View], View]:
    """Decorates a view with what it sorts by, for the OpenAPI document."""

    def known(view: View) -> View:
        view.sort_keys = keys  # type: ignore[attr-defined]
        return view

    return known


def sorting(
    request: Request, keys: dict[str, str], default: tuple[str, str]
) -> list[tuple[str, bool]]:
    """Columns and whether they descend, from sort_key and sort_dir; the last one is unique."""
    words = request.query.getlist("sort_key")[:SORT_LIMIT]
    directions = request.query.getlist("sort_dir")[:SORT_LIMIT]
    for both in request.query.get("sort", "").split(","):
        word, _, direction = both.partition(":")
        if both:
            words.append(word)
            directions.append(direction or "desc")
    order: list[tuple[str, bool]] = []
    for number, word in enumerate(words or [default[0]]):
        if word not in keys:
            raise BadRequest(f"sort_key {word[:80]!r} is not known here.", field="sort_key")
        direction = directions[number] if number < len(directions) else default[1]
        if direction not in ("asc", "desc"):
            raise BadRequest("sort_dir must be asc or desc.", field="sort_dir")
        order.append((keys[word], direction == "desc"))
    if order[-1][0] != "pk":
        order.append(("pk", order[-1][1]))
    return order


def _nullable(model: type[Model], column: str) -> bool:
    return column != "pk" and bool(getattr(model._meta.get_field(column), "null", False))


def ordered(rows: QuerySet[M], order: list[tuple[str, bool]]) -> QuerySet[M]:
    """The rows in this order; absent values come last, on every database."""
    terms = []
    for column, down in order:
        term = F(column)
        # Said only where there are nulls: PostgreSQL would not use an index otherwise.
        last = True if _nullable(rows.model, column) else None
        terms.append(term.desc(nulls_last=last) if down else term.asc(nulls_last=last))
    return rows.order_by(*terms)


def after(model: type[Model], order: list[tuple[str, bool]], values: tuple[Any, ...]) -> Q:
    """What comes after the row with these values, as a condition that an index can serve."""
    condition, same = Q(pk__in=()), Q()
    for (column, down), value in zip(order, values, strict=True):
        if value is None:
            same &= Q(**{f"{column}__isnull": True})
            continue  # Nothing comes after an absent value but rows that lack it too.
        step = Q(**{f"{column}__{'lt' if down else 'gt'}": value})
        if _nullable(model, column):
            step |= Q(**{f"{column}__isnull": True})
        condition |= same & step
        same &= Q(**{column: value})
    return condition


def next_link(request: Request, url: str, last: str) -> str:
    """The address of the page that follows the entry `last`."""
    query = [
        (name, value)
        for name, values in request.query.lists()
        for value in values
        if name != "marker"
    ]
    return f"{url}?{urlencode([*query, ('marker', last)])}"
