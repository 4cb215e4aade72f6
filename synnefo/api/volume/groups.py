"""Groups of volumes (from 3.13 on) and their snapshots (3.14)."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from synnefo.api.bodies import (
    anything,
    choice,
    flag,
    listing,
    maybe,
    record,
    text,
    uuid,
)
from synnefo.api.request import Request, answer, empty, long_timestamp
from synnefo.api.routing import Who
from synnefo.api.volume import lists
from synnefo.api.volume.actions import check_who
from synnefo.api.volume.bodies import IDENTIFIER, NOTE, TITLE, one_of, wrapped
from synnefo.core import volume_states
from synnefo.core.faults import BadRequest
from synnefo.db.models import GroupSnapshot, VolumeGroup
from synnefo.intents.volume import volume_groups as intents
from synnefo.intents.volume import volume_lookup

CREATE = wrapped(
    "group",
    {
        "name": TITLE,
        "description": NOTE,
        "group_type": IDENTIFIER,
        "volume_types": listing(IDENTIFIER, 1),
        "availability_zone": maybe(text(1, 255)),
    },
    ("group_type", "volume_types"),
)
UPDATE = wrapped(
    "group",
    {
        "name": TITLE,
        "description": NOTE,
        "add_volumes": maybe(text(0, 4096)),
        "remove_volumes": maybe(text(0, 4096)),
    },
)
CREATE_FROM = record(
    {
        "create-from-src": record(
            {
                "name": TITLE,
                "description": NOTE,
                "group_snapshot_id": maybe(uuid),
                "source_group_id": maybe(uuid),
            }
        )
    },
    ("create-from-src",),
)
CREATE_SNAPSHOT = wrapped(
    "group_snapshot", {"name": TITLE, "description": NOTE, "group_id": uuid}, ("group_id",)
)
_REPLICATION = record({}, rest=anything)
ACTION = one_of(
    {
        "delete": record({"delete-volumes": flag}),
        "reset_status": record({"status": choice(*volume_states.GROUP_STATUSES)}, ("status",)),
        "enable_replication": _REPLICATION,
        "disable_replication": _REPLICATION,
        "failover_replication": _REPLICATION,
        "list_replication_targets": _REPLICATION,
    }
)
SNAPSHOT_ACTION = one_of(
    {"reset_status": record({"status": choice(*volume_states.GROUP_STATUSES)}, ("status",))}
)


# --- groups ---------------------------------------------------------------------------------------


def rows() -> "QuerySet[VolumeGroup]":
    """Groups with what is shown of them."""
    return VolumeGroup.objects.select_related("group_type").prefetch_related(
        "volume_types", "volumes"
    )


def _brief(_request: Request, row: VolumeGroup) -> dict[str, Any]:
    return {"id": str(row.uuid), "name": row.name}


def _detail(request: Request, row: VolumeGroup) -> dict[str, Any]:
    data = _brief(request, row) | {
        "description": row.description,
        "status": row.status,
        "availability_zone": row.availability_zone,
        "created_at": long_timestamp(row.created_at),
        "group_type": str(row.group_type.uuid),
        "volume_types": [str(one.uuid) for one in row.volume_types.all()],
    }
    minor = request.version[1]
    if minor >= 14:
        data["group_snapshot_id"] = str(row.group_snapshot_id) if row.group_snapshot_id else None
        data["source_group_id"] = str(row.source_group_id) if row.source_group_id else None
    if minor >= 25 and request.query.get("list_volume", "").lower() == "true":
        data["volumes"] = [str(one.uuid) for one in row.volumes.all()]
    if minor >= 38:
        data["replication_status"] = None
    return data | ({"project_id": row.project_id} if minor >= 58 else {})


GROUPS = lists.Listing(
    name="groups",
    path="groups",
    rows=lists.owned(rows),
    brief=_brief,
    detail=_detail,
    filters={"name": lists.word("name"), "status": lists.word("status")},
    sort_keys={"id": "uuid", "name": "name", "status": "status", "created_at": "created_at"},
)


def show(request: Request, id: str) -> HttpResponse:
    """GET /groups/{id}."""
    row = volume_lookup.one(request.caller, rows(), "Group", id)
    return answer({"group": _detail(request, row)})


def create(request: Request) -> HttpResponse:
    """POST /groups."""
    wish = request.wish["group"]
    columns = {"name": wish.get("name"), "description": wish.get("description")}
    row = intents.create(request.caller, wish["group_type"], wish["volume_types"], **columns)
    return answer({"group": _brief(request, row)}, 202)


def create_from(request: Request) -> HttpResponse:
    """POST /groups/action: create-from-src."""
    wish = request.wish["create-from-src"]
    columns = {"name": wish.get("name"), "description": wish.get("description")}
    row = intents.create_from(
        request.caller, wish.get("source_group_id"), wish.get("group_snapshot_id"), **columns
    )
    return answer({"group": _brief(request, row)}, 202)


def ids(joined: str | None) -> list[str]:
    """Ids with commas between them."""
    return [one.strip() for one in (joined or "").split(",") if one.strip()]


def update(request: Request, id: str) -> HttpResponse:
    """PUT /groups/{id}."""
    change(request, id, request.wish["group"])
    return empty(202)


def change(request: Request, id: str, given: Mapping[str, Any]) -> None:
    """Its names and its volumes; something must be given."""
    wish = dict(given)
    add, remove = ids(wish.pop("add_volumes", None)), ids(wish.pop("remove_volumes", None))
    columns = {name: value for name, value in wish.items() if value is not None}
    if not (add or remove or columns):
        raise BadRequest("At least one of name, description and volumes is to be given.")
    intents.update(request.caller, id, add, remove, **columns)


def act(request: Request, id: str) -> HttpResponse:
    """POST /groups/{id}/action."""
    name, wish = request.wish
    if name == "delete":
        intents.delete(request.caller, id, volumes_too=wish.get("delete-volumes", False))
    elif name == "reset_status":
        check_who(request, Who.ADMIN, 20, name)
        intents.reset(request.caller, id, wish["status"])
    else:
        volume_lookup.group(request.caller, id)
        raise BadRequest("Groups are not replicated here.")
    return empty(202)


# --- snapshots of groups --------------------------------------------------------------------------


def _snapshot_brief(_request: Request, row: GroupSnapshot) -> dict[str, Any]:
    return {"id": str(row.uuid), "name": row.name}


def _snapshot_detail(request: Request, row: GroupSnapshot) -> dict[str, Any]:
    data = _snapshot_brief(request, row) | {
        "description": row.description,
        "status": row.status,
        "group_id": str(row.group.uuid),
        "group_type_id": str(row.group.group_type.uuid),
        "created_at": long_timestamp(row.created_at),
    }
    return data | ({"project_id": row.project_id} if request.version >= (3, 58) else {})


def _snapshots() -> "QuerySet[GroupSnapshot]":
    return GroupSnapshot.objects.select_related("group__group_type")


SNAPSHOTS = lists.Listing(
    name="group_snapshots",
    path="group_snapshots",
    rows=lists.owned(_snapshots),
    brief=_snapshot_brief,
    detail=_snapshot_detail,
    filters={
        "name": lists.word("name"),
        "status": lists.word("status"),
        "group_id": lists.identifier("group__uuid"),
    },
    sort_keys={"id": "uuid", "name": "name", "status": "status", "created_at": "created_at"},
)


def show_snapshot(request: Request, id: str) -> HttpResponse:
    """GET /group_snapshots/{id}."""
    row = intents.find_snapshot(request.caller, id)
    return answer({"group_snapshot": _snapshot_detail(request, row)})


def create_snapshot(request: Request) -> HttpResponse:
    """POST /group_snapshots."""
    wish = request.wish["group_snapshot"]
    columns = {"name": wish.get("name"), "description": wish.get("description")}
    row = intents.snapshot(request.caller, wish["group_id"], **columns)
    shown = _snapshot_brief(request, row) | {"group_type_id": str(row.group.group_type.uuid)}
    return answer({"group_snapshot": shown}, 202)


def delete_snapshot(request: Request, id: str) -> HttpResponse:
    """DELETE /group_snapshots/{id}."""
    intents.delete_snapshot(request.caller, id)
    return empty(202)


def act_on_snapshot(request: Request, id: str) -> HttpResponse:
    """POST /group_snapshots/{id}/action."""
    name, wish = request.wish
    check_who(request, Who.ADMIN, 19, name)
    intents.change_snapshot(request.caller, id, {"status": wish["status"]})
    return empty(202)
