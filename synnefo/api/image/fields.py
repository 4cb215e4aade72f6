"""What may be said about an image, by whom: bodies of creation and both forms of patches."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from synnefo.api import bodies
from synnefo.api.bodies import Kind, choice, maybe, refuse, text
from synnefo.api.image.records import READ_ONLY
from synnefo.api.request import Request
from synnefo.core.faults import BadRequest, Conflict, Forbidden, TooLarge
from synnefo.db.models import Image

DISK_FORMATS = (
    "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "ploop", "iso",
)  # fmt: skip
CONTAINER_FORMATS = ("ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed")
VISIBILITIES = ("public", "private", "shared", "community")
MOST_PROPERTIES = 128
MOST_TAGS = 128
TAG = text(1, 255)
TAGS = bodies.listing(TAG, most=1000)
PROPERTY = text(0, 4096, lines=True)
PROPERTY_NAME = text(1, 255)
RESERVED = "os_glance_"
OLD_PATCH = "application/openstack-images-v2.0-json-patch"
NEW_PATCH = "application/openstack-images-v2.1-json-patch"
COMMON_PATCH = "application/json-patch+json"  # What all others call it.

BASE: dict[str, Kind] = {
    "name": maybe(text(0, 255)),
    "disk_format": maybe(choice(*DISK_FORMATS)),
    "container_format": maybe(choice(*CONTAINER_FORMATS)),
    "visibility": choice(*VISIBILITIES),
    "min_disk": bodies.integer(),
    "min_ram": bodies.integer(),
    "protected": bodies.flag,
    "os_hidden": bodies.flag,
    "tags": TAGS,
    "owner": text(1, 64),
}
COLUMNS = {"owner": "project_id"}
JSON_OF: dict[str, dict[str, Any]] = {
    "name": {"type": ["null", "string"], "maxLength": 255},
    "disk_format": {"type": ["null", "string"], "enum": [None, *DISK_FORMATS]},
    "container_format": {"type": ["null", "string"], "enum": [None, *CONTAINER_FORMATS]},
    "visibility": {"type": "string", "enum": list(VISIBILITIES)},
    "min_disk": {"type": "integer", "minimum": 0, "maximum": bodies.LARGEST},
    "min_ram": {"type": "integer", "minimum": 0, "maximum": bodies.LARGEST},
    "protected": {"type": "boolean"},
    "os_hidden": {"type": "boolean"},
    "tags": {"type": "array", "items": {"type": "string", "maxLength": 255}},
    "owner": {"type": "string", "minLength": 1, "maxLength": 64},
}


def _check_writable(name: str) -> None:
    if name in READ_ONLY:
        raise Forbidden(f"Attribute '{name}' is read-only.", field=name)
    if name == "locations":
        raise Forbidden(
            "It's not allowed to update locations if locations are invisible.", field=name
        )
    if name.startswith(RESERVED):
        raise Forbidden(f"Attribute '{name}' is reserved.", field=name)


def _check_rights(request: Request, columns: Mapping[str, Any], owner: str) -> None:
    if columns.get("visibility") == "public" and not request.caller.is_admin:
        raise Forbidden("Only administrators may publish images.", field="visibility")
    if columns.get("project_id", owner) != owner and not request.caller.is_admin:
        raise Forbidden("Only administrators may set the owner of an image.", field="owner")


def _clean(name: str, value: Any) -> Any:
    if name in BASE:
        cleaned = BASE[name](value, name, True)
        if name == "tags":
            return _few_tags(sorted(set(cleaned)))
        return "" if name == "name" and cleaned is None else cleaned
    PROPERTY_NAME(name, "a property's name", True)
    return PROPERTY(value, name, True)


def _few_tags(tags: list[str]) -> list[str]:
    """What an image may have of them, as Glance refuses more."""
    if len(tags) > MOST_TAGS:
        raise TooLarge(f"An image may have at most {MOST_TAGS} tags.", field="tags")
    return tags


@bodies.described(
    {
        "type": "object",
        "properties": {"id": {"type": "string", "format": "uuid"}, **JSON_OF},
        "additionalProperties": {"type": "string", "maxLength": 4096},
    }
)
def CREATION(body: Any, _where: str, _strict: bool = True) -> dict[str, Any]:  # noqa: N802
    """The columns of a new image."""
    if not isinstance(body, dict):
        refuse("the body", "it must be an object")
    columns: dict[str, Any] = {}
    properties: dict[str, str] = {}
    for name, value in body.items():
        _check_writable(name)
        if name == "id":
            columns["id"] = bodies.uuid(value, "id", True)
        elif name in BASE:
            columns[COLUMNS.get(name) or name] = _clean(name, value)
        else:
            properties[name] = _clean(name, value)
    _check_count(properties)
    return columns | {"properties": properties}


def creation(request: Request, columns: dict[str, Any]) -> dict[str, Any]:
    """The same, where this caller may say all of it."""
    _check_rights(request, columns, request.project)
    return columns


def _check_count(properties: Mapping[str, str]) -> None:
    if len(properties) > MOST_PROPERTIES:
        raise TooLarge(f"At most {MOST_PROPERTIES} properties are allowed.", field="properties")


# --- patches -------------------------------------------------------------------------------------


class Step(NamedTuple):
    """One operation of a patch, whatever form it came in."""

    op: str
    path: str
    value: Any


def _listed(items: bodies.Schema) -> bodies.Schema:
    return {"type": "array", "maxItems": 1000, "items": {"type": "object", **items}}


_PATH: bodies.Schema = {"type": "string", "pattern": r"^/[^/\x00-\x1f\x7f]{1,255}$"}
_NEW_FORM: bodies.Schema = {
    "properties": {"op": {"type": "string", "enum": ["add", "replace", "remove"]}, "path": _PATH},
    "required": ["op", "path"],
    "anyOf": [{"required": ["value"]}, {"properties": {"op": {"const": "remove"}}}],
}
_ADD: bodies.Schema = {"required": ["add"]}
_REPLACE: bodies.Schema = {"required": ["replace"], "not": _ADD}
# The word of the operation is the name of its path; of several the first one here counts.
_OLD_FORM: bodies.Schema = {
    "properties": dict.fromkeys(("add", "replace", "remove"), _PATH),
    "anyOf": [
        {"required": ["add", "value"]},
        {"required": ["replace", "value"], "not": _ADD},
        {"required": ["remove"], "not": {"anyOf": [_ADD, _REPLACE]}},
    ],
}


@bodies.described(_listed(_NEW_FORM) | {bodies.BY_MEDIA: {OLD_PATCH: _listed(_OLD_FORM)}})
def PATCH(body: Any, _where: str, _strict: bool = True) -> list[Any]:  # noqa: N802
    """A list of operations; which form they have is said by the content type."""
    if not isinstance(body, list) or len(body) > 1000:
        refuse("the body", "it must be a list of at most 1000 operations")
    return body


def steps(kind: str, body: list[Any]) -> list[Step]:
    """Read either form of patch."""
    return [_step(kind, item, f"[{number}]") for number, item in enumerate(body)]


def _step(kind: str, item: Any, where: str) -> Step:
    if not isinstance(item, dict):
        refuse(where, "it must be an object")
    if kind in (NEW_PATCH, COMMON_PATCH):
        op, path = item.get("op"), item.get("path")
    else:
        op = next((op for op in ("add", "replace", "remove") if op in item), None)
        path = item.get(op) if op else None
    if op not in ("add", "replace", "remove"):
        refuse(where, "the operation must be add, replace or remove")
    if not isinstance(path, str) or not path.startswith("/"):
        refuse(where, "the path must be a slash and the name of a field")
    name, _, rest = path[1:].partition("/")
    if rest and name == "locations":
        _check_writable(name)
    if rest or "/" in path[1:]:
        refuse(where, "the path must be a slash and the name of a field")
    if op != "remove" and "value" not in item:
        refuse(where, "the value is missing")
    return Step(op, name.replace("~1", "/").replace("~0", "~"), item.get("value"))


def changes(request: Request, row: Image, todo: list[Step]) -> dict[str, Any]:
    """The columns that a patch sets."""
    columns: dict[str, Any] = {}
    properties = dict(row.properties)
    for op, name, value in todo:
        _check_writable(name)
        if name == "id":
            raise Forbidden("Attribute 'id' is read-only.", field="id")
        if name in BASE:
            if op == "remove":
                raise Forbidden(f"Property {name} may not be removed.", field=name)
            columns[COLUMNS.get(name) or name] = _clean(name, value)
        else:
            _patch_property(properties, Step(op, name, value))
    for name in ("disk_format", "container_format"):
        if name in columns and row.status != "queued" and columns[name] != getattr(row, name):
            raise Forbidden(
                f"Attribute {name} can be only replaced for a queued image.", field=name
            )
    _check_rights(request, columns, row.project_id)
    _check_count(properties)
    return columns if properties == row.properties else columns | {"properties": properties}


def _patch_property(properties: dict[str, str], step: Step) -> None:
    if step.op != "add" and step.path not in properties:
        raise Conflict(f"Property {step.path} does not exist.", field=step.path)
    if step.op == "remove":
        del properties[step.path]
    else:
        properties[step.path] = _clean(step.path, step.value)


def tag(value: str) -> str:
    """One tag from a path."""
    if len(value) > 255:
        raise BadRequest("A tag may have at most 255 characters.", field="tag")
    return str(TAG(value, "tag", True))
