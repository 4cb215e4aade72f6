"""The block storage service in the compute service's old words; gone from 2.36 on."""

from typing import Any

from django.http import HttpResponse

from synnefo.api.bodies import Kind, anything, flag, integer, listing, maybe, record, text, uuid
from synnefo.api.compute.gating import until
from synnefo.api.pagination import limit_of
from synnefo.api.request import Request, answer, empty, long_timestamp
from synnefo.api.routing import Route, Who
from synnefo.api.volume.records import volumes
from synnefo.core.faults import NotFound
from synnefo.core.volume_states import gib
from synnefo.db.models import Snapshot, Volume
from synnefo.intents.volume import snapshots as snapshot_intents
from synnefo.intents.volume import volume_lookup
from synnefo.intents.volume import volumes as intents
from synnefo.intents.volume.volumes import VolumeRequest

LAST = 35
_NAMES: dict[str, Kind] = {
    "display_name": maybe(text(0, 255)),
    "display_description": maybe(text(0, 255, lines=True)),
}
_METADATA = maybe(record({}, rest=text(0, 255, lines=True)))
CREATE_VOLUME = record(
    {
        "volume": record(
            _NAMES
            | {
                "size": integer(1, 1 << 20),
                "volume_type": maybe(text(1, 255)),
                "metadata": _METADATA,
                "snapshot_id": maybe(text(0, 255)),
                "availability_zone": maybe(text(0, 255)),
            },
            ("size",),
            rest=anything,
        )
    },
    ("volume",),
)
CREATE_SNAPSHOT = record(
    {"snapshot": record(_NAMES | {"volume_id": uuid, "force": flag}, ("volume_id",))},
    ("snapshot",),
)

_WORD, _NAME = text(0, 255), maybe(text(0, 255, lines=True))
_LIKE_VOLUME = record(
    {
        "id": uuid, "status": _WORD, "size": integer(), "availabilityZone": _WORD,
        "createdAt": _WORD, "attachments": listing(record({}, rest=maybe(_WORD))),
        "displayName": _NAME, "displayDescription": _NAME, "volumeType": _NAME,
        "snapshotId": maybe(_WORD), "metadata": record({}, rest=_NAME),
    },
    ("id", "status", "size", "attachments", "displayName", "metadata"),
)  # fmt: skip
_LIKE_SNAPSHOT = record(
    {
        "id": uuid, "volumeId": uuid, "status": _WORD, "size": integer(), "createdAt": _WORD,
        "displayName": _NAME, "displayDescription": _NAME,
    },
    ("id", "volumeId", "status", "size", "displayName"),
)  # fmt: skip
VOLUME: dict[int, Kind | None] = {200: record({"volume": _LIKE_VOLUME}, ("volume",))}
VOLUMES: dict[int, Kind | None] = {
    200: record({"volumes": listing(_LIKE_VOLUME, 0, 1000)}, ("volumes",))
}
SNAPSHOT: dict[int, Kind | None] = {200: record({"snapshot": _LIKE_SNAPSHOT}, ("snapshot",))}
SNAPSHOTS: dict[int, Kind | None] = {
    200: record({"snapshots": listing(_LIKE_SNAPSHOT, 0, 1000)}, ("snapshots",))
}


def _volume(row: Volume) -> dict[str, Any]:
    uuid = str(row.uuid)
    attached = [
        {
            "id": uuid,
            "volumeId": uuid,
            "serverId": str(one.instance_uuid),
            **({"device": one.device} if one.device else {}),
        }
        for one in getattr(row, "shown", [])
    ]
    return {
        "id": uuid,
        "status": row.status,
        "size": gib(row.size),
        "availabilityZone": row.availability_zone,
        "createdAt": long_timestamp(row.created_at),
        "attachments": attached or [{}],
        "displayName": row.name,
        "displayDescription": row.description,
        "volumeType": row.volume_type.name if row.volume_type else None,
        "snapshotId": str(row.snapshot_id) if row.snapshot_id else None,
        "metadata": row.metadata,
    }


def _snapshot(row: Snapshot) -> dict[str, Any]:
    return {
        "id": str(row.uuid),
        "volumeId": str(row.volume.uuid),
        "status": row.status,
        "size": row.size,
        "createdAt": long_timestamp(row.created_at),
        "displayName": row.name,
        "displayDescription": row.description,
    }


