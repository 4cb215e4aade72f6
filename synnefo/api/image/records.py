"""How images look, and which fields of theirs are whose."""

from typing import Any

from synnefo.api import bodies
from synnefo.api.bodies import Kind
from synnefo.api.request import Request, timestamp
from synnefo.db.models import Image
from synnefo.intents.image import image_access
from synnefo.intents.image.image_tasks import STORE

# Fields that only the service sets.
READ_ONLY = frozenset(
    {
        "status", "size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value",
        "created_at", "updated_at", "self", "file", "schema", "direct_url", "stores",
    }
)  # fmt: skip
HASH = "sha512"
WITH_BYTES = frozenset({"active", "deactivated"})
TEXT: Kind = bodies.text(0, 65535, lines=True)
NUMBER: Kind = bodies.integer(0, 2**63 - 1)
SHAPE: Kind = bodies.record(
    {
        "id": bodies.uuid,
        "name": bodies.maybe(TEXT),
        "status": TEXT,
        "visibility": TEXT,
        "disk_format": bodies.maybe(TEXT),
        "container_format": bodies.maybe(TEXT),
        "size": bodies.maybe(NUMBER),
        "virtual_size": bodies.maybe(NUMBER),
        "checksum": bodies.maybe(TEXT),
        "os_hash_algo": bodies.maybe(TEXT),
        "os_hash_value": bodies.maybe(TEXT),
        "min_disk": NUMBER,
        "min_ram": NUMBER,
        "owner": TEXT,
        "protected": bodies.flag,
        "os_hidden": bodies.flag,
        "tags": bodies.listing(TEXT),
        "created_at": TEXT,
        "updated_at": TEXT,
        "self": TEXT,
        "file": TEXT,
        "schema": TEXT,
    },
    need=("id", "name", "status", "visibility", "owner", "tags", "created_at", "updated_at"),
    rest=bodies.anything,
)


def record(row: Image) -> dict[str, Any]:
    """One image; custom properties are further fields of it."""
    uuid = str(row.uuid)
    return {
        **row.properties,
        **row.notes,
        "id": uuid,
        "name": row.name or None,
        "status": row.status,
        "visibility": row.visibility,
        "disk_format": row.disk_format,
        "container_format": row.container_format,
        "size": row.size,
        "virtual_size": row.virtual_size,
        "checksum": row.checksum,
        "os_hash_algo": HASH if row.os_hash_value else None,
        "os_hash_value": row.os_hash_value,
        "min_disk": row.min_disk,
        "min_ram": row.min_ram,
        "owner": row.project_id,
        "protected": row.protected,
        "os_hidden": row.os_hidden,
        "tags": row.tags,
        "created_at": timestamp(row.created_at),
        "updated_at": timestamp(row.updated_at),
        "self": f"/v2/images/{uuid}",
        "file": f"/v2/images/{uuid}/file",
        "schema": "/v2/schemas/image",
    } | ({"stores": STORE} if row.status in WITH_BYTES else {})


def find(request: Request, uuid: str) -> Image:
    """One visible image."""
    return image_access.find(request.caller, uuid)


def find_own(request: Request, uuid: str) -> Image:
    """One image that the caller may change."""
    row = find(request, uuid)
    image_access.check_own(request.caller, row)
    return row
