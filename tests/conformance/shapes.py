"""What of an answer can be compared between two clusters: its keys and the types of its values."""

from collections.abc import Iterator
from typing import Any

Shape = dict[str, str]
NAMES: dict[type, str] = {bool: "boolean", int: "number", float: "number", str: "text"}


def shape(value: Any) -> Shape:
    """Paths into the value, each with the types found there: {"ops[].OP_ID": "text"}."""
    found: dict[str, set[str]] = {}
    for path, kind in _walk(value, ""):
        found.setdefault(path, set()).add(kind)
    return {path: "|".join(sorted(kinds)) for path, kinds in found.items()}


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        yield path, "object"
        for key, inner in value.items():
            yield from _walk(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        yield path, "list"
        for inner in value:
            yield from _walk(inner, f"{path}[]")
    else:
        yield path, "null" if value is None else NAMES[type(value)]
