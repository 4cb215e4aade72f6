"""What a view gets and gives: the request with its caller and body, and the answers in JSON."""

import hashlib
from collections.abc import Iterator
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, QueryDict

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, TooLarge, UnsupportedMediaType

BODY_LIMIT = 1 << 20  # More than any JSON body of this API needs; images are streamed.
CHUNK = 1 << 18
JSON_TYPES = frozenset({"", "application/json", "text/plain", "application/x-www-form-urlencoded"})
Version = tuple[int, int]


class Request:
    """One request on its way through a service."""

    __slots__ = ("_raw", "base", "caller", "http", "strict", "subject", "token", "version", "wish")

    def __init__(self, http: HttpRequest, base: str) -> None:
        self.http = http
        self.base = base  # scheme and host as the client used them: links follow the client
        self.caller: Caller = None  # type: ignore[assignment]  # Set before any view that needs it.
        self.token = ""
        self.subject: Any = None  # of identity: what is known of the token that is asked about
        self.version: Version = (2, 1)
        self.wish: Any = None  # the body, checked, where the route says of which kind it is
        self.strict = True  # False on the legacy compute paths: unknown keys are dropped
        self._raw: bytes | None = None

    @property
    def query(self) -> QueryDict:
        """The query parameters."""
        return self.http.GET

    @property
    def request_id(self) -> str:
        """req-…, given by the middleware."""
        return str(getattr(self.http, "request_id", ""))

    @property
    def project(self) -> str:
        """The id of the project that the caller's token is scoped to."""
        return self.caller.project_id

    def header(self, name: str) -> str | None:
        """A request header, or None."""
        return self.http.headers.get(name)

    def chunks(self) -> Iterator[bytes]:
        """The body as it arrives, whether its length was announced or not."""
        stream = self.http.META["wsgi.input"]
        announced = self.http.META.get("CONTENT_LENGTH") or ""
        left = int(announced) if announced.isdigit() else None
        if (
            left is None
            and "chunked" not in self.http.META.get("HTTP_TRANSFER_ENCODING", "").lower()
        ):
            return
        while left is None or left > 0:
            try:
                chunk = stream.read(CHUNK if left is None else min(CHUNK, left))
            except ConnectionError as gone:
                raise BadRequest("The client went away in the middle of the body.") from gone
            if not chunk:
                break
            left = None if left is None else left - len(chunk)
            yield chunk
        if left:
            raise BadRequest(f"The body ended {left} bytes before its announced length.")

    def raw(self) -> bytes:
        """The whole body, at most BODY_LIMIT bytes of it."""
        if self._raw is None:
            parts, size = [], 0
            for part in self.chunks():
                size += len(part)
                if size > BODY_LIMIT:
                    raise TooLarge(f"The body of a request may have at most {BODY_LIMIT} bytes.")
                parts.append(part)
            self._raw = b"".join(parts)
        return self._raw

    def json(self, types: frozenset[str] = JSON_TYPES) -> Any:
        """The body, decoded."""
        kind = (self.http.content_type or "").lower()
        if kind not in types:
            raise UnsupportedMediaType(f"The content type {kind!r} is not understood here.")
        raw = self.raw()
        if not raw:
            raise BadRequest("The body is missing; a JSON object is expected.")
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise BadRequest(f"The body is not JSON: {error}.") from error

    def digest(self) -> str:
        """A fingerprint of what was asked, to tell a repetition from another request."""
        path = self.http.path.encode()
        return hashlib.sha256(path + b"\0" + self.raw()).hexdigest()


def answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """A JSON answer."""
    body = orjson.dumps(data)
    result = HttpResponse(body, status=status, content_type="application/json")
    result["Content-Length"] = str(len(body))
    for name, value in (headers or {}).items():
        result[name] = value
    return result


def empty(status: int = 204, headers: dict[str, str] | None = None) -> HttpResponse:
    """An answer without a body."""
    result = HttpResponse(status=status)
    del result["Content-Type"]
    if status != 204:
        result["Content-Length"] = "0"
    for name, value in (headers or {}).items():
        result[name] = value
    return result


def timestamp(moment: Any) -> str | None:
    """2026-11-20T21:38:23Z, or None."""
    return None if moment is None else moment.isoformat()[:19] + "Z"


def long_timestamp(moment: Any) -> str | None:
    """2026-11-20T21:38:23.000000 (no zone), or None."""
    return None if moment is None else moment.isoformat(timespec="microseconds")[:26]
