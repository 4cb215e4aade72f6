"""Types of groups of volumes, and what they specify: from 3.11 on."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from synnefo.api.bodies import FALSE, Kind, flag, mapping, maybe, record, text
from synnefo.api.request import Request, answer, empty
from synnefo.api.volume import lists
from synnefo.api.volume.bodies import wrapped
from synnefo.core import keyed_texts
from synnefo.core.faults import NotFound
from synnefo.db.models import GroupType
from synnefo.intents.volume import volume_groups as intents

SPECS = mapping(text(1, 255, pattern=r"[a-zA-Z0-9\-_:. ]+"), text(0, 255), most=128)
_TYPE: dict[str, Kind] = {"name": text(1, 255), "description": maybe(text(0, 255, lines=True))}
CREATE = wrapped("group_type", _TYPE | {"is_public": flag, "group_specs": maybe(SPECS)}, ("name",))
UPDATE = wrapped("group_type", _TYPE | {"is_public": flag})
TYPE_SPECS = record({"group_specs": SPECS}, ("group_specs",))


def _record(request: Request, row: GroupType) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": str(row.uuid),
        "name": row.name,
        "description": row.description,
        "is_public": row.is_public,
    }
    return data | ({"group_specs": row.specs} if request.caller.is_admin else {})


def _rows(request: Request) -> "QuerySet[GroupType]":
    rows = GroupType.objects.all()
    wanted = request.query.get("is_public", "").lower()
    if not request.caller.is_admin:
        return rows.filter(is_public=True)
    return rows if wanted in {"", "none"} else rows.filter(is_public=wanted not in FALSE)


LISTING = lists.Listing(
    name="group_types",
    path="group_types",
    rows=_rows,
    brief=_record,
    detail=_record,
    filters={"name": lists.word("name"), "group_specs": lists.items("specs")},
    sort_keys={"id": "uuid", "name": "name", "created_at": "created_at"},
    like=("name", "description"),
)


def index(request: Request) -> HttpResponse:
    """GET /group_types."""
    intents.default_type()
    return LISTING.index(request)


def _find(request: Request, id: str) -> GroupType:
    row = intents.default_type() if id == "default" else intents.find_type(id)
    if not row.is_public and not request.caller.is_admin:
        raise NotFound(f"Group type {id} could not be found.")
    return row


def show(request: Request, id: str) -> HttpResponse:
    """GET /group_types/{id}, or /group_types/default."""
    return answer({"group_type": _record(request, _find(request, id))})


def create(request: Request) -> HttpResponse:
    """POST /group_types."""
    wish = request.wish["group_type"]
    row = intents.create_type(
        name=wish["name"],
        description=wish.get("description"),
        is_public=wish.get("is_public", True),
        specs=wish.get("group_specs") or {},
    )
    return answer({"group_type": _record(request, row)}, 202)


def change(request: Request, id: str) -> HttpResponse:
    """PUT /group_types/{id}."""
    row = intents.change_type(id, **request.wish["group_type"])
    return answer({"group_type": _record(request, row)})


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /group_types/{id}."""
    intents.delete_type(id)
    return empty(202)


def specs(request: Request, id: str) -> HttpResponse:
    """GET /group_types/{id}/group_specs."""
    return answer({"group_specs": _find(request, id).specs})


def merge_specs(request: Request, id: str) -> HttpResponse:
    """POST /group_types/{id}/group_specs."""
    row, wish = _find(request, id), request.wish["group_specs"]
    intents.merge_specs(str(row.uuid), wish)
    return answer({"group_specs": wish}, 202)


def spec(request: Request, id: str, key: str) -> HttpResponse:
    """GET /group_types/{id}/group_specs/{key}."""
    found = _find(request, id).specs
    return answer({key: keyed_texts.one(found, key, f"Group Type {id}", "specs")})


def set_spec(request: Request, id: str, key: str) -> HttpResponse:
    """PUT /group_types/{id}/group_specs/{key}."""
    row = _find(request, id)
    keyed_texts.check_is_only(request.wish, key)
    intents.merge_specs(str(row.uuid), request.wish)
    return answer(request.wish)


def drop_spec(request: Request, id: str, key: str) -> HttpResponse:
    """DELETE /group_types/{id}/group_specs/{key}."""
    _find(request, id)
    intents.drop_spec(id, key)
    return empty(202)
