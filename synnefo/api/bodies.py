"""A small language of tables for the bodies of requests.

A kind is a function (value, where, strict) that gives the clean value or raises BadRequest with
the name of the field. `record` puts kinds together; unknown keys are refused where the request is
strict and dropped where not. What a value refers to is not looked up here. Kinds of this module
also know their JSON schema, from which the OpenAPI document is made (`schema_of`).
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

from synnefo.api.numerals import between
from synnefo.core.faults import BadRequest

Kind = Callable[[Any, str, bool], Any]
Schema = dict[str, Any]

# Everything below a blank, and delete; texts of several lines may have tabs and line ends.
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
TRUE = frozenset({"1", "t", "true", "on", "y", "yes"})
FALSE = frozenset({"0", "f", "false", "off", "n", "no"})
LARGEST = 2**31 - 1


class Described:
    """A kind that knows its JSON schema."""

    __slots__ = ("_read", "schema")

    def __init__(self, schema: Schema, read: Kind) -> None:
        self._read, self.schema = read, schema

    def __call__(self, value: Any, where: str, strict: bool = True) -> Any:
        return self._read(value, where, strict)


def described(schema: Schema) -> Callable[[Kind], Kind]:
    """Decorates a kind with its JSON schema, at no cost for each call."""

    def known(read: Kind) -> Kind:
        read.schema = schema  # type: ignore[attr-defined]
        return read

    return known


SOMETIMES = "x-sometimes"
BY_MEDIA = "x-by-media"  # Types of a body that have a schema of their own.


def sometimes(kind: Kind) -> Kind:
    """The kind of an answer that only some requests get; others get none, and the same status."""
    return Described({**schema_of(kind), SOMETIMES: True}, kind)


def schema_of(kind: Kind) -> Schema:
    """The JSON schema of a kind; one that does not know it takes anything."""
    found: Schema = getattr(kind, "schema", {})
    return found


class ByVersion:
    """The kind of a body that grew with the microversions: by the minor one that brought it."""

    __slots__ = ("_kinds",)

    def __init__(self, kinds: Mapping[int, Kind]) -> None:
        self._kinds = sorted(kinds.items(), reverse=True)

    def at(self, minor: int) -> Kind:
        """The kind that this microversion knows."""
        return next(kind for since, kind in self._kinds if since <= minor)

    def __iter__(self) -> Iterator[tuple[int, Kind]]:
        """Each kind with the minor version that brought it, the newest first."""
        return iter(self._kinds)

    @property
    def newest(self) -> Kind:
        """What the newest microversion knows."""
        return self._kinds[0][1]


def refuse(where: str, why: str) -> NoReturn:
    """Say what is wrong with a field."""
    raise BadRequest(f"Invalid input for field/attribute {where}: {why}.", field=where)


def _shape(forbidden: re.Pattern[str], *, trim: bool) -> str:
    """What a text without these characters looks like, as a pattern of JSON schemas."""
    inner = forbidden.pattern[1:-1]
    if not trim:
        return f"^[^{inner}]*$"
    return rf"^([^\s{inner}]([^{inner}]*[^\s{inner}])?)?$"


def text(
    least: int = 0,
    most: int = 255,
    *,
    trim: bool = False,
    lines: bool = False,
    pattern: str | None = None,
) -> Kind:
    """A string of so many characters; `trim` refuses blanks at its ends, as Nova does for names."""
    forbidden = CONTROL_IN_TEXT if lines else CONTROL
    form = re.compile(pattern) if pattern else None
    schema: Schema = {"type": "string", "minLength": least, "maxLength": most}
    schema["pattern"] = f"^(?:{pattern})$" if pattern else _shape(forbidden, trim=trim)

    @described(schema)
    def read(value: Any, where: str, _strict: bool) -> str:
        if not isinstance(value, str):
            refuse(where, "it must be a string")
        if not least <= len(value) <= most:
            refuse(where, f"it must have {least} to {most} characters, not {len(value)}")
        if forbidden.search(value):
            refuse(where, "it has control characters")
        if trim and value != value.strip():
            refuse(where, "it begins or ends with a blank")
        if form and not form.fullmatch(value):
            refuse(where, f"{value!r} does not match {form.pattern}")
        return value

    return read


def integer(least: int = 0, most: int = LARGEST) -> Kind:
    """A whole number; a string of digits is one too."""

    number = {"type": "integer", "minimum": least, "maximum": most}
    words = [f"0*{between(max(least, 0), most)}"] if most >= 0 else []
    words += [f"-0*{between(max(-most, 0), -least)}"] if least <= 0 else []
    digits = {"type": "string", "maxLength": 18, "pattern": f"^(?:{'|'.join(words)})$"}

    @described({"anyOf": [number, digits]})
    def read(value: Any, where: str, _strict: bool) -> int:
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # 5.0 is a whole number in JSON.
        if not isinstance(value, int) or isinstance(value, bool):
            refuse(where, "it must be a whole number")
        if not least <= value <= most:
            refuse(where, f"it must lie between {least} and {most}")
        return value

    return read


def in_any_case(word: str) -> str:
    """A pattern of the word in small letters or capitals."""
    return re.sub("[a-z]", lambda one: f"[{one[0]}{one[0].upper()}]", word)


WORDS = "|".join(map(in_any_case, sorted(TRUE | FALSE)))


@described(
    {
        "anyOf": [
            {"type": "boolean"},
            {"type": "string", "pattern": rf"^\s*({WORDS})\s*$"},
            {"type": "integer", "minimum": 0, "maximum": 1},
        ]
    }
)
def flag(value: Any, where: str, _strict: bool = True) -> bool:
    """True or false, or one of the words for them."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int) or value in (0.0, 1.0):
        word = str(value if isinstance(value, str) else int(value)).strip().lower()
        if word in TRUE or word in FALSE:
            return word in TRUE
    refuse(where, "it must be true or false")


