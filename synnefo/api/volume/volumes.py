"""Volumes: lists, one, make, change, delete, metadata."""

from typing import Any

from django.db.models import Q, Sum
from django.http import HttpResponse

from synnefo.api.bodies import TRUE
from synnefo.api.request import Request, answer, empty
from synnefo.api.volume import lists
from synnefo.api.volume.bodies import titles
from synnefo.api.volume.metadata import Metadata
from synnefo.api.volume.records import volume_brief, volume_full, volume_small, volumes
from synnefo.core.faults import BadRequest
from synnefo.core.volume_states import GIB
from synnefo.db.models import Volume
from synnefo.intents.volume import volume_lookup
from synnefo.intents.volume import volumes as intents
from synnefo.intents.volume.volumes import VolumeRequest

ZONE = "nova"


def _type(value: str) -> Q:
    return Q(volume_type__uuid=volume_lookup.uuid_of(value)) | Q(volume_type__name=value)


LISTING = lists.Listing(
    name="volumes",
    path="volumes",
    rows=lists.owned(volumes),
    brief=volume_brief,
    detail=volume_full,
    filters={
        "name": lists.word("name"),
        "display_name": lists.word("name"),
        "status": lists.word("status"),
        "bootable": lists.flag("bootable"),
        "multiattach": lists.flag("multiattach"),
        "availability_zone": lists.word("availability_zone"),
        "metadata": lists.items("metadata"),
        "glance_metadata": lists.items("image_metadata"),
        "image_metadata": lists.items("image_metadata"),
        "id": lists.identifier("uuid"),
        "size": lists.number("size", GIB),
        "user_id": lists.word("user_id"),
        "group_id": lists.identifier("group__uuid"),
        "snapshot_id": lists.identifier("snapshot_id"),
        "source_volid": lists.identifier("source_volid"),
        "migration_status": lists.word("migration_status"),
        "volume_type": _type,
        "volume_type_id": _type,
    },
    sort_keys={
        "id": "uuid",
        "name": "name",
        "display_name": "name",
        "status": "status",
        "size": "size",
        "created_at": "created_at",
        "updated_at": "updated_at",
        "availability_zone": "availability_zone",
        "bootable": "bootable",
    },
)


def find(request: Request, id: str) -> Volume:
    """The caller's volume, with what its record shows."""
    return volume_lookup.one(request.caller, volumes(), "Volume", id)


def show(request: Request, id: str) -> HttpResponse:
    """GET /volumes/{id}."""
    return answer({"volume": volume_full(request, find(request, id))})


def create(request: Request) -> HttpResponse:
    """POST /volumes: it is available at once, and said to be on its way."""
    row = intents.create(request.caller, _wanted(request.wish["volume"]))
    return answer({"volume": volume_small(request, row) | {"status": "creating"}}, 202)


def _wanted(wish: dict[str, Any]) -> VolumeRequest:
    named = titles(wish)
    if wish.get("consistencygroup_id"):
        raise BadRequest("There are no consistency groups; use groups.", field="volume")
    if wish.get("multiattach"):
        raise BadRequest(
            "A volume cannot be attached to several servers at once: its disk lies with one.",
            field="multiattach",
        )
    zone = wish.get("availability_zone") or None
    if zone not in (None, ZONE):
        raise BadRequest(
            f"Availability zone '{zone}' is invalid.", field="volume.availability_zone"
        )
    return VolumeRequest(
        size=wish.get("size"),
        name=named.get("name") or "",
        description=named.get("description"),
        volume_type=wish.get("volume_type"),
        availability_zone=zone,
        metadata=wish.get("metadata") or {},
        image_id=wish.get("imageRef") or wish.get("image_id") or None,
        snapshot_id=wish.get("snapshot_id"),
        source_volid=wish.get("source_volid") or wish.get("source_replica"),
        backup_id=wish.get("backup_id"),
        group_id=wish.get("group_id"),
    )


def update(request: Request, id: str) -> HttpResponse:
    """PUT /volumes/{id}."""
    wish = request.wish["volume"]
    changes = titles(wish)
    if "name" in changes:
        changes["name"] = changes["name"] or ""
    if wish.get("metadata") is not None:
        changes["metadata"] = wish["metadata"]
    if not changes:
        raise BadRequest("Invalid input: nothing to update is named.", field="volume")
    intents.update(request.caller, id, **changes)
    return answer({"volume": volume_small(request, find(request, id))})


def _flag(request: Request, name: str, since: int) -> bool:
    if request.version < (3, since):
        return False
    return request.query.get(name, "").lower() in TRUE


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /volumes/{id}."""
    cascade = request.query.get("cascade", "").lower() in TRUE
    force = _flag(request, "force", 23) and request.caller.is_admin
    intents.delete(request.caller, id, cascade=cascade, force=force)
    return empty(202)


def summary(request: Request) -> HttpResponse:
    """GET /volumes/summary."""
    rows = LISTING.filtered(request).prefetch_related(None)
    sizes = rows.aggregate(total=Sum("size"))["total"] or 0
    data: dict[str, Any] = {"total_size": sizes // GIB, "total_count": rows.count()}
    if request.version >= (3, 36):
        data["metadata"] = _all_metadata(rows.values_list("metadata", flat=True))
    return answer({"volume-summary": data})


def _all_metadata(found: Any) -> dict[str, list[str]]:
    values: dict[str, set[str]] = {}
    for metadata in found:
        for name, value in metadata.items():
            values.setdefault(name, set()).add(value)
    return {name: sorted(some) for name, some in sorted(values.items())}


METADATA = Metadata("Volume", find, intents.change_metadata, intents.drop_metadata)
