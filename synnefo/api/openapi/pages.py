"""GET /openapi.json and GET /openapi: the document for programs, and a page that shows it."""

import gzip
import hashlib
from collections.abc import Callable
from functools import cache

import orjson
from django.http import HttpRequest, HttpResponse

from synnefo.api import web
from synnefo.api.openapi.document import document
from synnefo.api.routing import Service

View = Callable[[HttpRequest], HttpResponse]


def document_of(services: tuple[Service, ...]) -> View:
    """The view of the document; it is made at the first request and kept."""

    @cache
    def made() -> tuple[bytes, bytes, str]:
        text = orjson.dumps(document(services))
        return text, gzip.compress(text, 6, mtime=0), hashlib.sha256(text).hexdigest()[:24]

    def view(http: HttpRequest) -> HttpResponse:
        """GET /openapi.json."""
        if http.method not in ("GET", "HEAD"):
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        text, packed, etag = made()
        small = "gzip" in http.headers.get("Accept-Encoding", "")
        tag = f'"{etag}{"-gz" if small else ""}"'
        if tag in http.headers.get("If-None-Match", ""):
            return HttpResponse(status=304, headers={"ETag": tag})
        body = packed if small else text
        headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        headers["Content-Length"] = str(len(body))
        if small:
            headers["Content-Encoding"] = "gzip"
        return HttpResponse(body, content_type="application/json", headers=headers)

    return view


def page(http: HttpRequest) -> HttpResponse:
    """GET /openapi."""
    return web.static(http, "ui/openapi.html")
