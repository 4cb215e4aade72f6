"""The bytes of images in both directions, never all of them in memory."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from synnefo.api.image.records import find, find_own
from synnefo.api.request import CHUNK, Request, empty
from synnefo.core.faults import (
    BadRequest,
    Forbidden,
    NotFound,
    RangeNotSatisfiable,
    UnsupportedMediaType,
)
from synnefo.db.models import Image
from synnefo.intents.image import images as intents
from synnefo.intents.image.image_files import check_size, path_of
from synnefo.intents.image.image_tasks import STORE

BYTES = "application/octet-stream"
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(?:\d{1,18}|\*)")


def _receivable(request: Request, id: str) -> Image:
    row = find_own(request, id)
    if (request.http.content_type or "").lower() != BYTES:
        raise UnsupportedMediaType(f"The bytes of an image have the content type {BYTES}.")
    if (request.header("X-Image-Meta-Store") or STORE) != STORE:
        raise BadRequest(f"The only store is {STORE}.", field="X-Image-Meta-Store")
    check_size(int(request.http.META.get("CONTENT_LENGTH") or 0))
    return row


def upload(request: Request, id: str) -> HttpResponse:
    """PUT /v2/images/{id}/file: bytes as they come."""
    row = _receivable(request, id)
    intents.store_file(request.caller, str(row.uuid), request.chunks())
    return empty(204)


def stage(request: Request, id: str) -> HttpResponse:
    """PUT /v2/images/{id}/stage: bytes that wait for their import."""
    row = _receivable(request, id)
    intents.stage(request.caller, str(row.uuid), request.chunks())
    return empty(204)


def _read(path: Path, start: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as source:
        source.seek(start)
        while length and (chunk := source.read(min(CHUNK, length))):
            length -= len(chunk)
            yield chunk


def part_of(request: Request, size: int) -> tuple[int, int] | None:
    """First byte and number of bytes that are asked for; None is all of them."""
    text = request.header("Range")
    if text is None:
        return _old_part(request, size)
    match = RANGE.fullmatch(text.strip())
    if match is None or match[1] == match[2] == "":
        raise RangeNotSatisfiable(f"Range {text[:80]!r} is not one range of bytes.", field="Range")
    if match[1] == "":
        start, end = max(0, size - int(match[2])), size
    else:
        start = int(match[1])
        end = min(size, int(match[2]) + 1) if match[2] else size
    return _checked(start, end, size)


def _old_part(request: Request, size: int) -> tuple[int, int] | None:
    """Old clients say Content-Range."""
    text = request.header("Content-Range")
    if text is None:
        return None
    match = CONTENT_RANGE.fullmatch(text.strip())
    if match is None:
        raise BadRequest(f"Content-Range {text[:80]!r} is invalid.", field="Content-Range")
    return _checked(int(match[1]), min(size, int(match[2]) + 1), size)


def _checked(start: int, end: int, size: int) -> tuple[int, int]:
    if start >= end:
        raise RangeNotSatisfiable(f"The image has the bytes 0 to {size - 1} only.", field="Range")
    return start, end - start


def download(request: Request, id: str) -> HttpResponseBase:
    """GET /v2/images/{id}/file, all of it or a range."""
    row = find(request, id)
    if row.status == "deactivated" and not request.caller.is_admin:
        raise Forbidden(
            "The requested image has been deactivated. Image data download is forbidden."
        )
    if row.status not in ("active", "deactivated"):
        return empty(204)
    path = path_of(row)
    if not path.is_file():
        raise NotFound(f"The bytes of image {id} could not be found.", path=str(path))
    size = path.stat().st_size
    part = part_of(request, size)
    start, length = part or (0, size)
    response = StreamingHttpResponse(
        _read(path, start, length), status=206 if part else 200, content_type=BYTES
    )
    response["Content-Length"] = str(length)
    response["Accept-Ranges"] = "bytes"
    if part:
        response["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    elif row.checksum:
        response["Content-MD5"] = row.checksum
    return response
