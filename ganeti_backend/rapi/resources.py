"""The remote API as one table: which method on which path is which opcode, or which read.

A row of a write names the opcode, what of it the URL gives, and what the body's fields are called
in the opcode. The order of rows is of no account; a path part in braces stands for any one part.
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

    def parameters(self, request: Request) -> dict[str, Any]:
        """The opcode's fields. What the URL says cannot be said otherwise by the body."""
        body = request.fields_of_body()
        body.pop(VERSION_FIELD, None)
        # Ganeti's own client writes null for what its caller left out.
        said = {name: value for name, value in body.items() if value is not None}
        given = {self.rename.get(name, name): value for name, value in said.items()}
        fixed = self.fill(request)
        if both := sorted(given.keys() & fixed.keys()):
            raise bad_request(f"Can't overwrite static parameters {both!r}")
        return {**given, **fixed, "OP_ID": self.op_id}


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


def creation(request: Request) -> dict[str, Any]:
    """A creation names nothing in its path; its body says in which version it is written."""
    version = request.fields_of_body().get(VERSION_FIELD, 0)
    if version == 0:
        raise bad_request("Instance creation request version 0 is no longer supported")
    if version != 1:
        raise bad_request(f"Unsupported request data version {version}")
    return {"dry_run": request.flag("dry-run")}


def tagged(kind: str, verb: str) -> Fill:
    """The object whose tags change, and the tags, from the URL."""

    def fill(request: Request) -> dict[str, Any]:
        tags = request.texts("tag")
        if not tags:
            text = "please specify a tag or a list of tags using the 'tag' parameter"
            raise bad_request(f"Cannot {verb} tags, {text}")
        name = request.names[0] if request.names else None
        fixed = {"dry_run": request.flag("dry-run")}
        return {"kind": kind, "name": name, "tags": tags, **fixed}

    return fill


def queried(request: Request) -> dict[str, Any]:
    """A job that reports one instance."""
    return {"instances": [request.name], "static": request.flag("static"), "use_locking": False}


def _flag(name: str) -> Callable[[Request], bool]:
    return lambda request: request.flag(name)


def _reads() -> tuple[Row, ...]:
    get = (
        ("/", reads.nothing),
        ("/2", reads.nothing),
        ("/version", reads.version),
        ("/2/info", reads.info),
        ("/2/features", reads.features),
        ("/2/os", reads.os_list),
        ("/2/filters", reads.empty),
        ("/2/tags", reads.cluster_tags),
        ("/2/jobs", reads.job_list),
        ("/2/jobs/{id}", reads.job),
        *(
            row
            for plural, resource, key in (
                ("nodes", "node", "id"),
                ("instances", "instance", "id"),
                ("networks", "network", "name"),
                ("groups", "group", "name"),
            )
            for row in (
                (f"/2/{plural}", reads.listing(resource, plural, key)),
                (f"/2/{plural}/{{name}}", reads.one(resource)),
                (f"/2/{plural}/{{name}}/tags", reads.tags(resource)),
            )
        ),
        ("/2/nodes/{name}/role", reads.node_role),
    )
    return (
        *(Row("GET", path, read) for path, read in get),
        Row("GET", "/2/jobs/{id}/wait", reads.job_wait, waits=True),
        Row("GET", "/2/instances/{name}/console", reads.console, READERS),
        Row("GET", "/2/instances/{name}/console-output", reads.console_output, READERS),
        Row("GET", "/2/query/{resource}", reads.query, READERS),
        Row("PUT", "/2/query/{resource}", reads.query, READERS),
        Row("GET", "/2/query/{resource}/fields", reads.query_fields),
        Row("DELETE", "/2/jobs/{id}", reads.job_cancel, WRITERS),
    )


def _instance_writes() -> tuple[tuple[str, str, Write], ...]:
    one = "/2/instances/{name}"
    return (
        ("POST", "/2/instances", Write(
            "OP_INSTANCE_CREATE", creation, {"os": "os_type", "name": "instance_name"})),
        ("DELETE", one, Write("OP_INSTANCE_REMOVE", about("instance_name", ignore_failures=False))),
        ("GET", f"{one}/info", Write("OP_INSTANCE_QUERY_DATA", queried)),
        ("PUT", f"{one}/startup", Write("OP_INSTANCE_STARTUP", instance(
            force=_flag("force"), no_remember=_flag("no_remember")))),
        ("PUT", f"{one}/shutdown", Write("OP_INSTANCE_SHUTDOWN", instance(
            no_remember=_flag("no_remember")))),
        ("POST", f"{one}/reboot", Write("OP_INSTANCE_REBOOT", instance(
            reboot_type=lambda request: request.text("type", "hard"),
            ignore_secondaries=_flag("ignore_secondaries")))),
        ("PUT", f"{one}/modify", Write("OP_INSTANCE_SET_PARAMS", about("instance_name"), {
            "custom_beparams": "beparams", "custom_hvparams": "hvparams"})),
    )  # fmt: skip


def _network_writes() -> tuple[tuple[str, str, Write], ...]:
    one = "/2/networks/{name}"
    named = about("network_name")
    return (
        ("POST", "/2/networks", Write(
            "OP_NETWORK_ADD", lambda r: {"dry_run": r.flag("dry-run")}, {"name": "network_name"})),
        ("DELETE", one, Write("OP_NETWORK_REMOVE", named)),
        ("PUT", f"{one}/connect", Write("OP_NETWORK_CONNECT", named)),
        ("PUT", f"{one}/disconnect", Write("OP_NETWORK_DISCONNECT", named)),
    )  # fmt: skip


def _tag_writes() -> tuple[tuple[str, str, Write], ...]:
    places = (
        ("/2/tags", "cluster"),
        ("/2/nodes/{name}/tags", "node"),
        ("/2/instances/{name}/tags", "instance"),
        ("/2/groups/{name}/tags", "nodegroup"),
        ("/2/networks/{name}/tags", "network"),
    )
    return tuple(
        (method, path, Write(op_id, tagged(kind, verb)))
        for path, kind in places
        for method, op_id, verb in (
            ("PUT", "OP_TAGS_SET", "add"),
            ("DELETE", "OP_TAGS_DEL", "delete"),
        )
    )


ROWS: tuple[Row, ...] = (
    *_reads(),
    *(
        Row(method, path, write, READERS if method == "GET" else WRITERS)
        for method, path, write in (*_instance_writes(), *_network_writes(), *_tag_writes())
    ),
)


class Router:
    """Finds the row of a request."""

    def __init__(self, rows: tuple[Row, ...] = ROWS) -> None:
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
