"""Fetching images from the web, from hosts that the operator has named and from no other.

Runs in a thread of the API process. Who dies in the middle leaves an image that is "importing" and
whose file of parts nobody holds: the next process that starts queues it again.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict
from typing import IO, Any

from django.conf import settings

from synnefo.core.faults import BadRequest, Fault
from synnefo.db.models import Image, ImageTask
from synnefo.db.transactions import writing
from synnefo.intents.image import image_files, image_quota, image_tasks, images
from synnefo.intents.image.image_files import Written
from synnefo.intents.image.image_imports import DONE, FAILED
from synnefo.intents.image.image_tasks import FAILURE, SUCCESS

CHUNK = 1 << 18
PATIENCE = 60.0  # seconds, until something comes
SCHEMES = frozenset({"http", "https"})


def check_uri(uri: str | None) -> str:
    """Refuse what does not lead to a host that the operator has named."""
    refusal = BadRequest(f"URI for web-download does not pass filtering: {uri}", field="uri")
    try:
        parts = urllib.parse.urlsplit(uri or "")
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise refusal from error
    named = {host, f"{host}:{port}"} & settings.SYNNEFO_IMAGE_WEB_HOSTS
    if parts.scheme not in SCHEMES or not named or parts.username or parts.password:
        raise refusal
    if any(ord(sign) <= 32 or ord(sign) >= 127 for sign in uri or ""):
        raise refusal
    return str(uri)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows only to hosts that are allowed themselves."""

    def redirect_request(
        self, req: Any, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        try:
            check_uri(newurl)
        except BadRequest:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _pieces(uri: str, most: int | None) -> Iterator[bytes]:
    opener = urllib.request.build_opener(_Redirects)
    allowed = settings.SYNNEFO_IMAGE_WEB_SECONDS
    end = time.monotonic() + allowed
    try:
        with opener.open(uri, timeout=PATIENCE) as answer:
            # What is too large is refused before the first byte.
            image_files.check_size(answer.length or 0, most)
            # What is there, not a whole piece: a server that drips would never be too late.
            while piece := answer.read1(CHUNK):
                if time.monotonic() >= end:
                    raise BadRequest(f"{uri} did not come within {allowed} s.", field="uri")
                yield piece
            if answer.length:
                raise http.client.IncompleteRead(b"", answer.length)
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise BadRequest(f"{uri} could not be fetched: {error}", field="uri") from error


def fetch(task: ImageTask, uri: str) -> None:
    """Work at a task: the image is active afterwards, or queued again with the reason."""
    waiting = Image.objects.filter(status="importing")
    image = waiting.filter(uuid=task.image_uuid).first() if task.image_uuid else None
    if image is None:
        image_tasks.finish(task, FAILURE, "The image no longer waits for its bytes.")
        return
    image_tasks.begin(task)
    try:
        _receive(image, uri)
    except Fault as fault:
        _settle(image, status="queued", notes=FAILED)
        image_tasks.finish(task, FAILURE, fault.message)
    else:
        image_tasks.finish(task, SUCCESS)


def _receive(image: Image, uri: str) -> None:
    most = image_quota.room(image.project_id, image_quota.SIZE)
    with image_files.part_file(image) as file:
        size, checksum, digest = image_files.write(file, _pieces(uri, most), most)
        written = Written(size, image_files.inspect(file, image, size), checksum, digest)
        with writing():
            # Whoever deleted the image in the meantime must not find its bytes again.
            if not _still(image):
                raise BadRequest("The image was deleted while its bytes came.")
            image_files.keep(image)
            images.change(image, status="active", notes=DONE, **asdict(written))


def _still(image: Image) -> bool:
    same = Image.objects.select_for_update().filter(pk=image.pk, status="importing")
    return same.exists()


def _settle(image: Image, **columns: Any) -> None:
    with writing():
        if _still(image):
            images.change(image, **columns)
