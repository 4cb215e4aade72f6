"""The form of the remote API's table: which method on which path is which opcode, or which read.

A row of a write names the opcode, what of it the URL gives, and what the body's fields are called
in the opcode. The order of rows is of no account; a path part in braces stands for any one part.
The rows themselves are in `resources`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ganeti_backend.rapi import reads
from ganeti_backend.rapi.authentication import READ, WRITE
from ganeti_backend.rapi.faults import HttpFault, bad_request
from ganeti_backend.rapi.requests import Request

Fill = Callable[[Request], dict[str, Any]]
READERS = frozenset({READ, WRITE})
WRITERS = frozenset({WRITE})
VERSION_FIELD = "__version__"


@dataclass(frozen=True)
class Write:
    """How a request becomes an opcode."""

    op_id: str
    fill: Fill
    rename: Mapping[str, str] = field(default_factory=dict)
    # What becomes of the renamed body, where it holds more than fields of the opcode.
    convert: Callable[[dict[str, Any]], dict[str, Any]] = dict

    def parameters(self, request: Request) -> dict[str, Any]:
        """The opcode's fields. What the URL says cannot be said otherwise by the body."""
        body = request.fields_of_body()
        body.pop(VERSION_FIELD, None)
        # Ganeti's own client writes null for what its caller left out.
        said = {name: value for name, value in body.items() if value is not None}
        given = {self.rename.get(name, name): value for name, value in said.items()}
        given = self.convert(given)
        fixed = self.fill(request)
        if both := sorted(given.keys() & fixed.keys()):
            raise bad_request(f"Can't overwrite static parameters {both!r}")
        return {**given, **fixed, "OP_ID": self.op_id}

    def opcodes(self, request: Request) -> list[dict[str, Any]]:
        """The opcodes of the job that it becomes: one, unless a kind of write needs more."""
        return [self.parameters(request)]


@dataclass(frozen=True)
class Row:
    """One method of one path. `allowed` are the options of users that may, None for all users."""

    method: str
    path: str
    act: reads.Read | Write
    allowed: frozenset[str] | None = None
    waits: bool = False

    @property
    def source(self) -> str:
        """The row in the reason trail: instances_name_info for /2/instances/{name}/info."""
        parts = self.path.removeprefix("/2/").replace("{", "").replace("}", "")
        return "gnt:library:rlib2:" + parts.replace("/", "_").replace("-", "_")


def about(key: str, **fixed: Any) -> Fill:
    """The object's name from the path and `?dry-run`, which every write has."""
    return lambda request: {key: request.name, "dry_run": request.flag("dry-run"), **fixed}


def instance(**more: Callable[[Request], Any]) -> Fill:
    """The instance's name, `?dry-run`, and more arguments of the URL."""
    base = about("instance_name")
    return lambda request: base(request) | {key: read(request) for key, read in more.items()}


def flag(name: str) -> Callable[[Request], bool]:
    return lambda request: request.flag(name)


def created(request: Request) -> dict[str, Any]:
    """A creation names nothing in its path."""
    return {"dry_run": request.flag("dry-run")}


def writes(*rows: tuple[str, str, Write]) -> tuple[Row, ...]:
    """Rows that make jobs: for users who may write, or also read where nothing changes."""
    return tuple(
        Row(method, path, write, READERS if method == "GET" else WRITERS)
        for method, path, write in rows
    )


class Router:
    """Finds the row of a request."""

    def __init__(self, rows: tuple[Row, ...]) -> None:
        self._rows: dict[int, list[tuple[list[str], dict[str, Row]]]] = {}
        paths: dict[str, dict[str, Row]] = {}
        for row in rows:
            paths.setdefault(row.path, {})[row.method] = row
        for path, methods in paths.items():
            parts = path.split("/")
            self._rows.setdefault(len(parts), []).append((parts, methods))

    def find(self, method: str, parts: list[str]) -> tuple[Row, tuple[str, ...]]:
        """The row and the variable parts of the path; HttpFault 404 or 501."""
        for pattern, methods in self._rows.get(len(parts), ()):
            names = _match(pattern, parts)
            if names is not None:
                if method not in methods:
                    path = "/".join(parts)
                    raise HttpFault(501, f"Method {method} is unsupported for path {path}")
                return methods[method], names
        raise HttpFault(404)


def _match(pattern: list[str], parts: list[str]) -> tuple[str, ...] | None:
    names = []
    for expected, part in zip(pattern, parts, strict=True):
        if not expected.startswith("{"):
            if expected != part:
                return None
        elif not part or (expected == "{id}" and not (part.isascii() and part.isdigit())):
            return None
        else:
            names.append(part)
    return tuple(names)
