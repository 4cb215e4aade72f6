"""Every field of every body, made wrong in every way: refused by name, and nothing is reserved.

The routes' own kinds are walked. What a kind refuses is refused before any view; what it takes all
the same, odd as it is, goes through the whole API and must be answered as the document has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import orjson
import pytest

from synnefo.api.bodies import ByVersion, Kind, Schema, schema_of
from synnefo.core.faults import Fault
from synnefo.urls import SERVICES
from tests.integration.api.client import Answer, Api
from tests.integration.api.conformance import why_not
from tests.integration.api.examples import example
from tests.integration.api.test_authorisation import EVERY, KINDS, address, label
from tests.integration.api.test_writes import reserved
from tests.integration.api.world import World

ODD = (
    None, True, -1, 0, 2**31, 2**63, 2**200, 1.5, 1e300, "", " ", "x" * 256, "x" * 70000, "a\x00b",
    "a\x1b[31m", "\u202egnp.exe", "\U0001f600" * 10, "'; DROP TABLE synnefo_server; --", "1 OR 1=1",
    "../../etc/passwd", "<script>alert(1)</script>", "${jndi:ldap://x}", "%s%n{0}", [], {}, [None],
    {"x": {}}, [[[[]]]], ["x"] * 5000,
)  # fmt: skip
GONE = object()
ROWS = [row for row in EVERY if row[1].body is not None]
NAMES = [service.name for service in SERVICES]
Path = tuple[str | int, ...]


def newest(row: Any) -> Kind:
    body = row[1].body
    return body.newest if isinstance(body, ByVersion) else body


def fields(schema: Schema, path: Path = (), depth: int = 4) -> Iterator[Path]:
    """The path of each field; of lists the first entry."""
    for word in ("anyOf", "oneOf"):
        for one in schema.get(word, ()):
            yield from fields(one, path, depth)
    inner: dict[str | int, Schema] = schema.get("properties", {})
    if schema.get("items"):
        inner = inner | {0: schema["items"]}
    for step, one in inner.items():
        yield (*path, step)
        if depth:
            yield from fields(one, (*path, step), depth - 1)


def with_value(whole: Any, path: Path, value: Any) -> Any:
    """The body with this value at the path, whose way there is made where it is missing."""
    if not path:
        return value
    if path == (0,) and value is GONE:
        return []
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        return [with_value(whole[0] if isinstance(whole, list) and whole else {}, rest, value)]
    found = dict(whole) if isinstance(whole, dict) else {}
    if not rest and value is GONE:
        found.pop(step, None)
        return found
    return found | {step: with_value(found.get(step), rest, value)}


def bodies(row: Any) -> Iterator[tuple[Path, Any]]:
    """All wrong bodies of a route: each field odd or missing, and one that nobody knows."""
    schema = schema_of(newest(row))
    usual = example(schema)
    for path in dict.fromkeys(fields(schema)):
        for value in (*ODD, GONE):
            yield path, with_value(deepcopy(usual), path, value)
        yield path, with_value(deepcopy(usual), (*path[:-1], "nobody-knows-this"), "x")


def is_taken(kind: Kind, body: Any) -> bool:
    """Whether the kind takes it; anything but a fault would be a server error."""
    try:
        kind(orjson.loads(json.dumps(body)), "", True)
    except Fault:
        return False
    return True


def sent(api: Api, row: Any, body: Any) -> Answer:
    kind = KINDS.get(label(row), next(iter(row[1].media), "application/json"))
    data = json.dumps(body).encode()  # Of numbers without end, too.
    return api(row[1].method, address(*row), data, as_="admin", kind=kind, version="2.104")


def test_no_kind_fails_at_any_value() -> None:
    """What a kind does not take it refuses by a fault: all else would be a server error."""
    for row in ROWS:
        kind = newest(row)
        refused = [path for path, body in bodies(row) if not is_taken(kind, body)]
        assert refused or not list(fields(schema_of(kind))), label(row)


def few(row: Any) -> Iterator[tuple[bool, Any]]:
    """Of each field one wrong value that is refused and one that is taken, as far as there are."""
    kind, seen = newest(row), set()
    for path, body in bodies(row):
        if {(path, True), (path, False)} <= seen:
            continue
        taken = is_taken(kind, body)
        if (path, taken) not in seen:
            seen.add((path, taken))
            yield taken, body


@pytest.mark.parametrize("service", NAMES)
def test_every_field_made_wrong(api: Api, world: World, service: str) -> None:
    wrong: set[str] = set()
    before = reserved()
    for row in (row for row in ROWS if row[0] == service):
        for taken, body in few(row):
            got = sent(api, row, body)
            why = why_not(row[1].method, address(*row), got.status, got.body)
            if not taken and not 400 <= got.status < 500:
                why = f"it is refused with {got.status}"
            kept, before = before, reserved()
            if got.status >= 400 and before != kept:
                why = f"it answers {got.status} and keeps what it reserved"
            if why:
                wrong.add(f"{label(row)}: {why}: {str(body)[:200]}")
    assert sorted(wrong) == []
