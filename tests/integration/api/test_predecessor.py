"""What the predecessor's API did can be done by this one: the table of counterparts is true."""

from __future__ import annotations

import re
from pathlib import Path

import orjson

from synnefo.api.openapi.document import document
from synnefo.urls import SERVICES

TABLE = Path(__file__).parents[2] / "system" / "clients" / "README.md"
CALL = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`]*)`")
ACTION = re.compile(r"`ACTION ([^`]*)`")


def counterparts() -> list[str]:
    """The column of what there is here."""
    rows = TABLE.read_text().partition("## Counterparts")[2].splitlines()
    return [row.rsplit("|", 2)[1].strip() for row in rows if row.startswith("| ")][2:]


def test_every_counterpart_is_there() -> None:
    paths = document(SERVICES)["paths"]
    rows = counterparts()
    assert len(rows) > 25
    for row in rows:
        for method, path in CALL.findall(row):
            assert method.lower() in paths.get(path, {}), f"{method} {path}"


def test_every_action_that_is_named_is_known() -> None:
    body = document(SERVICES)["paths"]["/compute/v2.1/servers/{id}/action"]["post"]["requestBody"]
    known = orjson.dumps(body).decode()
    named = ACTION.findall("\n".join(counterparts()))
    assert len(named) > 10
    for word in named:
        assert f'"{word}":' in known, word
