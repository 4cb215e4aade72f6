"""The kinds of values in bodies of the network service, beyond those of `api/bodies.py`."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from synnefo.api import bodies
from synnefo.api.bodies import Kind, described, refuse
from synnefo.api.numerals import between

NAME = bodies.text(0, 255)
DESCRIPTION = bodies.text(0, 255)
PROJECT = bodies.text(1, 64)
TAG = bodies.text(1, 255)
PREFIX_LENGTH = bodies.integer(0, 128)
IP_VERSIONS = (4, 6)
ADDRESS = bodies.address(4, 6)
MAC_FORM = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", re.IGNORECASE)
STANDARD: dict[str, Kind] = {"name": NAME, "description": DESCRIPTION}
OWNED: dict[str, Kind] = {"tenant_id": PROJECT, "project_id": PROJECT}
TAGS: dict[str, Kind] = {"tags": bodies.listing(TAG, 0, 50)}


def _ranges() -> str:
    """A pattern of ranges in slash notation, of both versions."""
    four, six = f"{between(0, 255)}(?:\\.{between(0, 255)}){{3}}", "[0-9a-fA-F]{1,4}"
    # Two colons stand for one group of zeros or more, so seven are written at most.
    forms = [f"(?:{six}:){{7}}{six}", f"(?:{six}:){{1,7}}:", f":(?::{six}){{1,7}}", "::"]
    forms += [f"(?:{six}:){{1,{7 - after}}}(?::{six}){{1,{after}}}" for after in range(1, 7)]
    return f"^(?:{four}/{between(0, 32)}|(?:{'|'.join(forms)})/{between(0, 128)})$"


RANGE: bodies.Schema = {"type": "string", "pattern": _ranges()}


@described(RANGE)
def cidr(value: Any, where: str, _strict: bool = True) -> str:
    """A range in slash notation, as it was written but for the form of its address."""
    if not isinstance(value, str) or len(value) > 64 or value != value.strip():
        refuse(where, "it must be a range of addresses like 10.0.0.0/24")
    head, slash, tail = value.partition("/")
    try:
        net = ipaddress.ip_network(value, strict=False)
        address = ipaddress.ip_address(head)
    except ValueError:
        refuse(where, f"'{value[:64]}' isn't a recognized IP subnet cidr")
    if not slash or not tail.isdigit():
        refuse(where, f"'{value[:64]}' isn't a recognized IP subnet cidr, '{net}' is recommended")
    return f"{address}/{net.prefixlen}"


@described(RANGE)
def destination(value: Any, where: str, strict: bool = True) -> str:
    """A range that a route leads to: without the bits of hosts."""
    text = str(cidr(value, where, strict))
    if str(ipaddress.ip_network(text, strict=False)) != text:
        refuse(where, f"'{text}' isn't a recognized IP subnet cidr")
    return text


@described({"anyOf": [RANGE, bodies.schema_of(ADDRESS)]})
def address_or_range(value: Any, where: str, strict: bool = True) -> str:
    """What an allowed address pair names."""
    if isinstance(value, str) and "/" in value:
        return str(cidr(value, where, strict))
    return str(ADDRESS(value, where, strict))


@described(
    {
        "type": "string",
        "pattern": "^[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}$",
        "not": {"const": "00:00:00:00:00:00"},
    }
)
def mac(value: Any, where: str, _strict: bool = True) -> str:
    """A MAC address of one card."""
    if not isinstance(value, str) or not MAC_FORM.fullmatch(value):
        refuse(where, f"'{str(value)[:40]}' is not a valid MAC address")
    if int(value[:2], 16) & 1 or value == "00:00:00:00:00:00":
        refuse(where, f"'{value}' is not a valid MAC address: it is not one card's")
    return value.lower()


@described({"enum": [4, 6, "4", "6"]})
def ip_version(value: Any, where: str, strict: bool = True) -> int:
    """A version of IP."""
    found = int(bodies.integer(4, 6)(value, where, strict))
    if found not in IP_VERSIONS:
        refuse(where, "it must be 4 or 6")
    return found


ROUTE = bodies.record(
    {"destination": destination, "nexthop": ADDRESS}, need=("destination", "nexthop")
)


def one_or_many(noun: str, name: str, kind: Kind) -> Kind:
    """The body of a creation: one resource, or a list of them."""
    listed = bodies.listing(kind, 1, 100)
    both = bodies.record({noun: kind, name: listed})

    def read(value: Any, where: str, strict: bool) -> dict[str, Any]:
        found: dict[str, Any] = both(value, where, strict)
        if len(found) != 1:
            refuse(noun, "it is missing" if not found else f"it cannot come with {name}")
        return found

    return described(
        {
            "type": "object",
            "oneOf": [
                bodies.schema_of(bodies.record({noun: kind}, need=(noun,))),
                bodies.schema_of(bodies.record({name: listed}, need=(name,))),
            ],
        }
    )(read)


def one(noun: str, fields: Mapping[str, Kind]) -> Kind:
    """The body of a change."""
    return bodies.record({noun: bodies.record(fields)}, need=(noun,))


def shape(noun: str, fields: Mapping[str, Kind] | None = None) -> Kind:
    """An answer with one resource."""
    inner = bodies.record(fields or {}, rest=bodies.anything)
    return bodies.record({noun: inner}, need=(noun,), rest=bodies.anything)


def shapes(name: str) -> Kind:
    """An answer with many."""
    inner = bodies.listing(bodies.record({}, rest=bodies.anything), 0, 100000)
    return bodies.record({name: inner}, need=(name,), rest=bodies.anything)


def either_shape(*choices: Kind) -> Kind:
    """An answer of one of these shapes: creations answer with as many as they were asked for."""
    schemas = [bodies.schema_of(kind) for kind in choices]
    return bodies.Described({"anyOf": schemas}, bodies.anything)
