"""Snapshots and backups of volumes."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse

from synnefo.api.request import Request, answer, empty
from synnefo.api.routing import Who
from synnefo.api.volume import lists
from synnefo.api.volume.actions import check_who
from synnefo.api.volume.bodies import titles
from synnefo.api.volume.metadata import Metadata
from synnefo.api.volume.records import (
    backup_brief,
    backup_full,
    snapshot_full,
    snapshot_small,
)
from synnefo.core.faults import BadRequest, Conflict
from synnefo.db.models import Backup, Snapshot
from synnefo.intents import backup_records, volume_lookup
from synnefo.intents import snapshots as intents


def _snapshots() -> "QuerySet[Snapshot]":
    return Snapshot.objects.select_related("volume", "group_snapshot")


SNAPSHOTS = lists.Listing(
    name="snapshots",
    path="snapshots",
    rows=lists.owned(_snapshots),
    brief=snapshot_small,
    detail=snapshot_full,
    filters={
        "name": lists.word("name"),
        "display_name": lists.word("name"),
        "status": lists.word("status"),
        "volume_id": lists.identifier("volume__uuid"),
        "id": lists.identifier("uuid"),
        "user_id": lists.word("user_id"),
        "group_snapshot_id": lists.identifier("group_snapshot__uuid"),
        "availability_zone": lists.word("volume__availability_zone"),
        "metadata": lists.items("metadata"),
    },
    sort_keys={
        "id": "uuid",
        "name": "name",
        "display_name": "name",
        "status": "status",
        "volume_id": "volume",
        "size": "size",
        "created_at": "created_at",
        "updated_at": "updated_at",
    },
)


def find(request: Request, id: str) -> Snapshot:
    """The caller's snapshot, with what its record shows."""
    return volume_lookup.one(request.caller, _snapshots(), "Snapshot", id)


def show(request: Request, id: str) -> HttpResponse:
    """GET /snapshots/{id}."""
    return answer({"snapshot": snapshot_full(request, find(request, id))})


def create(request: Request) -> HttpResponse:
    """POST /snapshots: of a volume that no server has it is available at once."""
    wish = request.wish["snapshot"]
    force = bool(wish.get("force")) or request.version >= (3, 66)
    if request.version >= (3, 66) and wish.get("force") is False:
        raise BadRequest(
            "Invalid input: 'force' is not needed since 3.66 and may only be true.", field="force"
        )
    columns = titles(wish) | {"metadata": wish.get("metadata") or {}}
    row = intents.create(request.caller, wish["volume_id"], force=force, **columns)
    return answer({"snapshot": snapshot_small(request, row) | {"status": "creating"}}, 202)


def update(request: Request, id: str) -> HttpResponse:
    """PUT /snapshots/{id}."""
    changes = titles(request.wish["snapshot"])
    if not changes:
        raise BadRequest("Invalid input: nothing to update is named.", field="snapshot")
    intents.update(request.caller, id, **changes)
    return answer({"snapshot": snapshot_small(request, find(request, id))})


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /snapshots/{id}."""
    intents.delete(request.caller, id)
    return empty(202)


def act(request: Request, id: str) -> HttpResponse:
    """POST /snapshots/{id}/action."""
    name, wish = request.wish
    find(request, id)
    if name == "os-update_snapshot_status":
        given = {key: value for key, value in wish.items() if value is not None}
        intents.update(request.caller, id, **given)
        return empty(202)
    check_who(request, Who.ADMIN, 0, name)
    if name == "os-reset_status":
        intents.update(request.caller, id, status=wish["status"])
    elif name == "os-force_delete":
        intents.delete(request.caller, id, force=True)
    else:
        raise Conflict("Snapshots cannot be left to others: nobody else knows where they are.")
    return empty(202)


METADATA = Metadata("Snapshot", find, intents.change_metadata, intents.drop_metadata)


# --- backups --------------------------------------------------------------------------------------


def _backups() -> "QuerySet[Backup]":
    children = Backup.objects.filter(parent=OuterRef("pk"))
    return Backup.objects.annotate(is_parent=Exists(children))


BACKUPS = lists.Listing(
    name="backups",
    path="backups",
    rows=lists.owned(_backups),
    brief=backup_brief,
    detail=backup_full,
    filters={
        "name": lists.word("name"),
        "status": lists.word("status"),
        "volume_id": lists.identifier("volume_uuid"),
    },
    sort_keys={
        "id": "uuid",
        "name": "name",
        "status": "status",
        "volume_id": "volume_uuid",
        "size": "size",
        "created_at": "created_at",
        "updated_at": "updated_at",
    },
)


def find_backup(request: Request, id: str) -> Backup:
    """The caller's backup, with what its record shows."""
    return volume_lookup.one(request.caller, _backups(), "Backup", id)


def show_backup(request: Request, id: str) -> HttpResponse:
    """GET /backups/{id}."""
    return answer({"backup": backup_full(request, find_backup(request, id))})


def create_backup(request: Request) -> HttpResponse:
    """POST /backups."""
    wish: dict[str, Any] = request.wish["backup"]
    columns = titles(wish) | {
        "container": wish.get("container"),
        "incremental": bool(wish.get("incremental")),
        "metadata": wish.get("metadata") or {},
    }
    row = intents.back_up(
        request.caller,
        wish["volume_id"],
        snapshot_id=wish.get("snapshot_id"),
        force=bool(wish.get("force")),
        **columns,
    )
    data = backup_brief(request, row)
    return answer({"backup": data | _metadata(request, row)}, 202)


def _metadata(request: Request, row: Backup) -> dict[str, Any]:
    return {"metadata": row.metadata} if request.version >= (3, 43) else {}


def update_backup(request: Request, id: str) -> HttpResponse:
    """PUT /backups/{id}, from 3.9 on."""
    wish = request.wish["backup"]
    if not wish:
        raise BadRequest("Invalid input: nothing to update is named.", field="backup")
    row = intents.update_backup(request.caller, id, **wish)
    return answer({"backup": backup_brief(request, row) | _metadata(request, row)})


def delete_backup(request: Request, id: str) -> HttpResponse:
    """DELETE /backups/{id}."""
    intents.delete_backup(request.caller, id)
    return empty(202)


def restore(request: Request, id: str) -> HttpResponse:
    """POST /backups/{id}/restore."""
    wish = request.wish["restore"]
    backup, volume = intents.restore(request.caller, id, wish.get("volume_id"), wish.get("name"))
    shown = {
        "backup_id": str(backup.uuid),
        "volume_id": str(volume.uuid),
        "volume_name": volume.name,
    }
    return answer({"restore": shown}, 202)


def export_record(request: Request, id: str) -> HttpResponse:
    """GET /backups/{id}/export_record."""
    return answer({"backup-record": backup_records.written(request.caller, id)})


def import_record(request: Request) -> HttpResponse:
    """POST /backups/import_record."""
    wish = request.wish["backup-record"]
    row = backup_records.read(request.caller, wish["backup_service"], wish["backup_url"])
    return answer({"backup": backup_brief(request, row)}, 201)


def act_on_backup(request: Request, id: str) -> HttpResponse:
    """POST /backups/{id}/action."""
    name, wish = request.wish
    check_who(request, Who.ADMIN, 0, name)
    if name == "os-reset_status":
        intents.update_backup(request.caller, id, status=wish["status"])
    else:
        intents.delete_backup(request.caller, id, force=True)
    return empty(202)