def choice(*values: str) -> Kind:
    """One of these words."""

    @described({"type": "string", "enum": list(values)})
    def read(value: Any, where: str, _strict: bool) -> str:
        if not isinstance(value, str) or value not in values:
            refuse(where, f"it must be one of {', '.join(values)}")
        return value

    return read


def maybe(kind: Kind) -> Kind:
    """The kind, or null."""

    @described({"anyOf": [schema_of(kind), {"type": "null"}]})
    def read(value: Any, where: str, strict: bool) -> Any:
        return None if value is None else kind(value, where, strict)

    return read


@described({"enum": [None, {}, ""]})
def nothing(value: Any, where: str, _strict: bool) -> None:
    """Null, or an empty object or string: the arguments of actions that have none."""
    if value not in (None, {}, ""):
        refuse(where, "it takes no arguments")


TYPES: dict[type, str] = {
    str: "string", int: "integer", bool: "boolean", float: "number", dict: "object", list: "array",
    type(None): "null",
}  # fmt: skip


def _typed(kind: type, schema: Schema) -> Schema:
    """A schema that is narrowed to one type, where it says nothing of types itself."""
    return schema if schema else {"type": TYPES[kind]}


def either(by_type: Mapping[type, Kind], expected: str) -> Kind:
    """The kind that belongs to the value's JSON type."""

    @described({"anyOf": [_typed(kind, schema_of(by_type[kind])) for kind in by_type]})
    def read(value: Any, where: str, strict: bool) -> Any:
        kind = by_type.get(type(value))
        if kind is None:
            refuse(where, f"it must be {expected}")
        return kind(value, where, strict)

    return read


def listing(kind: Kind, least: int = 0, most: int = 100) -> Kind:
    """A list of so many."""

    @described({"type": "array", "items": schema_of(kind), "minItems": least, "maxItems": most})
    def read(value: Any, where: str, strict: bool) -> list[Any]:
        if not isinstance(value, list):
            refuse(where, "it must be a list")
        if not least <= len(value) <= most:
            refuse(where, f"it must have {least} to {most} entries, not {len(value)}")
        return [kind(item, f"{where}[{number}]", strict) for number, item in enumerate(value)]

    return read


