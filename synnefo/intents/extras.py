"""Fields of the user's choice, which most records of the identity service may have, and options."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import orjson

from synnefo.core.faults import BadRequest, Forbidden

LARGEST = 16384  # bytes, of all of one record


def parted(
    wish: Mapping[str, Any], known: Collection[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that have a meaning here, and the others."""
    return (
        {name: value for name, value in wish.items() if name in known},
        {name: value for name, value in wish.items() if name not in known},
    )


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """What a record keeps after an update."""
    extra = {**old, **new}
    if len(orjson.dumps(extra)) > LARGEST:
        raise BadRequest(f"The additional fields of a record may have at most {LARGEST} bytes.")
    return extra


def options(old: Mapping[str, Any], new: Mapping[str, Any] | None) -> dict[str, Any]:
    """Options after an update: null takes one away."""
    every = {**old, **(new or {})}
    return {name: value for name, value in every.items() if value is not None}


def text(fields: Mapping[str, Any], name: str, old: str = "") -> str:
    """A text after an update: null is an empty one."""
    return fields.get(name, old) or ""


def check_mutable(noun: str, key: str, old: Mapping[str, Any], wish: Mapping[str, Any]) -> None:
    """Forbidden if the record is to stay as it is and this wish does not lift that."""
    lifted = (wish.get("options") or {}).get("immutable", True)
    if old.get("immutable") and (lifted is True or set(wish) != {"options"}):
        raise Forbidden(
            f"Cannot change or delete {noun} {key}: it is immutable. "
            'Set its option "immutable" to false before.'
        )