def _offset(request: Request) -> int:
    text = request.query.get("offset", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@until(LAST)
def list_volumes(request: Request) -> HttpResponse:
    """GET /os-volumes, also with details."""
    rows = volumes().filter(project_id=request.project).order_by("-created_at", "-pk")
    offset = _offset(request)
    page = rows[offset : offset + limit_of(request)]
    return answer({"volumes": [_volume(row) for row in page]})


@until(LAST)
def show_volume(request: Request, id: str) -> HttpResponse:
    """GET /os-volumes/{id}."""
    rows = volume_lookup.mine(request.caller, volumes())
    row = rows.filter(uuid=volume_lookup.uuid_of(id)).first()
    if row is None:
        raise NotFound(f"Volume {id[:80]} could not be found.")
    return answer({"volume": _volume(row)})


@until(LAST)
def create_volume(request: Request) -> HttpResponse:
    """POST /os-volumes."""
    wish = request.wish["volume"]
    wanted = VolumeRequest(
        size=wish["size"],
        name=wish.get("display_name") or "",
        description=wish.get("display_description"),
        volume_type=wish.get("volume_type"),
        metadata=wish.get("metadata") or {},
        snapshot_id=wish.get("snapshot_id") or None,
    )
    row = intents.create(request.caller, wanted)
    return answer({"volume": _volume(row) | {"status": "creating"}})


@until(LAST)
def delete_volume(request: Request, id: str) -> HttpResponse:
    """DELETE /os-volumes/{id}."""
    intents.delete(request.caller, id)
    return empty(202)


@until(LAST)
def list_snapshots(request: Request) -> HttpResponse:
    """GET /os-snapshots, also with details."""
    rows = Snapshot.objects.filter(project_id=request.project).select_related("volume")
    offset = _offset(request)
    page = rows.order_by("-created_at", "-pk")[offset : offset + limit_of(request)]
    return answer({"snapshots": [_snapshot(row) for row in page]})


@until(LAST)
def show_snapshot(request: Request, id: str) -> HttpResponse:
    """GET /os-snapshots/{id}."""
    row = volume_lookup.snapshot(request.caller, id, locked=False)
    return answer({"snapshot": _snapshot(row)})


@until(LAST)
def create_snapshot(request: Request) -> HttpResponse:
    """POST /os-snapshots."""
    wish = request.wish["snapshot"]
    row = snapshot_intents.create(
        request.caller,
        wish["volume_id"],
        force=wish.get("force", False),
        name=wish.get("display_name"),
        description=wish.get("display_description"),
    )
    return answer({"snapshot": _snapshot(row) | {"status": "creating"}})


@until(LAST)
def delete_snapshot(request: Request, id: str) -> HttpResponse:
    """DELETE /os-snapshots/{id}."""
    snapshot_intents.delete(request.caller, id)
    return empty(202)


_PAGE = ("limit", "offset")
ROUTES = (
    Route("GET", "os-volumes", list_volumes, Who.READER, None, VOLUMES, _PAGE),
    Route("GET", "os-volumes/detail", list_volumes, Who.READER, None, VOLUMES, _PAGE),
    Route("POST", "os-volumes", create_volume, Who.MEMBER, CREATE_VOLUME, VOLUME),
    Route("GET", "os-volumes/{id}", show_volume, Who.READER, gives=VOLUME),
    Route("DELETE", "os-volumes/{id}", delete_volume, Who.MEMBER, gives={202: None}),
    Route("GET", "os-snapshots", list_snapshots, Who.READER, None, SNAPSHOTS, _PAGE),
    Route("GET", "os-snapshots/detail", list_snapshots, Who.READER, None, SNAPSHOTS, _PAGE),
    Route("POST", "os-snapshots", create_snapshot, Who.MEMBER, CREATE_SNAPSHOT, SNAPSHOT),
    Route("GET", "os-snapshots/{id}", show_snapshot, Who.READER, gives=SNAPSHOT),
    Route("DELETE", "os-snapshots/{id}", delete_snapshot, Who.MEMBER, gives={202: None}),
)
