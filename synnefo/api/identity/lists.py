"""Lists of the identity service: filters in the query, and pages for those who ask for them."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from synnefo.api import pagination
from synnefo.api.bodies import FALSE, TRUE
from synnefo.api.request import Request, answer
from synnefo.core.faults import BadRequest, NotFound

# Keystone's comparators, as in name__contains; those with an i do not mind upper and lower case.
COMPARATORS = ("contains", "icontains", "startswith", "istartswith", "endswith", "iendswith",
               "iexact", "exact")  # fmt: skip
PAGE = ("limit", "marker")
LONGEST = 512


def query_of(filters: Mapping[str, str]) -> tuple[str, ...]:
    """What a route with these filters reads from the query."""
    return (*filters, *PAGE)


def truth(word: str, name: str) -> bool:
    """A word for true or false."""
    if word.lower() not in TRUE | FALSE:
        raise BadRequest(f"{name} must be true or false.", field=name)
    return word.lower() in TRUE


def filtered(request: Request, rows: QuerySet[Any], filters: Mapping[str, str]) -> QuerySet[Any]:
    """The rows that fit; `filters` gives the column by the name in the query."""
    for given in request.query:
        value = str(request.query[given])
        name, _, comparator = given.partition("__")
        column = filters.get(name)
        if column is None or (comparator and comparator not in COMPARATORS):
            continue
        if len(value) > LONGEST:
            return rows.none()
        if column.endswith("?"):
            rows = rows.filter(**{column[:-1]: truth(value, name) if value else True})
        elif comparator and name == "name":
            rows = rows.filter(**{f"{column}__{comparator}": value})
        elif not comparator:
            rows = rows.filter(**{column: value})
    return rows


def picked(request: Request, rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    """The records that are equal in these fields to what the query says."""
    asked = {name: request.query[name] for name in names if name in request.query}
    return [row for row in rows if all(row.get(name) == asked[name] for name in asked)]


def links(request: Request, path: str, following: str | None = None) -> dict[str, Any]:
    """The links of a list."""
    here = f"{request.base}/identity/v3/{path}"
    after = pagination.next_link(request, here, following) if following else None
    return {"self": here, "previous": None, "next": after}


def paged(request: Request, rows: QuerySet[Any]) -> tuple[list[Any], str | None]:
    """The rows in order, at most `limit` after `marker`; and the last one if there are more."""
    if not (set(PAGE) & request.query.keys()):
        return list(rows.order_by("pk")), None
    limit = pagination.limit_of(request) or pagination.LARGEST_PAGE
    marker = request.query.get("marker")
    if marker is not None:
        if not rows.model._default_manager.filter(pk=marker[:LONGEST]).exists():
            raise NotFound(f"Marker could not be found: {marker[:80]}.")
        rows = rows.filter(pk__gt=marker)
    found = list(rows.order_by("pk")[: limit + 1])
    more = len(found) > limit
    return found[:limit], str(found[limit - 1].pk) if more else None


def listed(
    request: Request,
    name: str,
    rows: QuerySet[Any],
    render: Callable[[Any, str], dict[str, Any]],
    path: str = "",
) -> HttpResponse:
    """The answer with these rows."""
    found, following = paged(request, rows)
    shown = [render(row, request.base) for row in found]
    return answer({name: shown, "links": links(request, path or name, following)})


def collection(
    request: Request, name: str, items: list[dict[str, Any]], path: str = ""
) -> HttpResponse:
    """A list that is always whole."""
    return answer({name: items, "links": links(request, path or name)})
