"""The nested reports of the `info` commands, in the layout Ganeti's have."""

import argparse
import json
from collections.abc import Iterator
from typing import Any

from ganeti_backend.cli.program import SUCCESS

INDENT = "  "


def lines(value: Any, depth: int = 0) -> Iterator[str]:
    """A dictionary as `key: value` lines, a list as items with a dash; nested as deep as it is."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _entry(f"{INDENT * depth}{key}:", item, depth + 1)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _item(item, depth)
    else:
        yield f"{INDENT * depth}{plain(value)}"


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """--json, for programs that read what is known of objects."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def as_json(value: Any) -> int:
    """Print a report for programs; the exit code."""
    print(json.dumps(value, indent=2))
    return SUCCESS


def plain(value: Any) -> str:
    """A single value."""
    return "-" if value is None else str(value)


def _entry(head: str, item: Any, depth: int) -> Iterator[str]:
    if not isinstance(item, (dict, list, tuple)):
        yield f"{head} {plain(item)}".rstrip()
        return
    yield head
    yield from lines(item, depth)


def _item(item: Any, depth: int) -> Iterator[str]:
    inner = lines(item, depth + 1)
    first = next(inner, None)
    if first is None:
        return
    yield f"{INDENT * depth}- {first.removeprefix(INDENT * (depth + 1))}"
    yield from inner
