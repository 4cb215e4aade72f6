"""A request to the remote API as the table of resources sees it: parsed and bounded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson

from ganeti_backend.rapi.faults import HttpFault, bad_request

JSON = "application/json"
LARGEST_BODY = 1024 * 1024


@dataclass(frozen=True)
class Request:
    """`names` are the variable parts of the path, in order."""

    method: str
    path: str
    names: tuple[str, ...] = ()
    arguments: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: Any = None
    user: str = ""

    @property
    def name(self) -> str:
        """The first variable part of the path: the object's name."""
        return self.names[0]

    def number(self, name: str) -> int | None:
        """An argument that must be a number; HttpFault 400 if it is not."""
        values = self.arguments.get(name)
        if not values:
            return None
        try:
            return int(values[0])
        except ValueError as error:
            raise bad_request(f"Invalid value for the '{name}' parameter") from error

    def flag(self, name: str) -> bool:
        """An argument that is 0 or 1. One without a value, as in `?dry-run`, is taken as said."""
        values = self.arguments.get(name)
        if values and values[0] == "":
            return True
        return bool(self.number(name))

    def text(self, name: str, default: str | None = None) -> str | None:
        """An argument that is a text."""
        values = self.arguments.get(name)
        return values[0] if values else default

    def texts(self, name: str) -> list[str]:
        """All values of an argument."""
        return list(self.arguments.get(name, ()))

    def fields_of_body(self) -> dict[str, Any]:
        """The body as a dictionary; no body is an empty one."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise bad_request("Body contents must be a JSON object")
        return dict(self.body)


def parse_arguments(query: bytes) -> dict[str, list[str]]:
    """The arguments of the URL."""
    try:
        return parse_qs(query.decode(), keep_blank_values=True, max_num_fields=1000)
    except ValueError as error:
        raise bad_request("Cannot read the arguments of the URL") from error


def parse_body(content: bytes, content_type: str | None) -> Any:
    """The body as JSON. Ganeti demands that a body says what it is."""
    if not content:
        return None
    if (content_type or "").split(";")[0].strip().lower() != JSON:
        raise HttpFault(415)
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise bad_request("Unable to parse JSON data") from error
