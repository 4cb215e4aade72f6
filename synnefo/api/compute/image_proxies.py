"""Images in the compute service's old words: gone from 2.36 on, their metadata from 2.39 on."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTransform
from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import METADATA, UUID, record
from synnefo.api.compute.gating import until
from synnefo.api.moments import moment
from synnefo.api.pagination import after, limit_of, next_link, ordered
from synnefo.api.request import Request, answer, empty, timestamp
from synnefo.api.routing import Route, Who
from synnefo.core.faults import BadRequest, NotFound
from synnefo.db.models import Image
from synnefo.intents import quota
from synnefo.intents.image import image_access
from synnefo.intents.image import images as intents

LAST, LAST_OF_METADATA = 35, 38
STATUS = {
    "queued": "SAVING",
    "saving": "SAVING",
    "uploading": "SAVING",
    "importing": "SAVING",
    "active": "ACTIVE",
    "killed": "ERROR",
}
PROGRESS = {"queued": 25, "saving": 50, "uploading": 50, "importing": 50, "active": 100}
ORDER = [("created_at", True), ("pk", True)]
ALL = record({"metadata": METADATA}, ("metadata",))
ONE = record({"meta": METADATA}, ("meta",))
ANY = record({}, rest=bodies.anything)
LIST = record({"images": bodies.listing(ANY), "images_links": bodies.listing(ANY)}, ("images",))
Metadata = dict[str, str]


# --- how they look -------------------------------------------------------------------------------


def _links(request: Request, uuid: str) -> list[dict[str, str]]:
    base = request.base
    return [
        {"rel": "self", "href": f"{base}/compute/v2.1/images/{uuid}"},
        {"rel": "bookmark", "href": f"{base}/compute/images/{uuid}"},
        {
            "rel": "alternate",
            "href": f"{base}/image/images/{uuid}",
            "type": "application/vnd.openstack.image",
        },
    ]


def _brief(request: Request, row: Image) -> dict[str, Any]:
    uuid = str(row.uuid)
    return {"id": uuid, "name": row.name or None, "links": _links(request, uuid)}


def _detailed(request: Request, row: Image) -> dict[str, Any]:
    image = _brief(request, row) | {
        "status": STATUS.get(row.status, "UNKNOWN"),
        "progress": PROGRESS.get(row.status, 0),
        "created": timestamp(row.created_at),
        "updated": timestamp(row.updated_at),
        "minDisk": row.min_disk,
        "minRam": row.min_ram,
        "metadata": row.properties,
        "OS-EXT-IMG-SIZE:size": row.size,
    }
    config = row.properties.get("auto_disk_config")
    if config is not None:
        automatic = config.lower() in bodies.TRUE
        image["OS-DCF:diskConfig"] = "AUTO" if automatic else "MANUAL"
    if server := row.properties.get("instance_uuid"):
        href = f"{request.base}/compute/v2.1/servers/{server}"
        bookmark = f"{request.base}/compute/servers/{server}"
        image["server"] = {
            "id": server,
            "links": [{"rel": "self", "href": href}, {"rel": "bookmark", "href": bookmark}],
        }
    return image


# --- lists ---------------------------------------------------------------------------------------


def _status(text: str) -> Q:
    return Q(status__in=[name for name, shown in STATUS.items() if shown == text.upper()])


def _number(column: str) -> Callable[[str], Q]:
    def build(text: str) -> Q:
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise BadRequest(f"{column} must be a whole number.", field=column)
        return Q(**{column: int(text)})

    return build


FILTERS: Mapping[str, Callable[[str], Q]] = {
    "name": lambda text: Q(name=text),
    "status": _status,
    "changes-since": lambda text: Q(updated_at__gte=moment(text, "changes-since")),
    "minDisk": _number("min_disk"),
    "minRam": _number("min_ram"),
}
PROPERTIES = {"server": "instance_uuid", "type": "image_type"}
QUERY = (*FILTERS, *PROPERTIES, "limit", "marker")


def _filtered(request: Request) -> "QuerySet[Image]":
    rows, condition = image_access.listed(request.caller), Q(os_hidden=False)
    condition &= ~Q(visibility="community") | Q(project_id=request.project)
    for name in request.query:
        value = str(request.query[name])
        if name in FILTERS:
            condition &= FILTERS[name](value)
            continue
        key = PROPERTIES.get(name) or name.removeprefix("property-")
        if name in PROPERTIES or name.startswith("property-"):
            alias = f"property_{len(rows.query.annotations)}"
            rows = rows.annotate(**{alias: KeyTransform(key[:255], "properties")})
            # A server may be given by its link.
            condition &= Q(**{alias: value.rpartition("/")[2] if name == "server" else value})
    return rows.filter(condition)


def _list(
    request: Request, path: str, render: Callable[[Request, Image], dict[str, Any]]
) -> HttpResponse:
    rows, marker = _filtered(request), request.query.get("marker")
    if marker is not None:
        seen = image_access.readable(request.caller)
        last = seen.filter(uuid=marker).first() if UUID.fullmatch(marker) else None
        if last is None:
            raise BadRequest(f"marker [{marker[:80]}] not found", field="marker")
        rows = rows.filter(after(Image, ORDER, (last.created_at, last.pk)))
    limit = limit_of(request)
    page = list(ordered(rows, ORDER)[:limit])
    data: dict[str, Any] = {"images": [render(request, row) for row in page]}
    if limit and len(page) == limit:
        href = next_link(request, f"{request.base}/compute/v2.1/{path}", str(page[-1].uuid))
        data["images_links"] = [{"rel": "next", "href": href}]
    return answer(data)


@until(LAST)
def index(request: Request) -> HttpResponse:
    """GET /images."""
    return _list(request, "images", _brief)


@until(LAST)
def detail(request: Request) -> HttpResponse:
    """GET /images/detail."""
    return _list(request, "images/detail", _detailed)


# --- one image -----------------------------------------------------------------------------------


def _find(request: Request, id: str) -> Image:
    try:
        return image_access.find(request.caller, id)
    except NotFound as absent:
        raise NotFound("Image not found.") from absent


@until(LAST)
def show(request: Request, id: str) -> HttpResponse:
    """GET /images/{id}."""
    return answer({"image": _detailed(request, _find(request, id))})


@until(LAST)
def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /images/{id}."""
    _find(request, id)
    intents.delete(request.caller, id)
    return empty(204)


