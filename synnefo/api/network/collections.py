"""What the resources of this service have in common: lists with filters, fields, order and pages,
creation of one or many, change, removal, tags and revisions.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import HttpResponse

from synnefo.api.bodies import CONTROL, FALSE, TRUE, UUID, Kind
from synnefo.api.network import kinds
from synnefo.api.pagination import after, limit_of, next_link, ordered, sorting
from synnefo.api.request import Request, answer, empty, timestamp
from synnefo.api.routing import Route, Who
from synnefo.core.addresses import canonical
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, NotFound
from synnefo.core.network_faults import PolicyNotAuthorized
from synnefo.db.models import NetworkTag
from synnefo.intents.network import network_tags

Filter = Callable[[list[str]], Q]
Wish = Mapping[str, Any]
NEVER = Q(pk__in=())
PAGING = ("limit", "marker", "page_reverse", "sort_key", "sort_dir", "fields")
SERVICES = frozenset({"service"})
REVISION = re.compile(r"revision_number=([0-9]{1,9})")


def words(column: str) -> Filter:
    """Equal to one of the values."""
    return lambda values: Q(**{f"{column}__in": values})


def ids(column: str) -> Filter:
    """One of these UUIDs; what is none matches nothing."""
    return lambda values: Q(**{f"{column}__in": [v for v in values if UUID.fullmatch(v)]})


def addresses(column: str) -> Filter:
    """One of these IP addresses, however they are written; what is none matches nothing."""
    return lambda values: Q(**{f"{column}__in": [*filter(None, map(canonical, values))]})


def numbers(column: str) -> Filter:
    """One of these numbers."""
    return lambda values: Q(
        **{f"{column}__in": [int(v) for v in values if v.isascii() and v.isdigit() and len(v) < 10]}
    )


def flag(parameter: str, column: str) -> Filter:
    """True or false."""
    return condition(parameter, Q(**{column: True}))


def condition(parameter: str, holds: Q) -> Filter:
    """True or false, where that is more than a column."""

    def build(values: list[str]) -> Q:
        word = values[-1].lower()
        if word not in TRUE | FALSE:
            raise BadRequest(
                f"Invalid input for {parameter}: it must be true or false.", field=parameter
            )
        return holds if word in TRUE else ~holds

    return build


def always(*texts: str) -> Filter:
    """A field that has the same value everywhere."""
    return lambda values: Q() if {value.lower() for value in values} & set(texts) else NEVER


def _tagged(value: str) -> list[Q]:
    named = (tag for tag in value.split(",") if tag)
    return [
        Q(uuid__in=NetworkTag.objects.filter(tag=tag).values("resource"))
        for tag in list(named)[: network_tags.MOST]
    ]


def _all_of(values: list[str]) -> Q:
    found = Q()
    for one in _tagged(",".join(values)):
        found &= one
    return found


def _any_of(values: list[str]) -> Q:
    found = NEVER
    for one in _tagged(",".join(values)):
        found |= one
    return found


TAGS: dict[str, Filter] = {
    "tags": _all_of,
    "tags-any": _any_of,
    "not-tags": lambda values: ~_all_of(values),
    "not-tags-any": lambda values: ~_any_of(values),
}
STANDARD: dict[str, Filter] = {
    "id": ids("uuid"),
    "name": words("name"),
    "description": words("description"),
    "revision_number": numbers("revision"),
}
OWNED: dict[str, Filter] = {"tenant_id": words("project_id"), "project_id": words("project_id")}
SORT_KEYS = {
    "id": "uuid",
    "name": "name",
    "description": "description",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "tenant_id": "project_id",
    "project_id": "project_id",
}


def standard(row: Any, project: str) -> dict[str, Any]:
    """What every record of this service has."""
    return {
        "id": str(row.uuid),
        "name": row.name,
        "description": row.description,
        "tenant_id": project,
        "project_id": project,
        "tags": row.tag_list,
        "revision_number": row.revision,
        "created_at": timestamp(row.created_at),
        "updated_at": timestamp(row.updated_at),
    }


@dataclass(frozen=True)
class Collection:
    """One noun: its names, rows, record, filters and sort keys, and what can be done with it.

    `guarded` are the fields that only administrators may set, with the values that need no right
    because they are what a creation gives anyway. `served` are the methods that services may use
    for projects that are not their own.
    """

    name: str
    noun: str
    rows: Callable[[Request], "QuerySet[Any]"]
    record: Callable[[Request, Any], dict[str, Any]]
    filters: Mapping[str, Filter]
    missing: type[NotFound]
    sort_keys: Mapping[str, str] = field(default_factory=lambda: SORT_KEYS)
    path: str = ""
    title: str = ""
    make: Callable[[Caller, list[Wish]], list[Any]] | None = None
    change: Callable[[Caller, str, Wish, int | None], Any] | None = None
    remove: Callable[[Caller, str], None] | None = None
    new: Kind | None = None
    changed: Mapping[str, Kind] | None = None
    guarded: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    tagged: bool = True
    before: Callable[[Request], None] | None = None
    served: frozenset[str] = frozenset()

    # --- reading

    def index(self, request: Request) -> HttpResponse:
        """GET of the list."""
        if self.before is not None:
            self.before(request)
        rows = self.rows(request)
        known = {**self.filters, **TAGS} if self.tagged else self.filters
        for name, values in request.query.lists():
            if any(CONTROL.search(value) for value in values):
                raise BadRequest(f"Invalid input for {name[:80]}: control characters.", field=name)
            if name in known:
                rows = rows.filter(known[name](values))
        order = sorting(request, dict(self.sort_keys), ("id", "asc"))
        backwards = request.query.get("page_reverse", "").lower() in TRUE
        if backwards:
            order = [(column, not down) for column, down in order]
        rows = self._behind(request, rows, order)
        limit = limit_of(request)
        page = list(ordered(rows, order)[: limit or None])  # here 0 means "no limit"
        if backwards:
            page.reverse()
        data: dict[str, Any] = {self.name: self.records(request, page)}
        if limit and len(page) == limit:
            data[f"{self.name}_links"] = self._links(request, page)
        return answer(data)

    def records(self, request: Request, rows: Iterable[Any]) -> list[dict[str, Any]]:
        """How rows look, with their tags, and only the fields asked for."""
        page = list(rows)
        tags = network_tags.of_all(row.uuid for row in page) if self.tagged and page else {}
        for row in page:
            row.tag_list = tags.get(row.uuid, [])
        return [_chosen(request, self.record(request, row)) for row in page]

    def one(self, request: Request, id: str) -> Any:
        """The row of an id, or the fault that there is none."""
        row = self.rows(request).filter(uuid=id).first() if UUID.fullmatch(id) else None
        if row is None:
            title = self.title or self.noun.replace("_", " ").capitalize()
            raise self.missing(f"{title} {id} could not be found.")
        return row

    def show(self, request: Request, id: str) -> HttpResponse:
        """GET of one."""
        return answer({self.noun: self.records(request, [self.one(request, id)])[0]})

    # --- writing

    def create(self, request: Request) -> HttpResponse:
        """POST of one, or of many at once."""
        assert self.make is not None
        many = self.name in request.wish
        wishes = request.wish[self.name] if many else [request.wish[self.noun]]
        for wish in wishes:
            self._check_policy(request, wish, "create")
        made = network_tags.made(self.make, request.caller, wishes)
        found = self.rows(request).in_bulk([row.pk for row in made])
        shown = self.records(request, [found[row.pk] for row in made])
        return answer({self.name: shown} if many else {self.noun: shown[0]}, 201)

    def update(self, request: Request, id: str) -> HttpResponse:
        """PUT of one."""
        assert self.change is not None
        wish = request.wish[self.noun]
        self._check_policy(request, wish, "update")
        self.one(request, id)
        self.change(request.caller, id, wish, revision_of(request))
        return self.show(request, id)

    def delete(self, request: Request, id: str) -> HttpResponse:
        """DELETE of one."""
        assert self.remove is not None
        self.one(request, id)
        self.remove(request.caller, id)
        return empty(204)

    def _check_policy(self, request: Request, wish: Wish, verb: str) -> None:
        if request.caller.is_admin or (self.served & {"POST"} and request.caller.is_service):
            return
        for name, harmless in self.guarded.items():
            if name in wish and (verb == "update" or wish[name] not in harmless):
                raise PolicyNotAuthorized(
                    f"({verb}_{self.noun}:{name}) is disallowed by policy", field=name
                )

    # --- pages

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
        return rows.filter(after(model, order, tuple(_value(last, key) for key, _ in order)))

    def _links(self, request: Request, page: list[Any]) -> list[dict[str, str]]:
        url = f"{request.base}/network/v2.0/{self.path or self.name}"
        links = [{"rel": "next", "href": next_link(request, url, str(page[-1].uuid))}]
        if "marker" in request.query:
            back = next_link(request, url, str(page[0].uuid)) + "&page_reverse=True"
            links.append({"rel": "previous", "href": back})
        return links

    # --- the table of routes

    def routes(self) -> tuple[Route, ...]:
        """What the service's table has of this noun."""
        path = self.path or self.name
        query = (*PAGING, *self.filters, *(TAGS if self.tagged else ()))
        many, single = kinds.shapes(self.name), kinds.shape(self.noun)
        found = [
            Route("GET", path, self.index, Who.READER, gives={200: many}, query=query),
            Route(
                "GET",
                f"{path}/{{id}}",
                self.show,
                Who.READER,
                gives={200: single},
                query=("fields",),
            ),
        ]
        if self.new is not None:
            body = kinds.one_or_many(self.noun, self.name, self.new)
            made = {201: kinds.either_shape(single, many)}
            found.append(Route("POST", path, self.create, Who.MEMBER, body=body, gives=made))
        if self.changed is not None:
            body = kinds.one(self.noun, self.changed)
            found.append(
                Route(
                    "PUT", f"{path}/{{id}}", self.update, Who.MEMBER, body=body, gives={200: single}
                )
            )
        if self.remove is not None:
            gone: Mapping[int, Kind | None] = {204: None}
            found.append(Route("DELETE", f"{path}/{{id}}", self.delete, Who.MEMBER, gives=gone))
        return tuple(
            route._replace(also=SERVICES) if route.method in self.served else route
            for route in found
        )


def revision_of(request: Request) -> int | None:
    """The revision that a change is meant for, if the client says so."""
    text = request.header("If-Match")
    if text is None:
        return None
    match = REVISION.fullmatch(text.strip().strip('"'))
    if match is None:
        raise BadRequest(f"Invalid If-Match header: {text[:80]}", field="If-Match")
    return int(match[1])


def _value(row: Any, key: str) -> Any:
    for part in key.split("__"):
        row = getattr(row, part)
    return row


def _chosen(request: Request, record: dict[str, Any]) -> dict[str, Any]:
    """Only the fields asked for, if any are."""
    fields = request.query.getlist("fields")
    return {key: record[key] for key in record if key in fields} if fields else record
