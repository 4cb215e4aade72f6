"""Images: one, create, change, delete, tags, and their bytes in both directions."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from synnefo.api.image import fields
from synnefo.api.image.records import find, find_own, record
from synnefo.api.request import CHUNK, JSON_TYPES, Request, answer, empty
from synnefo.core.faults import NotFound, UnsupportedMediaType
from synnefo.intents import images as intents

BYTES = "application/octet-stream"


def show(request: Request, id: str) -> HttpResponse:
    """GET /v2/images/{id}."""
    return answer(record(find(request, id)))


def create(request: Request) -> HttpResponse:
    """POST /v2/images: a record without bytes."""
    row = intents.create(request.caller, fields.creation(request, request.json(JSON_TYPES)))
    location = f"{request.base}/image/v2/images/{row.uuid}"
    return answer(record(row), 201, {"Location": location})


def update(request: Request, id: str) -> HttpResponse:
    """PATCH /v2/images/{id}."""
    row = find_own(request, id)
    kind = (request.http.content_type or "").lower()
    todo = fields.steps(kind, request.json(frozenset({fields.NEW_PATCH, fields.OLD_PATCH})))
    changes = fields.changes(request, row, todo)
    if changes:
        row = intents.update(request.caller, str(row.uuid), changes)
    return answer(record(row))


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /v2/images/{id}."""
    row = find_own(request, id)
    intents.delete(request.caller, str(row.uuid))
    return empty(204)


def upload(request: Request, id: str) -> HttpResponse:
    """PUT /v2/images/{id}/file: bytes as they come, never all of them in memory."""
    row = find_own(request, id)
    if (request.http.content_type or "").lower() != BYTES:
        raise UnsupportedMediaType(f"The bytes of an image have the content type {BYTES}.")
    intents.store_file(request.caller, str(row.uuid), request.chunks())
    return empty(204)


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while chunk := source.read(CHUNK):
            yield chunk


def download(request: Request, id: str) -> HttpResponseBase:
    """GET /v2/images/{id}/file."""
    row = find(request, id)
    if row.status != "active":
        return empty(204)
    path = Path(settings.SYNNEFO_IMAGES) / str(row.uuid)
    if not path.is_file():
        raise NotFound(f"The bytes of image {id} could not be found.", path=str(path))
    response = StreamingHttpResponse(_read(path), content_type=BYTES)
    response["Content-Length"] = str(path.stat().st_size)
    if row.checksum:
        response["Content-MD5"] = row.checksum
    return response


def add_tag(request: Request, id: str, tag: str) -> HttpResponse:
    """PUT /v2/images/{id}/tags/{tag}."""
    row = find_own(request, id)
    fields.TAG(tag, "tag", True)
    if tag not in row.tags:
        tags = fields.TAGS(sorted({*row.tags, tag}), "tags", True)
        intents.update(request.caller, str(row.uuid), {"tags": tags})
    return empty(204)


def delete_tag(request: Request, id: str, tag: str) -> HttpResponse:
    """DELETE /v2/images/{id}/tags/{tag}."""
    row = find_own(request, id)
    if tag not in row.tags:
        raise NotFound(f"Image {id} has no tag {tag}.")
    tags = [other for other in row.tags if other != tag]
    intents.update(request.caller, str(row.uuid), {"tags": tags})
    return empty(204)
