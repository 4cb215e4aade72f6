"""Pages for people: the web client and its files, and the console."""

import gzip
import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string

from synnefo.api.request import answer

TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
}
COMPRESSED = frozenset({".js", ".mjs", ".css", ".html", ".svg", ".json"})
# The names of files do not change with their content, so browsers ask whether it changed.
CACHING = "no-cache"
PLAIN_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Synnefo</title></head>
<body><h1>Synnefo</h1><p>The cloud is up; its web client is not installed here.
The identity service is at <a href="/identity/v3">/identity/v3</a>.</p></body></html>
"""
# All that the pages load is here; consoles draw pieces of the screen from data addresses.
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
GUARDS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Addresses of consoles hold a token.
    "Referrer-Policy": "no-referrer",
}


class File(NamedTuple):
    """A file as it is served."""

    content: bytes
    compressed: bytes | None
    kind: str
    etag: str


@lru_cache(maxsize=512)
def _load(path: Path, _changed: int) -> File:
    content = path.read_bytes()
    kind = (
        TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    )
    small = gzip.compress(content, 6, mtime=0) if path.suffix in COMPRESSED else None
    return File(content, small, kind, hashlib.sha256(content).hexdigest()[:24])


def _missing() -> HttpResponse:
    return HttpResponse("404 Not Found\n", status=404, content_type="text/plain")


def _guarded(response: HttpResponse) -> HttpResponse:
    for name, value in GUARDS.items():
        response[name] = value
    return response


def _serve(http: HttpRequest, path: Path) -> HttpResponse:
    file = _load(path, path.stat().st_mtime_ns)
    packed = file.compressed if "gzip" in http.headers.get("Accept-Encoding", "") else None
    etag = f'"{file.etag}{"-gz" if packed else ""}"'
    if etag in http.headers.get("If-None-Match", ""):
        response = HttpResponse(status=304)
        del response["Content-Type"]
    else:
        body = packed or file.content
        response = HttpResponse(body, content_type=file.kind)
        response["Content-Length"] = str(len(body))
        if packed:
            response["Content-Encoding"] = "gzip"
    response["ETag"] = etag
    response["Cache-Control"] = CACHING
    response["Vary"] = "Accept-Encoding"
    return _guarded(response)


def static(http: HttpRequest, path: str) -> HttpResponse:
    """GET /static/…: a file below ui/static, and none beside it."""
    root = Path(settings.SYNNEFO_STATIC).resolve()
    if http.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    if "\0" in path or len(path) > 1024:
        return _missing()
    wanted = (root / path).resolve()
    if not wanted.is_relative_to(root) or not wanted.is_file():
        return _missing()
    return _serve(http, wanted)


def console(http: HttpRequest) -> HttpResponse:
    """GET /console/vnc.html."""
    return static(http, "ui/console.html")


def index(http: HttpRequest) -> HttpResponse:
    """GET /: the web client, which then speaks to the public API as any other."""
    if http.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    try:
        page: str = render_to_string("index.html", {"prefix": settings.SYNNEFO_INSTANCE_PREFIX})
    except TemplateDoesNotExist:
        page = PLAIN_PAGE
    response = HttpResponse(page.encode())
    response["Content-Length"] = str(len(response.content))
    response["Cache-Control"] = CACHING
    return _guarded(response)


def unknown(http: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Everything else, such as OPTIONS of "*", which is no path."""
    return answer({"error": {"code": 404, "title": "Not Found", "message": f"{http.path}"}}, 404)