def mapping(key: Kind, value_kind: Kind, most: int = 1000) -> Kind:
    """An object with keys of the user's choice."""

    @described(
        {
            "type": "object",
            "propertyNames": schema_of(key),
            "additionalProperties": schema_of(value_kind),
            "maxProperties": most,
        }
    )
    def read(value: Any, where: str, strict: bool) -> dict[str, Any]:
        if not isinstance(value, dict):
            refuse(where, "it must be an object")
        if len(value) > most:
            refuse(where, f"it must have at most {most} entries, not {len(value)}")
        return {
            key(name, f"{where}, key {name[:40]!r}", strict): value_kind(
                item, f"{where}.{name[:40]}", strict
            )
            for name, item in value.items()
        }

    return read


def record(
    fields: Mapping[str, Kind], need: tuple[str, ...] = (), *, rest: Kind | None = None
) -> Kind:
    """An object with these fields; all others are of the kind `rest`, or refused."""
    schema: Schema = {
        "type": "object",
        "properties": {name: schema_of(kind) for name, kind in fields.items()},
        "additionalProperties": schema_of(rest) if rest else False,
    }
    if need:
        schema["required"] = list(need)

    @described(schema)
    def read(value: Any, where: str, strict: bool) -> dict[str, Any]:
        if not isinstance(value, dict):
            refuse(where or "the body", "it must be an object")
        clean = {}
        prefix = f"{where}." if where else ""
        for name, item in value.items():
            kind = fields.get(name, rest)
            if kind is not None:
                clean[name] = kind(item, prefix + name[:255], strict)
            elif strict:
                refuse(prefix + name[:80], "it is not known here")
        for name in need:
            if name not in clean:
                refuse(prefix + name, "it is missing")
        return clean

    return read


@described({})
def anything(value: Any, _where: str, _strict: bool) -> Any:
    """Any value; for what is accepted and has no effect."""
    return value


@described({"type": "string", "format": "uuid"})
def uuid(value: Any, where: str, _strict: bool = True) -> str:
    """A UUID in its usual form."""
    if not isinstance(value, str) or not UUID.fullmatch(value):
        refuse(where, "it must be a UUID")
    return value.lower()


_SIX = r"(?:[A-Za-z0-9+/]\s*)"  # Six bits in base64, with what may stand after them.


def encoded(most: int = 65535) -> Kind:
    """Bytes in base64, still encoded when given back."""

    @described(
        {
            "type": "string",
            "contentEncoding": "base64",
            "maxLength": most,
            "pattern": rf"^\s*(?:{_SIX}{{4}})*(?:{_SIX}{{2}}=\s*=\s*|{_SIX}{{3}}=\s*)?$",
        }
    )
    def read(value: Any, where: str, _strict: bool) -> str:
        if not isinstance(value, str):
            refuse(where, "it must be a string in base64")
        if len(value) > most:
            refuse(where, f"it must have at most {most} characters, not {len(value)}")
        try:
            base64.b64decode("".join(value.split()), validate=True)
        except (binascii.Error, ValueError):
            refuse(where, "it is not base64")
        return "".join(value.split())

    return read


def address(*versions: int) -> Kind:
    """An IP address of one of these versions, in its canonical form."""
    formats: list[Schema] = [{"type": "string", "format": f"ipv{one}"} for one in versions]

    @described(formats[0] if len(formats) == 1 else {"anyOf": formats})
    def read(value: Any, where: str, _strict: bool) -> str:
        try:
            parsed = ipaddress.ip_address(value) if isinstance(value, str) else None
        except ValueError:
            parsed = None
        if parsed is None or parsed.version not in versions:
            refuse(where, f"it must be an IPv{' or IPv'.join(map(str, versions))} address")
        return str(parsed)

    return read


NAME = text(1, 255, trim=True)
METADATA = mapping(text(1, 255, pattern=r"[a-zA-Z0-9-_:. ]+"), text(0, 255, lines=True))
