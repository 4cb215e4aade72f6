"""Images: one, create, change, delete, tags, and their bytes in both directions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from synnefo.api.image import fields
from synnefo.api.image.records import find, find_own, record
from synnefo.api.request import CHUNK, JSON_TYPES, Request, answer, empty
from synnefo.core.faults import NotFound, UnsupportedMediaType
from synnefo.db.models import Image
from synnefo.intents import images as intents
from synnefo.intents.image_files import check_size, path_of

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
    find_own(request, id)
    kind = (request.http.content_type or "").lower()
    todo = fields.steps(kind, request.json(frozenset({fields.NEW_PATCH, fields.OLD_PATCH})))
    row = intents.update(request.caller, id, lambda row: fields.changes(request, row, todo))
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
    check_size(int(request.http.META.get("CONTENT_LENGTH") or 0))
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
    path = path_of(row)
    if not path.is_file():
        raise NotFound(f"The bytes of image {id} could not be found.", path=str(path))
    response = StreamingHttpResponse(_read(path), content_type=BYTES)
    response["Content-Length"] = str(path.stat().st_size)
    if row.checksum:
        response["Content-MD5"] = row.checksum
    return response


def add_tag(request: Request, id: str, tag: str) -> HttpResponse:
    """PUT /v2/images/{id}/tags/{tag}."""
    find_own(request, id)
    fields.TAG(tag, "tag", True)

    def with_tag(row: Image) -> dict[str, Any]:
        return (
            {} if tag in row.tags else {"tags": fields.TAGS(sorted({*row.tags, tag}), "tags", True)}
        )

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
