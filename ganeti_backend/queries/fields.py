"""Fields and tables of fields: how a query turns objects into rows.

A getter answers with the value or with one of the special statuses; in a row a value travels with
its status, in the older bulk lists a special status is shown as null.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")


class Kind(StrEnum):
    """What a field's value is, so that a client can print it."""

    TEXT = "text"
    NUMBER = "number"
    FLOAT = "float"
    BOOL = "bool"
    UNIT = "unit"
    TIMESTAMP = "timestamp"
    OTHER = "other"
    UNKNOWN = "unknown"


class Status(Enum):
    """Why a field has a value, or why not; the numbers are Ganeti's."""

    NORMAL = 0
    UNKNOWN = 1
    NODATA = 2
    UNAVAILABLE = 3
    OFFLINE = 4


NODATA = Status.NODATA
UNAVAILABLE = Status.UNAVAILABLE
OFFLINE = Status.OFFLINE


@dataclass(frozen=True)
class Field(Generic[Item]):
    """One field: its name, how it is headed and explained, and how to get it from an object.

    `live` says that the getter needs what the nodes say, `host` that the value is the name of a
    machine, which filters may leave the domain off.
    """

    name: str
    title: str
    kind: Kind
    doc: str
    get: Callable[[Item, Any], Any]
    live: bool = False
    host: bool = False

    def definition(self) -> dict[str, str]:
        """As queries describe it."""
        return {"name": self.name, "title": self.title, "kind": self.kind.value, "doc": self.doc}


def unknown_field(name: str) -> Field[Any]:
    """Stands in for a field nobody defined: Ganeti answers such a query and marks the values."""
    return Field(name, name, Kind.UNKNOWN, f"Unknown field '{name}'", lambda _i, _s: Status.UNKNOWN)


class Table(Generic[Item]):
    """All fields of one kind of object, and what the bulk list of the remote API shows of it."""

    def __init__(
        self, fields: Iterable[Field[Item]], bulk: Sequence[str] = (), key: str = "name"
    ) -> None:
        self.fields = {field.name: field for field in sorted(fields, key=lambda f: nice(f.name))}
        self.bulk = tuple(self.fields[name] for name in bulk)
        self.key = key

    def select(self, names: Sequence[str]) -> list[Field[Item]]:
        """The fields of these names, unknown ones included."""
        return [self.fields.get(name) or unknown_field(name) for name in names]

    def needs_live(self, names: Collection[str]) -> bool:
        """Whether any of these fields asks for what only the nodes know."""
        return any(name in self.fields and self.fields[name].live for name in names)

    def definitions(self, names: Sequence[str] | None = None) -> list[dict[str, str]]:
        """What the fields are, all of them or the named ones."""
        chosen = self.fields.values() if names is None else self.select(names)
        return [field.definition() for field in chosen]

    def query(
        self, items: Iterable[Item], snapshot: Any, names: Sequence[str]
    ) -> list[list[list[Any]]]:
        """Rows of [status, value]."""
        fields = self.select(names)
        return [[_cell(field.get(item, snapshot)) for field in fields] for item in items]

    def show(self, item: Item, snapshot: Any) -> dict[str, Any]:
        """One object as the remote API shows it."""
        shown = {}
        for field in self.bulk:
            value = field.get(item, snapshot)
            shown[field.name] = None if isinstance(value, Status) else value
        return shown


def getter(value: Any) -> Callable[[Any, Any], Any]:
    """A getter that answers the same for every object."""
    return lambda _item, _snapshot: value


def attribute(name: str, absent: Any = None) -> Callable[[Any, Any], Any]:
    """A getter of an attribute, with what to answer for None."""

    def get(item: Any, _snapshot: Any) -> Any:
        value = getattr(item, name)
        return absent if value is None else value

    return get


def object_fields(noun: str) -> list[Field[Any]]:
    """The fields every object of the configuration has."""
    return [
        Field("ctime", "CTime", Kind.TIMESTAMP, "Creation timestamp", attribute("ctime")),
        Field("mtime", "MTime", Kind.TIMESTAMP, "Modification timestamp", attribute("mtime")),
        Field("uuid", "UUID", Kind.TEXT, f"{noun} UUID", attribute("uuid")),
        Field(
            "serial_no",
            "SerialNo",
            Kind.NUMBER,
            f"{noun} object serial number, incremented on each modification",
            attribute("serial_no"),
        ),
        Field("tags", "Tags", Kind.OTHER, "Tags", lambda item, _snapshot: sorted(item.tags)),
    ]


OBJECT_BULK = ("ctime", "mtime", "uuid", "serial_no", "tags")


def nice(text: str) -> list[tuple[int, int, str]]:
    """A sort key that puts node10 after node9."""
    parts = re.split(r"(\d+)", text)
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts if part]


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th …"""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(number % 10, 'th')}"


def _cell(value: Any) -> list[Any]:
    if isinstance(value, Status):
        return [value.value, None]
    return [Status.NORMAL.value, value]


Values = Mapping[str, Any]
