"""What the lists of this service have in common: filters, fields, sorting, pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import HttpResponse

from synnefo.api.bodies import FALSE, TRUE, UUID
from synnefo.api.pagination import after, limit_of, next_link, ordered, sorting
from synnefo.api.request import Request, answer
from synnefo.core.faults import BadRequest, NotFound

Filter = Callable[[list[str]], Q]
NEVER = Q(pk__in=())


def words(column: str) -> Filter:
    """Equal to one of the values."""
    return lambda values: Q(**{f"{column}__in": values})


def ids(column: str) -> Filter:
    """One of these UUIDs; what is none matches nothing."""
    return lambda values: Q(**{f"{column}__in": [v for v in values if UUID.fullmatch(v)]})


def flag(parameter: str, column: str) -> Filter:
    """True or false."""

    def build(values: list[str]) -> Q:
        word = values[-1].lower()
        if word not in TRUE | FALSE:
            raise BadRequest(
                f"Invalid input for {parameter}: it must be true or false.", field=parameter
            )
        return Q(**{column: word in TRUE})

    return build


def always(*texts: str) -> Filter:
    """A field that has the same value everywhere."""
    return lambda values: Q() if {value.lower() for value in values} & set(texts) else NEVER


@dataclass(frozen=True)
class Collection:
    """One noun: its names, rows, record, filters and sort keys."""

    name: str
    noun: str
    rows: Callable[[Request], "QuerySet[Any]"]
    record: Callable[[Request, Any], dict[str, Any]]
    filters: Mapping[str, Filter]
    sort_keys: Mapping[str, str]
    missing: type[NotFound]

    def index(self, request: Request) -> HttpResponse:
        """GET of the list."""
        rows = self.rows(request)
        for name, values in request.query.lists():
            if name in self.filters:
                rows = rows.filter(self.filters[name](values))
        order = sorting(request, dict(self.sort_keys), ("id", "asc"))
        backwards = request.query.get("page_reverse", "").lower() in TRUE
        if backwards:
            order = [(column, not down) for column, down in order]
        rows = self._behind(request, rows, order)
        limit = limit_of(request)
        page = list(ordered(rows, order)[: limit or None])  # here 0 means "no limit"
        if backwards:
            page.reverse()
        shown = [_chosen(request, self.record(request, row)) for row in page]
        data: dict[str, Any] = {self.name: shown}
        if limit and len(page) == limit:
            data[f"{self.name}_links"] = self._links(request, page)
        return answer(data)

    def show(self, request: Request, id: str) -> HttpResponse:
        """GET of one."""
        row = self.rows(request).filter(uuid=id).first() if UUID.fullmatch(id) else None
        if row is None:
            raise self.missing(f"{self.noun.capitalize()} {id} could not be found.")
        return answer({self.noun: _chosen(request, self.record(request, row))})

    def _behind(
        self, request: Request, rows: "QuerySet[Any]", order: list[tuple[str, bool]]
    ) -> "QuerySet[Any]":
        marker = request.query.get("marker")
        if marker is None:
            return rows
        last = self.rows(request).filter(uuid=marker).first() if UUID.fullmatch(marker) else None
        if last is None:
            raise BadRequest(f"marker {marker[:80]!r} could not be found.", field="marker")
        model: type[Model] = rows.model
        return rows.filter(after(model, order, tuple(getattr(last, key) for key, _ in order)))

    def _links(self, request: Request, page: list[Any]) -> list[dict[str, str]]:
        url = f"{request.base}/network/v2.0/{self.name}"
        links = [{"rel": "next", "href": next_link(request, url, str(page[-1].uuid))}]
        if "marker" in request.query:
            back = next_link(request, url, str(page[0].uuid)) + "&page_reverse=True"
            links.append({"rel": "previous", "href": back})
        return links


def _chosen(request: Request, record: dict[str, Any]) -> dict[str, Any]:
    """Only the fields asked for, if any are."""
    fields = request.query.getlist("fields")
    return {key: record[key] for key in record if key in fields} if fields else record
