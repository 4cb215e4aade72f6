"""Imports and tasks, and what the service says of itself: methods, stores, quota."""

import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from django.db.models import QuerySet
from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import UUID
from synnefo.api.identity.catalog import INTERFACES, REGION
from synnefo.api.image import fields
from synnefo.api.image.records import NUMBER, TEXT, find
from synnefo.api.pagination import after, limit_of, ordered, sorted_by, sorting
from synnefo.api.request import CHUNK, Request, answer, empty, timestamp
from synnefo.core.faults import BadRequest, Conflict, NotFound
from synnefo.db.models import ImageTask
from synnefo.intents.image import image_downloads, image_imports, image_quota, image_tasks
from synnefo.intents.image import images as images_intents
from synnefo.intents.image.image_imports import COPY, DOWNLOAD, WEB, ImportWish
from synnefo.intents.image.image_tasks import STORE

METHOD = bodies.record(
    {
        "name": bodies.text(1, 255),
        "uri": bodies.text(1, 2048),
        "glance_image_id": bodies.text(1, 255),
        "glance_region": bodies.text(1, 255),
        "glance_service_interface": bodies.text(1, 255),
    },
    need=("name",),
)
IMPORT = bodies.record(
    {
        "method": METHOD,
        "stores": bodies.listing(bodies.text(1, 255), least=1, most=32),
        "all_stores": bodies.flag,
        "all_stores_must_succeed": bodies.flag,
    },
    need=("method",),
)
TASK = bodies.record(
    {
        "type": bodies.choice(image_tasks.TASK),
        "input": bodies.record(
            {
                "import_from": bodies.text(1, 2048),
                "import_from_format": bodies.choice(*fields.DISK_FORMATS),
                "image_properties": fields.CREATION,
            },
            need=("import_from", "import_from_format", "image_properties"),
        ),
    },
    need=("type", "input"),
)
TASK_SHAPE = bodies.record(
    {
        **dict.fromkeys(("id", "type", "status", "owner", "created_at", "updated_at"), TEXT),
        **dict.fromkeys(("self", "schema", "message", "user_id", "request_id"), TEXT),
        "expires_at": TEXT,
        "image_id": TEXT,
        "input": bodies.maybe(bodies.anything),
        "result": bodies.maybe(bodies.anything),
    },
    need=("id", "type", "status", "owner"),
)
TASKS_OF_IMAGE = bodies.record({"tasks": bodies.listing(TASK_SHAPE)}, need=("tasks",))
TASKS = bodies.record(
    {"tasks": bodies.listing(TASK_SHAPE), "first": TEXT, "next": TEXT, "schema": TEXT},
    need=("tasks", "first", "schema"),
)
SORT_KEYS = {
    name: name for name in ("created_at", "updated_at", "expires_at", "status", "type")
} | {"id": "uuid"}
FETCHERS = 2  # images on their way from the web at the same time
_fetchers = ThreadPoolExecutor(FETCHERS, thread_name_prefix="image-download")


# --- imports -------------------------------------------------------------------------------------


def import_image(request: Request, id: str) -> HttpResponse:
    """POST /v2/images/{id}/import."""
    find(request, id)
    wish = _wish(request.wish)
    task = image_imports.import_image(request.caller, id, wish)
    if task is not None and wish.method == WEB:
        _fetchers.submit(_fetch, task, str(wish.uri))
    return empty(202)


def _wish(body: dict[str, Any]) -> ImportWish:
    method, every = body["method"], body.get("all_stores", False)
    name = method["name"]
    if name not in image_imports.methods():
        raise BadRequest(f"Unknown import method name '{name}'.", field="method.name")
    if every and "stores" in body:
        raise BadRequest("Either all_stores or stores may be given.", field="stores")
    for store in body.get("stores", ()):
        if store != STORE:
            raise Conflict(f"The selected store {store} is not available on this node.")
    if name == DOWNLOAD:
        _check_source(method)
    here = method.get("glance_region") == REGION
    here = here and method.get("glance_service_interface", "public") in INTERFACES
    return ImportWish(
        method=name,
        request=body,
        all_stores=every or (name == COPY and "stores" not in body),
        source=method.get("glance_image_id"),
        here=here,
        uri=image_downloads.check_uri(method.get("uri")) if name == WEB else None,
    )


def _check_source(method: dict[str, Any]) -> None:
    for name in ("glance_region", "glance_image_id"):
        if name not in method:
            raise BadRequest(f"'{name}' needs to be set for glance-download import method")
    if not UUID.fullmatch(method["glance_image_id"]):
        raise BadRequest(
            f"Remote image id does not look like a UUID: {method['glance_image_id']}",
            field="glance_image_id",
        )


def _fetch(task: ImageTask, uri: str) -> None:
    """In a thread of its own, with a connection of its own."""
    try:
        image_downloads.fetch(task, uri)
    finally:
        close_old_connections()


# --- tasks ---------------------------------------------------------------------------------------


def _stub(row: ImageTask) -> dict[str, Any]:
    task = {
        "id": str(row.uuid),
        "type": row.type,
        "status": row.status,
        "owner": row.owner,
        "created_at": timestamp(row.created_at),
        "updated_at": timestamp(row.updated_at),
        "self": f"/v2/tasks/{row.uuid}",
        "schema": "/v2/schemas/task",
    }
    return task | ({"expires_at": timestamp(row.expires_at)} if row.expires_at else {})