@until(LAST_OF_METADATA)
def show_all(request: Request, id: str) -> HttpResponse:
    """GET /images/{id}/metadata."""
    return answer({"metadata": _find(request, id).properties})


def _change(request: Request, id: str, new: Callable[[Metadata], Metadata]) -> Metadata:
    """Other metadata, made of what there is while nobody else changes it."""
    _find(request, id)
    most = quota.limits(request.project)["metadata_items"]

    def changes(row: Image) -> dict[str, Any]:
        properties = new(dict(row.properties))
        if 0 <= most < len(properties):
            raise BadRequest("Image metadata limit exceeded", field="metadata")
        return {"properties": properties}

    return dict(intents.update(request.caller, id, changes).properties)


@until(LAST_OF_METADATA)
def replace_all(request: Request, id: str) -> HttpResponse:
    """PUT /images/{id}/metadata."""
    wanted = request.wish["metadata"]
    return answer({"metadata": _change(request, id, lambda _: wanted)})


@until(LAST_OF_METADATA)
def merge(request: Request, id: str) -> HttpResponse:
    """POST /images/{id}/metadata."""
    wanted = request.wish["metadata"]
    return answer({"metadata": _change(request, id, lambda known: known | wanted)})


@until(LAST_OF_METADATA)
def show_item(request: Request, id: str, key: str) -> HttpResponse:
    """GET /images/{id}/metadata/{key}."""
    properties = _find(request, id).properties
    if key not in properties:
        raise NotFound("Metadata item was not found")
    return answer({"meta": {key: properties[key]}})


@until(LAST_OF_METADATA)
def set_item(request: Request, id: str, key: str) -> HttpResponse:
    """PUT /images/{id}/metadata/{key}."""
    meta = request.wish["meta"]
    if len(meta) != 1 or key not in meta:
        raise BadRequest("Request body and URI mismatch", field=f"meta.{key[:80]}")
    _change(request, id, lambda known: known | meta)
    return answer({"meta": meta})


@until(LAST_OF_METADATA)
def delete_item(request: Request, id: str, key: str) -> HttpResponse:
    """DELETE /images/{id}/metadata/{key}."""
    if key not in _find(request, id).properties:
        raise NotFound("Invalid metadata key")
    _change(request, id, lambda known: {name: known[name] for name in known if name != key})
    return empty(204)


METADATA_PATH = "images/{id}/metadata"
ROUTES = (
    Route("GET", "images", index, Who.READER, gives={200: LIST}, query=QUERY),
    Route("GET", "images/detail", detail, Who.READER, gives={200: LIST}, query=QUERY),
    Route("GET", "images/{id}", show, Who.READER, gives={200: ANY}),
    Route("DELETE", "images/{id}", delete, Who.MEMBER, gives={204: None}),
    Route("GET", METADATA_PATH, show_all, Who.READER, gives={200: ALL}),
    Route("PUT", METADATA_PATH, replace_all, Who.MEMBER, ALL, {200: ALL}),
    Route("POST", METADATA_PATH, merge, Who.MEMBER, ALL, {200: ALL}),
    Route("GET", METADATA_PATH + "/{key}", show_item, Who.READER, gives={200: ONE}),
    Route("PUT", METADATA_PATH + "/{key}", set_item, Who.MEMBER, ONE, {200: ONE}),
    Route("DELETE", METADATA_PATH + "/{key}", delete_item, Who.MEMBER, gives={204: None}),
)
