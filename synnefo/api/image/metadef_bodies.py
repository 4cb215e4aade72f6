"""The bodies of metadata definitions, and the types of resources that are usual."""

from typing import Any

from synnefo.api import bodies
from synnefo.api.bodies import described, maybe, record, refuse, text
from synnefo.core.faults import Forbidden

RESOURCE_TYPES = (
    "OS::Cinder::Volume",
    "OS::Glance::Image",
    "OS::Nova::Aggregate",
    "OS::Nova::Flavor",
    "OS::Nova::Server",
    "OS::Trove::Instance",
)
NAME = text(1, 80)
WORDS = text(0, 500, lines=True)
LONG = text(0, 4096, lines=True)
STRINGS = bodies.listing(text(0, 255), most=100)
NUMBER = bodies.integer(-(2**53), 2**53)
COUNT = bodies.integer()


@described({"type": "string", "readOnly": True})
def READ_ONLY(_value: Any, where: str, _strict: bool = True) -> Any:  # noqa: N802
    """What only the service says."""
    raise Forbidden(f"Attribute '{where}' is read-only.", field=where)


@described({"type": "number"})
def AMOUNT(value: Any, where: str, _strict: bool = True) -> float:  # noqa: N802
    """A number of any kind."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 2**53:
        refuse(where, "it must be a number")
    return value


@described({})
def SMALL(value: Any, where: str, _strict: bool = True) -> Any:  # noqa: N802
    """Any value that is no list and no object, or a short list of such."""
    entries = value if isinstance(value, list) else [value]
    if len(entries) > 100 or any(isinstance(one, dict | list) for one in entries):
        refuse(where, "it must be a plain value or a short list of them")
    if any(isinstance(one, str) and len(one) > 4096 for one in entries):
        refuse(where, "it is too long")
    return value


TYPES = bodies.choice("array", "boolean", "integer", "number", "object", "string")
VALUES = bodies.listing(SMALL, most=1000)
CONTENT = {
    "title": text(0, 255),
    "description": LONG,
    "type": maybe(TYPES),
    "operators": STRINGS,
    "required": STRINGS,
    "minimum": AMOUNT,
    "maximum": AMOUNT,
    "minLength": COUNT,
    "maxLength": COUNT,
    "minItems": COUNT,
    "maxItems": COUNT,
    "pattern": text(0, 1000),
    "enum": VALUES,
    "readonly": bodies.flag,
    "default": SMALL,
    "items": record({"type": maybe(TYPES), "enum": VALUES}),
    "uniqueItems": bodies.flag,
    "additionalItems": bodies.flag,
}
MOMENTS = dict.fromkeys(("created_at", "updated_at", "self", "schema"), READ_ONLY)
NAMED = {"name": NAME}
CONTENTS = bodies.mapping(NAME, record(CONTENT | NAMED, need=("title", "type")), most=1000)
PROPERTY = record(CONTENT | NAMED, need=("name", "title", "type"))
OBJECT_FIELDS = {
    "name": NAME,
    "description": LONG,
    "required": STRINGS,
    "properties": CONTENTS,
}
OBJECT = record(OBJECT_FIELDS | MOMENTS, need=("name",))
TAG = record({"name": NAME} | MOMENTS, need=("name",))
TAGS = record({"tags": bodies.listing(TAG, most=1000)}, need=("tags",))
ASSOCIATION = record({"name": NAME, "prefix": NAME, "properties_target": NAME}, need=("name",))
NAMESPACE = {
    "namespace": NAME,
    "display_name": maybe(NAME),
    "description": maybe(WORDS),
    "visibility": bodies.choice("public", "private"),
    "protected": bodies.flag,
    "owner": text(1, 64),
    "resource_type_associations": bodies.listing(ASSOCIATION, most=100),
    "properties": CONTENTS,
    "objects": bodies.listing(record(OBJECT_FIELDS, need=("name",)), most=1000),
    "tags": bodies.listing(record({"name": NAME}, need=("name",)), most=1000),
} | MOMENTS
NEW_NAMESPACE = record(NAMESPACE, need=("namespace",))
CHANGED_NAMESPACE = record(NAMESPACE, need=("namespace",))
