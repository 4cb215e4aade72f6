"""Types of volumes with their specifications, access and encryption; which one is the default."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from synnefo.api.bodies import FALSE
from synnefo.api.request import Request, answer, empty
from synnefo.api.volume import lists
from synnefo.core import keyed_texts
from synnefo.core.faults import BadRequest, NotFound
from synnefo.db.models import DefaultVolumeType, VolumeType
from synnefo.intents.volume import volume_lookup
from synnefo.intents.volume import volume_types as intents

SHOWN_SPECS = frozenset({"RESKEY:availability_zones", "multiattach", "replication_enabled"})


def _record(request: Request, row: VolumeType) -> dict[str, Any]:
    specs: dict[str, str] = row.extra_specs
    if not request.caller.is_admin:
        specs = {name: text for name, text in specs.items() if name in SHOWN_SPECS}
    data = {
        "id": str(row.uuid),
        "name": row.name,
        "description": row.description,
        "is_public": row.is_public,
        "os-volume-type-access:is_public": row.is_public,
        "extra_specs": specs,
    }
    if request.caller.is_admin:
        data["qos_specs_id"] = str(row.qos_specs.uuid) if row.qos_specs else None
    return data


def _rows(request: Request) -> "QuerySet[VolumeType]":
    rows = volume_lookup.usable_types(request.caller)
    wanted = request.query.get("is_public", "").lower()
    if not request.caller.is_admin or wanted == "none":
        return rows.select_related("qos_specs")
    public = wanted not in FALSE
    return rows.filter(is_public=public).select_related("qos_specs")


LISTING = lists.Listing(
    name="volume_types",
    path="types",
    rows=_rows,
    brief=_record,
    detail=_record,
    filters={
        "name": lists.word("name"),
        "description": lists.word("description"),
        "extra_specs": lists.items("extra_specs"),
    },
    sort_keys={
        "id": "uuid",
        "name": "name",
        "created_at": "created_at",
        "updated_at": "updated_at",
    },
    like=("name", "description"),
)


def index(request: Request) -> HttpResponse:
    """GET /types; there is at least the default one."""
    volume_lookup.default_type()
    return LISTING.index(request)


def _find(request: Request, id: str) -> VolumeType:
    rows = volume_lookup.usable_types(request.caller).select_related("qos_specs")
    return volume_lookup.found(rows, "Volume type", id)


def show(request: Request, id: str) -> HttpResponse:
    """GET /types/{id}."""
    return answer({"volume_type": _record(request, _find(request, id))})


def show_default(request: Request) -> HttpResponse:
    """GET /types/default."""
    row = volume_lookup.default_type(request.project)
    return answer({"volume_type": _record(request, row)})


def create(request: Request) -> HttpResponse:
    """POST /types."""
    wish = request.wish["volume_type"]
    name = wish["name"].strip()
    if not name:
        raise BadRequest("Type name can not be empty.", field="volume_type.name")
    row = intents.create(
        name=name,
        description=wish.get("description"),
        is_public=wish.get("os-volume-type-access:is_public", True),
        extra_specs=wish.get("extra_specs") or {},
    )
    shown = _record(request, row)
    shown.pop("qos_specs_id", None)
    return answer({"volume_type": shown})


def update(request: Request, id: str) -> HttpResponse:
    """PUT /types/{id}."""
    wish = {k: v for k, v in request.wish["volume_type"].items() if v is not None}
    if not wish:
        raise BadRequest("Specify volume type name, description, is_public or a combination.")
    if "name" in wish:
        wish["name"] = wish["name"].strip()
        if not wish["name"]:
            raise BadRequest("Type name can not be empty.", field="volume_type.name")
    row = intents.update(id, **wish)
    shown = _record(request, row)
    for name in ("qos_specs_id", "os-volume-type-access:is_public"):
        shown.pop(name, None)
    return answer({"volume_type": shown})


def delete(_request: Request, id: str) -> HttpResponse:
    """DELETE /types/{id}."""
    intents.delete(id)
    return empty(202)


def act(request: Request, id: str) -> HttpResponse:
    """POST /types/{id}/action: access of projects."""
    name, wish = request.wish
    change = intents.add_access if name == "addProjectAccess" else intents.remove_access
    change(id, wish["project"])
    return empty(202)


def access(request: Request, id: str) -> HttpResponse:
    """GET /types/{id}/os-volume-type-access."""
    row = _find(request, id)
    if row.is_public:
        raise NotFound("Access list not available for public volume types.")
    projects = row.access.order_by("pk").values_list("project_id", flat=True)
    shown = [{"volume_type_id": str(row.uuid), "project_id": one} for one in projects]
    return answer({"volume_type_access": shown})


# --- extra specifications -------------------------------------------------------------------------


def specs(request: Request, id: str) -> HttpResponse:
    """GET /types/{id}/extra_specs."""
    return answer({"extra_specs": _record(request, _find(request, id))["extra_specs"]})


def merge_specs(request: Request, id: str) -> HttpResponse:
    """POST /types/{id}/extra_specs."""
    wish = request.wish["extra_specs"]
    intents.merge_specs(id, wish)
    return answer({"extra_specs": wish})


def spec(request: Request, id: str, key: str) -> HttpResponse:
    """GET /types/{id}/extra_specs/{key}."""
    found = _record(request, _find(request, id))["extra_specs"]
    return answer({key: keyed_texts.one(found, key, f"Volume Type {id}", "extra specs")})


def set_spec(request: Request, id: str, key: str) -> HttpResponse:
    """PUT /types/{id}/extra_specs/{key}."""
    keyed_texts.check_is_only(request.wish, key)
    keyed_texts.one(intents.find(id).extra_specs, key, f"Volume Type {id}", "extra specs")
    intents.merge_specs(id, request.wish)
    return answer(request.wish)


def drop_spec(_request: Request, id: str, key: str) -> HttpResponse:
    """DELETE /types/{id}/extra_specs/{key}."""
    intents.drop_spec(id, key)
    return empty(202)


# --- encryption -----------------------------------------------------------------------------------


def encryption(request: Request, id: str) -> HttpResponse:
    """GET /types/{id}/encryption: empty where there is none."""
    row = _find(request, id)
    if row.encryption is None:
        return answer({})
    known = {"volume_type_id": str(row.uuid), "deleted": False, "deleted_at": None}
    return answer({"cipher": None, "key_size": None, "updated_at": None} | row.encryption | known)


def encryption_item(request: Request, id: str, key: str) -> HttpResponse:
    """GET /types/{id}/encryption/{key}."""
    found = _find(request, id).encryption or {}
    if key not in found:
        raise NotFound(f"Volume type {id} has no encryption spec {key}.")
    return answer({key: found[key]})


def encrypt(request: Request, id: str) -> HttpResponse:
    """POST /types/{id}/encryption."""
    wish = request.wish["encryption"]
    row = intents.encrypt(id, wish)
    found = dict(row.encryption or {})
    found.pop("created_at", None)
    return answer({"encryption": found | {"volume_type_id": str(row.uuid)}})


def change_encryption(request: Request, id: str, key: str) -> HttpResponse:
    """PUT /types/{id}/encryption/{encryption}."""
    wish = request.wish["encryption"]
    intents.change_encryption(id, key, wish)
    return answer({"encryption": wish})


def decrypt(_request: Request, id: str, key: str) -> HttpResponse:
    """DELETE /types/{id}/encryption/{encryption}."""
    intents.decrypt(id, key)
    return empty(202)


# --- default types of projects, from 3.62 on ------------------------------------------------------


def _default(row: DefaultVolumeType) -> dict[str, str]:
    return {"project_id": row.project_id, "volume_type_id": str(row.volume_type.uuid)}


def defaults(request: Request) -> HttpResponse:
    """GET /default-types."""
    rows = DefaultVolumeType.objects.select_related("volume_type").order_by("pk")
    return answer({"default_types": [_default(row) for row in rows]})


def default_of(request: Request, id: str) -> HttpResponse:
    """GET /default-types/{project}."""
    row = DefaultVolumeType.objects.select_related("volume_type").filter(project_id=id).first()
    if row is None:
        raise NotFound(f"Default type for project {id} not found.")
    return answer({"default_type": _default(row)})


def set_default(request: Request, id: str) -> HttpResponse:
    """PUT /default-types/{project}."""
    wanted = request.wish["default_type"]["volume_type"]
    row = intents.set_default(request.caller, id, wanted)
    return answer({"default_type": _default(row)})


def unset_default(request: Request, id: str) -> HttpResponse:
    """DELETE /default-types/{project}."""
    intents.unset_default(id)
    return empty(204)
