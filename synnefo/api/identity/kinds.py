"""What the fields of identity's bodies may be, and how lists and records are wrapped."""

from datetime import UTC, datetime
from typing import Any

from synnefo.api.bodies import (
    CONTROL_IN_TEXT,
    LARGEST,
    Kind,
    Schema,
    described,
    listing,
    maybe,
    record,
    refuse,
    schema_of,
    text,
)

DEEPEST = 6
ID = text(1, 64, pattern=r"[a-zA-Z0-9-_.]+")
NAME = text(1, 255, pattern=r"(?=.*\S)[^\x00-\x1f\x7f]+")
SHORT_NAME = text(1, 64, pattern=r"(?=.*\S)[^\x00-\x1f\x7f]+")
DESCRIPTION = maybe(text(0, 4096, lines=True))
PASSWORD = text(1, 4096)
URL = text(1, 2048, pattern=r"[a-zA-Z][a-zA-Z0-9+.-]*://\S+|\S*\$[({]\S+")
EMAIL = maybe(text(0, 255))
TAG = text(1, 255, pattern=r"[^,/\x00-\x1f\x7f]+")


@described({"type": "boolean"})
def boolean(value: Any, where: str, _strict: bool = True) -> bool:
    """True or false; no word stands for them here."""
    if not isinstance(value, bool):
        refuse(where, "it must be true or false")
    return value


def _check_free(value: Any, where: str, depth: int) -> None:
    if depth > DEEPEST:
        refuse(where, f"it is nested more than {DEEPEST} levels deep")
    if isinstance(value, str) and CONTROL_IN_TEXT.search(value):
        refuse(where, "it has control characters")
    if isinstance(value, int | float) and abs(value) > LARGEST:
        refuse(where, f"numbers lie between -{LARGEST} and {LARGEST}")
    if isinstance(value, dict):
        value = [*value, *value.values()]
    for item in value if isinstance(value, list) else ():
        _check_free(item, where, depth + 1)


# What is inside of lists and objects is told by nothing but its refusal.
FREE: Schema = {
    "anyOf": [
        schema_of(text(0, LARGEST, lines=True)),
        {"type": "number", "minimum": -LARGEST, "maximum": LARGEST},
        {"type": ["null", "boolean", "array", "object"]},
    ]
}


@described(FREE)
def free(value: Any, where: str, _strict: bool = True) -> Any:
    """A field of the user's choice."""
    _check_free(value, where, 0)
    return value


@described({"type": "array", "items": schema_of(TAG), "maxItems": 80, "uniqueItems": True})
def tags(value: Any, where: str, strict: bool = True) -> list[str]:
    """Different tags."""
    found: list[str] = listing(TAG, 0, 80)(value, where, strict)
    if len(set(found)) != len(found):
        refuse(where, "each tag may be there once only")
    return found


@described({"type": "string", "format": "date-time"})
def moment(value: Any, where: str, _strict: bool = True) -> datetime:
    """A time in ISO 8601; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        # Whoever computes with it later must not leave the range of the calendar.
        found = found and (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        refuse(where, "it must be a time like 2026-11-21T23:00:00.000000Z")
    return found


IMMUTABLE = record({"immutable": maybe(boolean)})


def body(noun: str, fields: dict[str, Kind], need: tuple[str, ...] = ()) -> Kind:
    """{noun: {fields}}, where other fields are kept as they are."""
    return record({noun: record(fields, need, rest=free)}, (noun,))


def tight(noun: str, fields: dict[str, Kind], need: tuple[str, ...] = ()) -> Kind:
    """{noun: {fields}} and nothing else."""
    return record({noun: record(fields, need)}, (noun,))


LINKS = record({}, rest=free)


def shape(noun: str, fields: dict[str, Kind], *, open_: bool = False) -> Kind:
    """The kind of an answer with one record."""
    return record({noun: record(fields, tuple(fields), rest=free if open_ else None)}, (noun,))


def shapes(nouns: str, fields: dict[str, Kind], *, open_: bool = False) -> Kind:
    """The kind of an answer with a list of records."""
    inner = record(fields, tuple(fields), rest=free if open_ else None)
    return record({nouns: listing(inner, 0, LARGEST), "links": LINKS}, (nouns, "links"))


def described_as(like: Kind, read: Kind) -> Kind:
    """A kind that looks like another one and checks more."""
    return described(schema_of(like))(read)
