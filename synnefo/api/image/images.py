"""Images: one, create, change, delete, tags, and who may have the bytes."""

from typing import Any

from django.http import HttpResponse

from synnefo.api.image import fields
from synnefo.api.image.records import find, find_own, record
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import Conflict, Forbidden, NotFound
from synnefo.db.models import Image
from synnefo.intents.image import image_imports
from synnefo.intents.image import images as intents
from synnefo.intents.image.image_tasks import STORE


def show(request: Request, id: str) -> HttpResponse:
    """GET /v2/images/{id}."""
    return answer(record(find(request, id)))


def create(request: Request) -> HttpResponse:
    """POST /v2/images: a record without bytes."""
    row = intents.create(request.caller, fields.creation(request, request.wish))
    headers = {
        "Location": f"{request.base}/image/v2/images/{row.uuid}",
        "OpenStack-image-import-methods": ",".join(image_imports.methods()),
        "OpenStack-image-store-ids": STORE,
    }
    return answer(record(row), 201, headers)


def update(request: Request, id: str) -> HttpResponse:
    """PATCH /v2/images/{id}."""
    find_own(request, id)
    todo = fields.steps((request.http.content_type or "").lower(), request.wish)
    row = intents.update(request.caller, id, lambda row: fields.changes(request, row, todo))
    return answer(record(row))


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /v2/images/{id}."""
    row = find_own(request, id)
    intents.delete(request.caller, str(row.uuid))
    return empty(204)


def deactivate(request: Request, id: str) -> HttpResponse:
    """POST /v2/images/{id}/actions/deactivate."""
    intents.deactivate(request.caller, id)
    return empty(204)


def reactivate(request: Request, id: str) -> HttpResponse:
    """POST /v2/images/{id}/actions/reactivate."""
    intents.reactivate(request.caller, id)
    return empty(204)


def add_tag(request: Request, id: str, tag: str) -> HttpResponse:
    """PUT /v2/images/{id}/tags/{tag}."""
    find_own(request, id)
    wanted = fields.tag(tag)

    def with_tag(row: Image) -> dict[str, Any]:
        if wanted in row.tags:
            return {}
        return fields.changes(request, row, [fields.Step("replace", "tags", [*row.tags, wanted])])

    intents.update(request.caller, id, with_tag)
    return empty(204)


def delete_tag(request: Request, id: str, tag: str) -> HttpResponse:
    """DELETE /v2/images/{id}/tags/{tag}."""
    find_own(request, id)

    def without_tag(row: Image) -> dict[str, Any]:
        if tag not in row.tags:
            raise NotFound(f"Image {id} has no tag {tag}.")
        return {"tags": [other for other in row.tags if other != tag]}

    intents.update(request.caller, id, without_tag)
    return empty(204)


def locations(request: Request, id: str) -> HttpResponse:
    """GET and POST /v2/images/{id}/locations: bytes are here and nowhere else."""
    find(request, id)
    raise Forbidden("Locations are not shown, and http store must be enabled to add any.")


def leave_store(request: Request, name: str, id: str) -> HttpResponse:
    """DELETE /v2/stores/{store}/{id}: there is one store, and images do not outlive its bytes."""
    if name != STORE:
        raise Conflict(f"The selected store {name} is not available on this node.")
    row = find(request, id)
    if row.status != "active":
        raise Conflict(
            "It's not allowed to remove image data from store if image status is not 'active'"
        )
    raise Forbidden(
        "Cannot delete image data from the only store containing it."
        " Consider deleting the image instead."
    )
