"""Whether an answer is one that the OpenAPI document has, for its status and its shape."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jsonschema_rs

from synnefo.api.openapi.document import document
from synnefo.urls import SERVICES

LEGACY = re.compile(r"^/compute/(v2|v2\.0|v1\.1)(?=/|$)")
PROJECT = re.compile(r"^(/(?:compute/v2\.1|volume/v3))/[0-9a-f]{32}(?=/|$)")
# Faults that the routing itself answers with, whatever the operation.
ANYWHERE = {404, 405}


@cache
def _told() -> tuple[dict[str, Any], list[tuple[re.Pattern[str], dict[str, Any]]]]:
    whole = document(SERVICES)
    by_path = [
        (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + "$"), item)
        for path, item in whole["paths"].items()
    ]
    # Fixed words win over fields, as in the routing.
    by_path.sort(key=lambda row: row[0].pattern.count("[^/]+"))
    return whole, by_path


@cache
def _validator(path: str, method: str, status: str) -> Any:
    whole, by_path = _told()
    item = next(item for pattern, item in by_path if pattern.pattern == path)
    answer = item[method]["responses"][status]
    content = answer.get("content", answer.get("x-content", {}))
    schema = content.get("application/json", {}).get("schema", {})
    return jsonschema_rs.validator_for({**schema, "components": whole["components"]})


def why_not(method: str, path: str, status: int, body: Any) -> str | None:
    """What is wrong with an answer, or None; paths without an operation have nothing wrong."""
    path = PROJECT.sub(r"\1", LEGACY.sub("/compute/v2.1", path.partition("?")[0]))
    verb = "get" if method == "HEAD" else method.lower()
    for pattern, item in _told()[1]:
        if not pattern.match(path) or verb not in item:
            continue
        responses = item[verb]["responses"]
        if str(status) not in responses:
            return (
                None if status in ANYWHERE else f"{method} {pattern.pattern}: {status} is not told"
            )
        if body is None or method == "HEAD":
            bare = method == "HEAD" or "application/json" not in responses[str(status)].get(
                "content", {}
            )
            return None if bare else f"{method} {pattern.pattern}: {status} has no body"
        errors = list(_validator(pattern.pattern, verb, str(status)).iter_errors(body))
        if not errors:
            return None
        first = errors[0]
        where = "/".join(map(str, first.instance_path))
        return f"{method} {pattern.pattern} {status}: at {where!r}: {first.message[:300]}"
    return None
