"""The schemas that the image service gives of its own resources: clients build upon them."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse

from synnefo.api.image.fields import CONTAINER_FORMATS, DISK_FORMATS, VISIBILITIES
from synnefo.api.request import Request, answer
from synnefo.core.faults import NotFound
from synnefo.intents.image import image_members

Schema = dict[str, Any]
UUID_PATTERN = (
    "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"
)
STATUSES = (
    "queued", "saving", "active", "killed", "deleted", "uploading", "importing", "pending_delete",
    "deactivated",
)  # fmt: skip


def _text(
    words: str, most: int | None = None, *, null: bool = False, fixed: bool = False
) -> Schema:
    kind: Schema = {"type": ["null", "string"] if null else "string", "description": words}
    kind |= {"maxLength": most} if most else {}
    return kind | ({"readOnly": True} if fixed else {})


def _number(words: str, *, fixed: bool = False) -> Schema:
    kind: Schema = {"type": ["null", "integer"] if fixed else "integer", "description": words}
    return kind | ({"readOnly": True} if fixed else {})


def _flag(words: str) -> Schema:
    return {"type": "boolean", "description": words}


MOMENTS = {
    "created_at": _text("When it was made", fixed=True),
    "updated_at": _text("When it was last changed", fixed=True),
}
IMAGE: Schema = {
    "id": _text("What identifies the image") | {"pattern": UUID_PATTERN},
    "name": _text("What people call the image", 255, null=True),
    "status": _text("How far the image is", fixed=True) | {"enum": list(STATUSES)},
    "visibility": _text("Who sees the image") | {"enum": list(VISIBILITIES)},
    "protected": _flag("Whether the image cannot be deleted"),
    "os_hidden": _flag("Whether the image is left out of lists"),
    "checksum": _text("MD5 of the bytes", 32, null=True, fixed=True),
    "os_hash_algo": _text("How os_hash_value was computed", 64, null=True, fixed=True),
    "os_hash_value": _text("Digest of the bytes", 128, null=True, fixed=True),
    "owner": _text("The project that owns the image", 255, null=True),
    "size": _number("Bytes of the file", fixed=True),
    "virtual_size": _number("Bytes of the disk in the file", fixed=True),
    "container_format": {
        "type": ["null", "string"],
        "description": "What the disk is packed in",
        "enum": [None, *CONTAINER_FORMATS],
    },
    "disk_format": {
        "type": ["null", "string"],
        "description": "What the disk is written in",
        "enum": [None, *DISK_FORMATS],
    },
    **MOMENTS,
    "tags": {
        "type": "array",
        "description": "Words that people gave the image",
        "items": {"type": "string", "maxLength": 255},
    },
    "min_ram": _number("MiB of memory that a server needs for it"),
    "min_disk": _number("GiB of disk that a server needs for it"),
    "self": _text("Where the image is", fixed=True),
    "file": _text("Where the bytes are", fixed=True),
    "schema": _text("Where this schema is", fixed=True),
    "stores": _text("The stores that have the bytes", fixed=True),
}
IMAGE_LINKS = [
    {"rel": "self", "href": "{self}"},
    {"rel": "enclosure", "href": "{file}"},
    {"rel": "describedby", "href": "{schema}"},
]
MEMBER: Schema = {
    "member_id": _text("The project that the image is shared with"),
    "image_id": _text("The image") | {"pattern": UUID_PATTERN},
    **MOMENTS,
    "status": _text("What the member says to it") | {"enum": list(image_members.STATUSES)},
    "schema": _text("Where this schema is", fixed=True),
}
TASK: Schema = {
    "id": _text("What identifies the task") | {"pattern": UUID_PATTERN},
    "type": _text("What is done") | {"enum": ["import", "api_image_import"]},
    "status": _text("How far it is") | {"enum": ["pending", "processing", "success", "failure"]},
    "input": {"type": ["null", "object"], "description": "What was asked"},
    "result": {"type": ["null", "object"], "description": "What came of it"},
    "owner": _text("The project that asked"),
    "message": _text("Why it failed"),
    "image_id": _text("The image"),
    "request_id": _text("The request that asked"),
    "user_id": _text("Who asked"),
    "expires_at": _text("When it is forgotten", null=True),
    **MOMENTS,
    "self": _text("Where the task is", fixed=True),
    "schema": _text("Where this schema is", fixed=True),
}
STRINGS: Schema = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
DEFINITIONS: Schema = {
    "positiveInteger": {"type": "integer", "minimum": 0},
    "stringArray": STRINGS,
}
KINDS = ["array", "boolean", "integer", "number", "object", "string", None]
PROPERTY: Schema = {
    "name": _text("The property's name", 80),
    "title": _text("What people call it"),
    "description": _text("What it means"),
    "operators": {"type": "array", "items": {"type": "string"}},
    "type": {"type": "string", "enum": KINDS},
    "required": {"$ref": "#/definitions/stringArray"},
    "minimum": {"type": "number"},
    "maximum": {"type": "number"},
    "maxLength": {"$ref": "#/definitions/positiveInteger"},
    "minLength": {"$ref": "#/definitions/positiveInteger"},
    "pattern": {"type": "string", "format": "regex"},
    "enum": {"type": "array"},
    "readonly": {"type": "boolean"},
    "default": {},
    "items": {
        "type": "object",
        "properties": {"type": {"type": "string", "enum": KINDS}, "enum": {"type": "array"}},
    },
    "maxItems": {"$ref": "#/definitions/positiveInteger"},
    "minItems": {"$ref": "#/definitions/positiveInteger"},
    "uniqueItems": {"type": "boolean", "default": False},
    "additionalItems": {"type": "boolean"},
}
PROPERTIES: Schema = {
    "type": "object",
    "additionalProperties": {
        "type": "object", "required": ["title", "type"], "properties": PROPERTY,
    },
}  # fmt: skip
TAG: Schema = {"name": _text("The tag", 80), **MOMENTS}
OBJECT: Schema = {
    "name": _text("The object's name", 80),
    "description": _text("What it means"),
    "required": {"$ref": "#/definitions/stringArray"},
    "properties": PROPERTIES,
    "schema": _text("Where this schema is", fixed=True),
    "self": _text("Where the object is", fixed=True),
    **MOMENTS,
}
ASSOCIATION: Schema = {
    "name": _text("The type of resources", 80),
    "prefix": _text("What the names of properties begin with there", 80),
    "properties_target": _text("Which of several sets of properties is meant", 80),
    **MOMENTS,
}
NAMESPACE: Schema = {
    "namespace": _text("The name", 80),
    "display_name": _text("What people call it", 80),
    "description": _text("What it is about", 500),
    "visibility": _text("Who sees it") | {"enum": ["public", "private"]},
    "protected": _flag("Whether it cannot be deleted"),
    "owner": _text("The project that owns it", 255),
    **MOMENTS,
    "schema": _text("Where this schema is", fixed=True),
    "self": _text("Where the namespace is", fixed=True),
    "resource_type_associations": {
        "type": "array", "items": {"type": "object", "properties": ASSOCIATION},
    },
    "properties": PROPERTIES,
    "objects": {"type": "array", "items": {"type": "object", "properties": OBJECT}},
    "tags": {"type": "array", "items": {"type": "object", "properties": TAG}},
}  # fmt: skip


def _one(name: str, properties: Schema, need: tuple[str, ...] = (), **more: Any) -> Schema:
    schema: Schema = {"name": name, "properties": properties, **more}
    return schema | ({"required": list(need)} if need else {})


def _many(name: str, one: Schema) -> Schema:
    items = {key: value for key, value in one.items() if key != "definitions"}
    schema: Schema = {
        "name": name,
        "properties": {
            name: {"type": "array", "items": items},
            "first": {"type": "string"},
            "next": {"type": "string"},
            "schema": {"type": "string"},
        },
        "links": [
            {"rel": "first", "href": "{first}"},
            {"rel": "next", "href": "{next}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    }
    return schema | ({"definitions": one["definitions"]} if "definitions" in one else {})


_IMAGE = _one("image", IMAGE, additionalProperties={"type": "string"}, links=IMAGE_LINKS)
_MEMBER = _one("member", MEMBER)
_TASK = _one("task", TASK)
_NAMESPACE = _one("namespace", NAMESPACE, ("namespace",), definitions=DEFINITIONS)
_ASSOCIATION = _one("resource_type_association", ASSOCIATION, ("name",))
_PROPERTY = _one("property", PROPERTY, ("type", "title", "name"), definitions=DEFINITIONS)
_OBJECT = _one("object", OBJECT, ("name",), definitions=DEFINITIONS)
_TAG = _one("tag", TAG, ("name",))
PLAIN: dict[str, Schema] = {
    "image": _IMAGE,
    "images": _many("images", _IMAGE),
    "member": _MEMBER,
    "members": _one(
        "members",
        {
            "members": {"type": "array", "items": _MEMBER},
            "schema": {"type": "string"},
        },
        links=[{"rel": "describedby", "href": "{schema}"}],
    ),
    "task": _TASK,
    "tasks": _many("tasks", _TASK),
}
METADEFS: dict[str, Schema] = {
    "namespace": _NAMESPACE,
    "namespaces": _many("namespaces", _NAMESPACE),
    "resource_type": _ASSOCIATION,
    "resource_types": _many("resource_type_associations", _ASSOCIATION),
    "property": _PROPERTY,
    "properties": _one("properties", {"properties": PROPERTIES}, definitions=DEFINITIONS),
    "object": _OBJECT,
    "objects": _many("objects", _OBJECT),
    "tag": _TAG,
    "tags": _many("tags", _TAG),
}


def shower(known: dict[str, Schema]) -> Callable[..., HttpResponse]:
    """The view of some schemas."""

    def view(_request: Request, name: str) -> HttpResponse:
        if name not in known:
            raise NotFound("The resource could not be found.")
        return answer(known[name])

    return view
