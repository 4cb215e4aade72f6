"""What may be said about an image, by whom: bodies of creation and both forms of patches."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from synnefo.api import bodies
from synnefo.api.bodies import Kind, choice, maybe, refuse, text
from synnefo.api.image.records import READ_ONLY
from synnefo.api.request import Request
from synnefo.core.faults import BadRequest, Conflict, Forbidden
from synnefo.db.models import Image

DISK_FORMATS = (
    "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "ploop", "iso",
)  # fmt: skip
CONTAINER_FORMATS = ("ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed")
MOST_PROPERTIES = 128
TAG = text(1, 255)
TAGS = bodies.listing(TAG, most=128)
PROPERTY = text(0, 4096, lines=True)
PROPERTY_NAME = text(1, 255)
RESERVED = "os_glance_"
OLD_PATCH = "application/openstack-images-v2.0-json-patch"
NEW_PATCH = "application/openstack-images-v2.1-json-patch"

BASE: dict[str, Kind] = {
    "name": maybe(text(0, 255)),
    "disk_format": maybe(choice(*DISK_FORMATS)),
    "container_format": maybe(choice(*CONTAINER_FORMATS)),
    "visibility": choice("public", "private", "shared", "community"),
    "min_disk": bodies.integer(),
    "min_ram": bodies.integer(),
    "protected": bodies.flag,
    "os_hidden": bodies.flag,
    "tags": TAGS,
}


def _check_writable(name: str) -> None:
    if name in READ_ONLY:
        raise Forbidden(f"Attribute '{name}' is read-only.", field=name)
    if name.startswith(RESERVED):
        raise Forbidden(f"Attribute '{name}' is reserved.", field=name)


def _check_rights(request: Request, fields: Mapping[str, Any]) -> None:
    if fields.get("visibility") == "public" and not request.caller.is_admin:
        raise Forbidden("Only administrators may publish images.", field="visibility")


def _clean(name: str, value: Any) -> Any:
    if name in BASE:
        cleaned = BASE[name](value, name, True)
        if name == "tags":
            return sorted(set(cleaned))
        return "" if name == "name" and cleaned is None else cleaned
    PROPERTY_NAME(name, "a property's name", True)
    return PROPERTY(value, name, True)


def creation(request: Request, body: Any) -> dict[str, Any]:
    """The columns of a new image."""
    if not isinstance(body, dict):
        refuse("the body", "it must be an object")
    columns: dict[str, Any] = {}
    properties: dict[str, str] = {}
    for name, value in body.items():
        _check_writable(name)
        if name == "id":
            columns["id"] = bodies.uuid(value, "id")
        elif name in BASE:
            columns[name] = _clean(name, value)
        else:
            properties[name] = _clean(name, value)
    _check_rights(request, columns)
    _check_count(properties)
    return columns | {"properties": properties}


def _check_count(properties: Mapping[str, str]) -> None:
    if len(properties) > MOST_PROPERTIES:
        raise BadRequest(f"At most {MOST_PROPERTIES} properties are allowed.", field="properties")


# --- patches -------------------------------------------------------------------------------------


class Step(NamedTuple):
    """One operation of a patch, whatever form it came in."""

    op: str
    path: str
    value: Any


def steps(kind: str, body: Any) -> list[Step]:
    """Read either form of patch."""
    if not isinstance(body, list) or len(body) > 1000:
        refuse("the body", "it must be a list of operations")
    return [_step(kind, item, f"[{number}]") for number, item in enumerate(body)]


def _step(kind: str, item: Any, where: str) -> Step:
    if not isinstance(item, dict):
        refuse(where, "it must be an object")
    if kind == NEW_PATCH:
        op, path = item.get("op"), item.get("path")
    else:
        op = next((op for op in ("add", "replace", "remove") if op in item), None)
        path = item.get(op) if op else None
    if op not in ("add", "replace", "remove"):
        refuse(where, "the operation must be add, replace or remove")
    if not isinstance(path, str) or not path.startswith("/") or path.count("/") > 1:
        refuse(where, "the path must be a slash and the name of a field")
    if op != "remove" and "value" not in item:
        refuse(where, "the value is missing")
    name = path[1:].replace("~1", "/").replace("~0", "~")
    return Step(op, name, item.get("value"))


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
            columns[name] = _clean(name, value)
        else:
            _patch_property(properties, Step(op, name, value))
    for name in ("disk_format", "container_format"):
        if name in columns and row.status != "queued" and columns[name] != getattr(row, name):
            raise Forbidden(
                f"Attribute {name} can be only replaced for a queued image.", field=name
            )
    _check_rights(request, columns)
    _check_count(properties)
    return columns if properties == row.properties else columns | {"properties": properties}


def _patch_property(properties: dict[str, str], step: Step) -> None:
    if step.op != "add" and step.path not in properties:
        raise Conflict(f"Property {step.path} does not exist.", field=step.path)
    if step.op == "remove":
        del properties[step.path]
    else:
        properties[step.path] = _clean(step.path, step.value)
