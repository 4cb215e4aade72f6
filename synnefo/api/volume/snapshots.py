"""Snapshots of volumes."""

from django.db.models import QuerySet
from django.http import HttpResponse

from synnefo.api.request import Request, answer, empty
from synnefo.api.routing import Who
from synnefo.api.volume import lists
from synnefo.api.volume.actions import check_who
from synnefo.api.volume.bodies import titles
from synnefo.api.volume.metadata import Metadata
from synnefo.api.volume.records import snapshot_full, snapshot_small
from synnefo.core.faults import BadRequest, Conflict
from synnefo.db.models import Snapshot
from synnefo.intents.volume import snapshots as intents
from synnefo.intents.volume import volume_lookup


def _rows() -> "QuerySet[Snapshot]":
    return Snapshot.objects.select_related("volume", "group_snapshot")


LISTING = lists.Listing(
    name="snapshots",
    path="snapshots",
    rows=lists.owned(_rows),
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
    return volume_lookup.one(request.caller, _rows(), "Snapshot", id)


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
