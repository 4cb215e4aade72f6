"""Backups of volumes, and their records for elsewhere."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse

from synnefo.api.request import Request, answer, empty
from synnefo.api.routing import Who
from synnefo.api.volume import lists
from synnefo.api.volume.actions import check_who
from synnefo.api.volume.bodies import titles
from synnefo.api.volume.records import backup_brief, backup_full
from synnefo.core.faults import BadRequest
from synnefo.db.models import Backup
from synnefo.intents.volume import backup_records, volume_lookup
from synnefo.intents.volume import backups as intents


def _rows() -> "QuerySet[Backup]":
    children = Backup.objects.filter(parent=OuterRef("pk"))
    return Backup.objects.annotate(is_parent=Exists(children))


LISTING = lists.Listing(
    name="backups",
    path="backups",
    rows=lists.owned(_rows),
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


def _find(request: Request, id: str) -> Backup:
    """The caller's backup, with what its record shows."""
    return volume_lookup.one(request.caller, _rows(), "Backup", id)


def show(request: Request, id: str) -> HttpResponse:
    """GET /backups/{id}."""
    return answer({"backup": backup_full(request, _find(request, id))})


def create(request: Request) -> HttpResponse:
    """POST /backups."""
    wish: dict[str, Any] = request.wish["backup"]
    columns = titles(wish) | {
        "container": wish.get("container"),
        "incremental": bool(wish.get("incremental")),
        "metadata": wish.get("metadata") or {},
    }
    row = intents.create(
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


def update(request: Request, id: str) -> HttpResponse:
    """PUT /backups/{id}, from 3.9 on."""
    wish = request.wish["backup"]
    if not wish:
        raise BadRequest("Invalid input: nothing to update is named.", field="backup")
    row = intents.update(request.caller, id, **wish)
    return answer({"backup": backup_brief(request, row) | _metadata(request, row)})


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /backups/{id}."""
    intents.delete(request.caller, id)
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


def act(request: Request, id: str) -> HttpResponse:
    """POST /backups/{id}/action."""
    name, wish = request.wish
    check_who(request, Who.ADMIN, 0, name)
    if name == "os-reset_status":
        intents.update(request.caller, id, status=wish["status"])
    else:
        intents.delete(request.caller, id, force=True)
    return empty(202)
