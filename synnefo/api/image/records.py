"""How images look, who sees which, and which fields are whose."""

from typing import Any

from django.db.models import Q, QuerySet

from synnefo.api.bodies import UUID
from synnefo.api.request import Request, timestamp
from synnefo.core.faults import Forbidden, NotFound
from synnefo.db.models import Image

# Fields that only the service sets.
READ_ONLY = frozenset(
    {
        "status", "size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value", "owner",
        "created_at", "updated_at", "self", "file", "schema", "direct_url", "locations", "stores",
    }
)  # fmt: skip
HASH = "sha512"


def record(row: Image) -> dict[str, Any]:
    """One image; custom properties are further fields of it."""
    uuid = str(row.uuid)
    return {
        **row.properties,
        "id": uuid,
        "name": row.name,
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
    }


def visible(request: Request) -> QuerySet[Image]:
    """One's own images and those meant for everybody."""
    images = Image.objects.exclude(status="deleted")
    if request.caller.is_admin:
        return images
    return images.filter(Q(project_id=request.project) | Q(visibility__in=("public", "community")))


def find(request: Request, uuid: str) -> Image:
    """One visible image."""
    row = visible(request).filter(uuid=uuid).first() if UUID.fullmatch(uuid) else None
    if row is None:
        raise NotFound(f"No image found with ID {uuid}")
    return row


def find_own(request: Request, uuid: str) -> Image:
    """One image that the caller may change."""
    row = find(request, uuid)
    if row.project_id != request.project and not request.caller.is_admin:
        raise Forbidden("You are not permitted to modify this image.")
    return row