def task_record(row: ImageTask) -> dict[str, Any]:
    """One task with what was asked and what came of it."""
    optional = {
        "image_id": str(row.image_uuid) if row.image_uuid else "",
        "request_id": row.request_id,
        "user_id": row.user_id,
    }
    whole = {"input": row.input, "result": row.result, "message": row.message}
    return _stub(row) | whole | {name: value for name, value in optional.items() if value}


def tasks_of_image(request: Request, id: str) -> HttpResponse:
    """GET /v2/images/{id}/tasks."""
    image = find(request, id)
    rows = ImageTask.objects.filter(image_uuid=image.uuid).order_by("pk")
    return answer({"tasks": [task_record(row) for row in rows]})


def _filtered(request: Request) -> "QuerySet[ImageTask]":
    rows = ImageTask.objects.all()
    for name in ("type", "status"):
        if name in request.query:
            rows = rows.filter(**{name: request.query[name][:64]})
    return rows


@sorted_by(SORT_KEYS)
def tasks(request: Request) -> HttpResponse:
    """GET /v2/tasks."""
    rows = _filtered(request)
    order = sorting(request, SORT_KEYS, ("created_at", "desc"))
    marker = request.query.get("marker")
    if marker is not None:
        last = ImageTask.objects.filter(uuid=marker).first() if UUID.fullmatch(marker) else None
        if last is None:
            raise BadRequest(f"marker {marker[:80]!r} is no task.", field="marker")
        rows = rows.filter(after(ImageTask, order, tuple(getattr(last, key) for key, _ in order)))
    limit = limit_of(request)
    page = list(ordered(rows, order)[:limit])
    data = {
        "tasks": [_stub(row) for row in page],
        "first": link(request, "/v2/tasks"),
        "schema": "/v2/schemas/tasks",
    }
    if limit and len(page) == limit:
        data["next"] = link(request, "/v2/tasks", str(page[-1].uuid))
    return answer(data)


def link(request: Request, path: str, marker: str | None = None) -> str:
    """A link to a page, with the filters asked."""
    query = [
        (name, value)
        for name, values in request.query.lists()
        for value in values
        if name != "marker"
    ]
    query += [("marker", marker)] if marker else []
    return f"{path}?{urllib.parse.urlencode(query)}" if query else path


def task(request: Request, id: str) -> HttpResponse:
    """GET /v2/tasks/{id}."""
    row = ImageTask.objects.filter(uuid=id).first() if UUID.fullmatch(id) else None
    if row is None:
        raise NotFound(f"Failed to find task {id}")
    return answer(task_record(row))


def create_task(request: Request) -> HttpResponse:
    """POST /v2/tasks: an image from the web, in one go."""
    wish = request.wish["input"]
    uri = image_downloads.check_uri(wish["import_from"])
    columns = fields.creation(request, wish["image_properties"])
    columns.setdefault("disk_format", wish["import_from_format"])
    columns.setdefault("container_format", "bare")
    image = images_intents.create(request.caller, columns)
    shown = {**wish, "image_properties": request.json()["input"]["image_properties"]}
    asked = ImportWish(method=WEB, request=shown, uri=uri)
    row = image_imports.import_image(request.caller, str(image.uuid), asked)
    if row is None:
        raise Conflict("The image is there already.")
    _fetchers.submit(_fetch, row, uri)
    return answer(task_record(row), 201, {"Location": f"/v2/tasks/{row.uuid}"})


# --- what the service says of itself -------------------------------------------------------------

METHODS_SHAPE = bodies.record({"import-methods": bodies.anything}, need=("import-methods",))
STORES_SHAPE = bodies.record({"stores": bodies.listing(bodies.anything)}, need=("stores",))
AMOUNT = bodies.record({"limit": bodies.integer(-1, 2**62), "usage": NUMBER})
USAGE_SHAPE = bodies.record(
    {"usage": bodies.record(dict.fromkeys(image_quota.USED, AMOUNT))}, need=("usage",)
)


def methods(request: Request) -> HttpResponse:
    """GET /v2/info/import."""
    known = {
        "description": "Import methods available.",
        "type": "array",
        "value": image_imports.methods(),
    }
    return answer({"import-methods": known})


def stores(request: Request) -> HttpResponse:
    """GET /v2/info/stores."""
    return answer({"stores": [_store()]})


def _store() -> dict[str, Any]:
    return {"id": STORE, "description": "Files on this machine", "default": "true"}


def stores_detail(request: Request) -> HttpResponse:
    """GET /v2/info/stores/detail, for administrators."""
    properties = {
        "data_dir": str(settings.SYNNEFO_IMAGES),
        "chunk_size": CHUNK,
        "thin_provisioning": False,
    }
    more = {"type": "file", "weight": 0, "properties": properties}
    return answer({"stores": [_store() | more]})


def usage(request: Request) -> HttpResponse:
    """GET /v2/info/usage: the project's quota and what it has used of it."""
    return answer({"usage": image_quota.usage(request.project)})
