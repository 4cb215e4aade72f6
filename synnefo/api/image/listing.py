"""GET /v2/images: filters, sorting, pages."""

import re
from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTransform
from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import FALSE, TRUE, UUID
from synnefo.api.image.records import SHAPE as IMAGE
from synnefo.api.image.records import TEXT, record
from synnefo.api.moments import moment
from synnefo.api.pagination import after, limit_of, next_link, ordered, sorted_by, sorting
from synnefo.api.request import Request, answer
from synnefo.core.faults import BadRequest
from synnefo.db.json_lists import ListHolds
from synnefo.db.models import Image
from synnefo.intents.image import image_access, image_members

SORT_KEYS = {
    name: name
    for name in (
        "created_at", "updated_at", "name", "status", "container_format", "disk_format", "size",
        "min_disk", "min_ram", "visibility",
    )
} | {"id": "uuid"}  # fmt: skip
PAGING = frozenset({"limit", "marker", "sort", "sort_key", "sort_dir", "member_status", "tag"})
STATUSES = frozenset(
    {"queued", "saving", "active", "killed", "deleted", "pending_delete", "deactivated",
     "uploading", "importing"}
)  # fmt: skip
VISIBILITIES = frozenset({"public", "private", "shared", "community", "all"})
COMPARISONS = {"gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte", "eq": "exact", "neq": "exact"}


def _several(text: str) -> list[str]:
    """`in:a,"b,c"` or one value."""
    if not text.startswith("in:"):
        return [text]
    return [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|([^,]+)', text[3:])]


def _words(column: str) -> Callable[[list[str]], Q]:
    return lambda values: Q(**{f"{column}__in": _several(values[-1])})


def _ids(values: list[str]) -> Q:
    return Q(uuid__in=[key for key in _several(values[-1]) if UUID.fullmatch(key)])


def _known(column: str, known: frozenset[str]) -> Callable[[list[str]], Q]:
    def build(values: list[str]) -> Q:
        wanted = _several(values[-1])
        if unknown := set(wanted) - known:
            raise BadRequest(f"{column} {sorted(unknown)[0][:40]!r} is not known.", field=column)
        return Q() if "all" in wanted else Q(**{f"{column}__in": wanted})

    return build


def _number(parameter: str, lookup: str) -> Callable[[list[str]], Q]:
    def build(values: list[str]) -> Q:
        if not re.fullmatch(r"[0-9]{1,18}", values[-1]):
            raise BadRequest(f"{parameter} must be a whole number.", field=parameter)
        return Q(**{lookup: int(values[-1])})

    return build


def _flag(parameter: str) -> Callable[[list[str]], Q]:
    def build(values: list[str]) -> Q:
        word = values[-1].lower()
        if word not in TRUE | FALSE:
            raise BadRequest(f"{parameter} must be true or false.", field=parameter)
        return Q(**{parameter: word in TRUE})

    return build


def _moment(parameter: str) -> Callable[[list[str]], Q]:
    def build(values: list[str]) -> Q:
        condition = Q()
        for value in values:
            operator, _, text = value.partition(":")
            if operator not in COMPARISONS:
                operator, text = "eq", value
            when = moment(text, parameter)
            one = Q(**{f"{parameter}__{COMPARISONS[operator]}": when})
            condition &= ~one if operator == "neq" else one
        return condition

    return build


FILTERS: dict[str, Callable[[list[str]], Q]] = {
    "id": _ids,
    "name": _words("name"),
    "status": _known("status", STATUSES),
    "visibility": _known("visibility", VISIBILITIES),
    "owner": _words("project_id"),
    "disk_format": _words("disk_format"),
    "container_format": _words("container_format"),
    "checksum": _words("checksum"),
    "os_hash_value": _words("os_hash_value"),
    "size": _number("size", "size"),
    "virtual_size": _number("virtual_size", "virtual_size"),
    "size_min": _number("size_min", "size__gte"),
    "size_max": _number("size_max", "size__lte"),
    "min_ram": _number("min_ram", "min_ram"),
    "min_disk": _number("min_disk", "min_disk"),
    "protected": _flag("protected"),
    "os_hidden": _flag("os_hidden"),
    "created_at": _moment("created_at"),
    "updated_at": _moment("updated_at"),
}


# What the query of a list may have, besides the names of custom properties.
QUERY = (*FILTERS, *sorted(PAGING))


def _in_lists(request: Request) -> "QuerySet[Image]":
    status = request.query.get("member_status", "accepted")
    if status not in (*image_members.STATUSES, "all"):
        raise BadRequest(f"member_status {status[:40]!r} is not known.", field="member_status")
    return image_access.listed(request.caller, None if status == "all" else status)


def _filtered(request: Request) -> "QuerySet[Image]":
    rows = _in_lists(request)
    condition = Q()
    if "os_hidden" not in request.query:
        condition &= Q(os_hidden=False)
    if "visibility" not in request.query:
        # Community images are found by id, or by those who ask for them.
        condition &= ~Q(visibility="community") | Q(project_id=request.project)
    for name, values in request.query.lists():
        if name in FILTERS:
            condition &= FILTERS[name](values)
        elif name not in PAGING and len(name) <= 255:
            # Everything else is the name of a custom property.
            alias = f"property_{len(condition)}_{len(rows.query.annotations)}"
            rows = rows.annotate(**{alias: KeyTransform(name, "properties")})
            condition &= Q(**{alias: values[-1]})
    for tag in request.query.getlist("tag"):
        if not 0 < len(tag) <= 255:
            raise BadRequest("tag must have 1 to 255 characters.", field="tag")
        condition &= Q(ListHolds("tags", tag))
    return rows.filter(condition)


def _page(request: Request) -> tuple[list[Image], int]:
    rows = _filtered(request)
    order = sorting(request, SORT_KEYS, ("created_at", "desc"))
    marker = request.query.get("marker")
    if marker is not None:
        found = image_access.readable(request.caller)
        last = found.filter(uuid=marker).first() if UUID.fullmatch(marker) else None
        if last is None:
            raise BadRequest(f"marker {marker[:80]!r} is no image.", field="marker")
        rows = rows.filter(after(Image, order, tuple(getattr(last, key) for key, _ in order)))
    limit = limit_of(request)
    return list(ordered(rows, order)[:limit]), limit


SHAPE = bodies.record(
    {"images": bodies.listing(IMAGE), "first": TEXT, "next": TEXT, "schema": TEXT},
    need=("images", "first", "schema"),
)


@sorted_by(SORT_KEYS)
def index(request: Request) -> HttpResponse:
    """GET /v2/images."""
    page, limit = _page(request)
    data: dict[str, Any] = {
        "images": [record(row) for row in page],
        "first": next_first(request),
        "schema": "/v2/schemas/images",
    }
    if limit and len(page) == limit:
        data["next"] = next_link(request, "/v2/images", str(page[-1].uuid))
    return answer(data)


def next_first(request: Request) -> str:
    """The link to the first page, with the filters asked."""
    query = request.query.copy()
    query.pop("marker", None)
    return f"/v2/images?{query.urlencode()}" if query else "/v2/images"
