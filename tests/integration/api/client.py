"""A client of the API as the tests want it: JSON in, JSON out, one token per name."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
from django.test import Client

from tests.integration.api.world import World


class Answer(NamedTuple):
    status: int
    body: Any
    headers: Any
    raw: bytes

    @property
    def message(self) -> str:
        """The message of a fault, whatever the service's shape."""
        inner = next(iter(self.body.values()))
        return str(inner["message"])


class Api:
    """Calls as `user` unless told otherwise; `as_=None` calls without a token."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._client = Client(raise_request_exception=True)

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        as_: str | None = "user",
        version: str | None = None,
        kind: str = "application/json",
        **headers: str,
    ) -> Answer:
        sent = {"HTTP_" + name.upper(): value for name, value in headers.items()}
        if as_ is not None:
            sent["HTTP_X_AUTH_TOKEN"] = self.world.tokens.get(as_, as_)
        if version is not None:
            sent["HTTP_OPENSTACK_API_VERSION"] = f"compute {version}"
        data = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        response = self._client.generic(method, path, data, content_type=kind, **sent)
        raw = response.getvalue()
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        parsed = orjson.loads(raw) if raw and is_json else None
        return Answer(response.status_code, parsed, response.headers, raw)

    def get(self, path: str, **more: Any) -> Any:
        """The body of a GET that must work."""
        answer = self("GET", path, **more)
        assert answer.status == 200, (path, answer)
        return answer.body
