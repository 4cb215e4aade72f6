"""Members of images: who they are shared with."""

from typing import Any

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.image.records import TEXT, find
from synnefo.api.request import Request, answer, empty, timestamp
from synnefo.core.faults import Forbidden
from synnefo.db.models import Image, ImageMember
from synnefo.intents.image import image_access
from synnefo.intents.image import image_members as intents

ADD = bodies.record({"member": bodies.text(1, 255)}, need=("member",), rest=bodies.anything)
# Clients say the member here too, which is in the path already.
ANSWER = bodies.record({"status": bodies.text(1, 255)}, need=("status",), rest=bodies.anything)
FIELDS = ("member_id", "image_id", "status", "created_at", "updated_at", "schema")
SHAPE = bodies.record(dict.fromkeys(FIELDS, TEXT), need=FIELDS)
LIST = bodies.record({"members": bodies.listing(SHAPE), "schema": TEXT}, need=("members",))


def record(row: ImageMember, image: Image) -> dict[str, Any]:
    """One member."""
    return {
        "member_id": row.member_id,
        "image_id": str(image.uuid),
        "status": row.status,
        "created_at": timestamp(row.created_at),
        "updated_at": timestamp(row.updated_at),
        "schema": "/v2/schemas/member",
    }


def index(request: Request, id: str) -> HttpResponse:
    """GET /v2/images/{id}/members: all for the owner, themselves for the members."""
    image = find(request, id)
    rows = ImageMember.objects.filter(image=image).order_by("pk")
    if not image_access.owns(request.caller, image):
        rows = rows.filter(member_id=request.project)
    if image.visibility != "shared" and not rows.exists():
        raise Forbidden("Only shared images have members.")
    return answer(
        {"members": [record(row, image) for row in rows], "schema": "/v2/schemas/members"}
    )


def show(request: Request, id: str, name: str) -> HttpResponse:
    """GET /v2/images/{id}/members/{member}."""
    image = find(request, id)
    return answer(record(intents.find(request.caller, image, name), image))


def add(request: Request, id: str) -> HttpResponse:
    """POST /v2/images/{id}/members."""
    row = intents.add(request.caller, id, request.wish["member"])
    return answer(record(row, row.image))


def update(request: Request, id: str, name: str) -> HttpResponse:
    """PUT /v2/images/{id}/members/{member}."""
    row = intents.answer(request.caller, id, name, request.wish["status"])
    return answer(record(row, row.image))


def remove(request: Request, id: str, name: str) -> HttpResponse:
    """DELETE /v2/images/{id}/members/{member}."""
    intents.remove(request.caller, id, name)
    return empty(204)
