"""Groups of volumes (from 3.13 on), their types (3.11) and their snapshots (3.14)."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from synnefo.api.bodies import (
    FALSE,
    Kind,
    anything,
    choice,
    flag,
    listing,
    mapping,
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
from synnefo.core.faults import BadRequest, NotFound
from synnefo.db.models import GroupSnapshot, GroupType, VolumeGroup
from synnefo.intents import volume_groups as intents
from synnefo.intents import volume_lookup

SPECS = mapping(text(1, 255, pattern=r"[a-zA-Z0-9\-_:. ]+"), text(0, 255), most=128)
_TYPE: dict[str, Kind] = {"name": text(1, 255), "description": maybe(text(0, 255, lines=True))}
CREATE_TYPE = wrapped(
    "group_type", _TYPE | {"is_public": flag, "group_specs": maybe(SPECS)}, ("name",)
)
UPDATE_TYPE = wrapped("group_type", _TYPE | {"is_public": flag})
TYPE_SPECS = record({"group_specs": SPECS}, ("group_specs",))
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


def _since(request: Request, minor: int) -> None:
    if request.version < (3, minor):
        raise NotFound("The resource could not be found.")


# --- types ----------------------------------------------------------------------------------------


def _type_record(request: Request, row: GroupType) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": str(row.uuid),
        "name": row.name,
        "description": row.description,
        "is_public": row.is_public,
    }
    return data | ({"group_specs": row.specs} if request.caller.is_admin else {})


def _types(request: Request) -> "QuerySet[GroupType]":
    rows = GroupType.objects.all()
    wanted = request.query.get("is_public", "").lower()
    if not request.caller.is_admin:
        return rows.filter(is_public=True)
    return rows if wanted in {"", "none"} else rows.filter(is_public=wanted not in FALSE)


TYPES = lists.Listing(
    name="group_types",
    path="group_types",
    rows=_types,
    brief=_type_record,
    detail=_type_record,
    filters={"name": lists.word("name"), "group_specs": lists.items("specs")},
    sort_keys={"id": "uuid", "name": "name", "created_at": "created_at"},
)


def types(request: Request) -> HttpResponse:
    """GET /group_types."""
    _since(request, 11)
    intents.default_type()
    return TYPES.index(request)


def _find_type(request: Request, id: str) -> GroupType:
    _since(request, 11)
    row = intents.default_type() if id == "default" else intents.find_type(id)
    if not row.is_public and not request.caller.is_admin:
        raise NotFound(f"Group type {id} could not be found.")
    return row


def show_type(request: Request, id: str) -> HttpResponse:
    """GET /group_types/{id}, or /group_types/default."""
    return answer({"group_type": _type_record(request, _find_type(request, id))})


def create_type(request: Request) -> HttpResponse:
    """POST /group_types."""
    _since(request, 11)
    wish = request.wish["group_type"]
    row = intents.create_type(
        name=wish["name"],
        description=wish.get("description"),
        is_public=wish.get("is_public", True),
        specs=wish.get("group_specs") or {},
    )
    return answer({"group_type": _type_record(request, row)}, 202)


def change_type(request: Request, id: str) -> HttpResponse:
    """PUT /group_types/{id}."""
    _since(request, 11)
    row = intents.change_type(id, **request.wish["group_type"])
    return answer({"group_type": _type_record(request, row)})


def delete_type(request: Request, id: str) -> HttpResponse:
    """DELETE /group_types/{id}."""
    _since(request, 11)
    intents.delete_type(id)
    return empty(202)


def specs(request: Request, id: str) -> HttpResponse:
    """GET /group_types/{id}/group_specs."""
    return answer({"group_specs": _find_type(request, id).specs})


def merge_specs(request: Request, id: str) -> HttpResponse:
    """POST /group_types/{id}/group_specs."""
    row, wish = _find_type(request, id), request.wish["group_specs"]
    intents.change_type(str(row.uuid), specs={**row.specs, **wish})
    return answer({"group_specs": wish}, 202)


def spec(request: Request, id: str, key: str) -> HttpResponse:
    """GET /group_types/{id}/group_specs/{key}."""
    found = _find_type(request, id).specs
    if key not in found:
        raise NotFound(f"Group Type {id} has no specs with key {key}.")
    return answer({key: found[key]})


def set_spec(request: Request, id: str, key: str) -> HttpResponse:
    """PUT /group_types/{id}/group_specs/{key}."""
    row = _find_type(request, id)
    if list(request.wish) != [key]:
        raise BadRequest("Request body and URI mismatch: the item is named differently.")
    intents.change_type(str(row.uuid), specs={**row.specs, **request.wish})
    return answer(request.wish)


def drop_spec(request: Request, id: str, key: str) -> HttpResponse:
    """DELETE /group_types/{id}/group_specs/{key}."""
    _find_type(request, id)
    intents.drop_spec(id, key)
    return empty(202)


# --- groups ---------------------------------------------------------------------------------------


def _rows() -> "QuerySet[VolumeGroup]":
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
    rows=lists.owned(_rows),
    brief=_brief,
    detail=_detail,
    filters={"name": lists.word("name"), "status": lists.word("status")},
    sort_keys={"id": "uuid", "name": "name", "status": "status", "created_at": "created_at"},
)


def index(request: Request) -> HttpResponse:
    """GET /groups."""
    _since(request, 13)
    return GROUPS.index(request)


def index_detail(request: Request) -> HttpResponse:
    """GET /groups/detail."""
    _since(request, 13)
    return GROUPS.index_detail(request)


def show(request: Request, id: str) -> HttpResponse:
    """GET /groups/{id}."""
    _since(request, 13)
    rows = volume_lookup.mine(request.caller, _rows())
    row = rows.filter(uuid=volume_lookup.uuid_of(id)).first()
    if row is None:
        raise NotFound(f"Group {id} could not be found.")
    return answer({"group": _detail(request, row)})


def create(request: Request) -> HttpResponse:
    """POST /groups."""
    _since(request, 13)
    wish = request.wish["group"]
    columns = {"name": wish.get("name"), "description": wish.get("description")}
    row = intents.create(request.caller, wish["group_type"], wish["volume_types"], **columns)
    return answer({"group": _brief(request, row)}, 202)


def create_from(request: Request) -> HttpResponse:
    """POST /groups/action: create-from-src."""
    _since(request, 14)
    wish = request.wish["create-from-src"]
    columns = {"name": wish.get("name"), "description": wish.get("description")}
    row = intents.create_from(
        request.caller, wish.get("source_group_id"), wish.get("group_snapshot_id"), **columns
    )
    return answer({"group": _brief(request, row)}, 202)


def _ids(joined: str | None) -> list[str]:
    return [one.strip() for one in (joined or "").split(",") if one.strip()]


def update(request: Request, id: str) -> HttpResponse:
    """PUT /groups/{id}."""
    _since(request, 13)
    wish = dict(request.wish["group"])
    add, remove = _ids(wish.pop("add_volumes", None)), _ids(wish.pop("remove_volumes", None))
    columns = {name: value for name, value in wish.items() if value is not None}
    if not (add or remove or columns):
        raise BadRequest("At least one of name, description and volumes is to be given.")
    intents.update(request.caller, id, add, remove, **columns)
    return empty(202)


def act(request: Request, id: str) -> HttpResponse:
    """POST /groups/{id}/action."""
    _since(request, 13)
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


def snapshots(request: Request) -> HttpResponse:
    """GET /group_snapshots."""
    _since(request, 14)
    return SNAPSHOTS.index(request)


def snapshots_detail(request: Request) -> HttpResponse:
    """GET /group_snapshots/detail."""
    _since(request, 14)
    return SNAPSHOTS.index_detail(request)


def show_snapshot(request: Request, id: str) -> HttpResponse:
    """GET /group_snapshots/{id}."""
    _since(request, 14)
    row = intents.find_snapshot(request.caller, id)
    return answer({"group_snapshot": _snapshot_detail(request, row)})


def create_snapshot(request: Request) -> HttpResponse:
    """POST /group_snapshots."""
    _since(request, 14)
    wish = request.wish["group_snapshot"]
    columns = {"name": wish.get("name"), "description": wish.get("description")}
    row = intents.snapshot(request.caller, wish["group_id"], **columns)
    shown = _snapshot_brief(request, row) | {"group_type_id": str(row.group.group_type.uuid)}
    return answer({"group_snapshot": shown}, 202)


def delete_snapshot(request: Request, id: str) -> HttpResponse:
    """DELETE /group_snapshots/{id}."""
    _since(request, 14)
    intents.delete_snapshot(request.caller, id)
    return empty(202)


def act_on_snapshot(request: Request, id: str) -> HttpResponse:
    """POST /group_snapshots/{id}/action."""
    name, wish = request.wish
    check_who(request, Who.ADMIN, 19, name)
    intents.change_snapshot(request.caller, id, {"status": wish["status"]})
    return empty(202)
