"""Consistency groups and their snapshots, as clients knew them before there were groups.

As in Cinder they are groups of the type that is there from the beginning, in other words.
"""

from typing import Any

from django.http import HttpResponse

from synnefo.api.bodies import either, flag, listing, maybe, record, text, uuid
from synnefo.api.request import Request, answer, empty, long_timestamp
from synnefo.api.volume import answers, groups, lists
from synnefo.api.volume.answers import fields
from synnefo.api.volume.bodies import IDENTIFIER, NOTE, TITLE, wrapped
from synnefo.core.faults import BadRequest
from synnefo.db.models import GroupSnapshot, VolumeGroup
from synnefo.intents.volume import volume_groups as intents
from synnefo.intents.volume import volume_lookup

_JOINED = text(1, 4096)
_NAMES = {"name": TITLE, "description": NOTE}
CREATE = wrapped(
    "consistencygroup",
    _NAMES
    | {
        "volume_types": either(
            {str: _JOINED, list: listing(IDENTIFIER, 1)}, "types, with commas between them"
        ),
        "availability_zone": maybe(text(1, 255)),
    },
    ("volume_types",),
)
_CHANGES = {"add_volumes": maybe(text(0, 4096)), "remove_volumes": maybe(text(0, 4096))}
UPDATE = wrapped("consistencygroup", _NAMES | _CHANGES)
_FROM = "consistencygroup-from-src"
CREATE_FROM = wrapped(_FROM, _NAMES | {"cgsnapshot_id": maybe(uuid), "source_cgid": maybe(uuid)})
_FORCE = record({"force": flag})
# openstacksdk spells it with an underline.
DELETE = record({"consistencygroup": _FORCE, "consistency_group": _FORCE})
CREATE_SNAPSHOT = wrapped(
    "cgsnapshot", _NAMES | {"consistencygroup_id": uuid}, ("consistencygroup_id",)
)
SHOWN = fields(
    {
        "id": IDENTIFIER, "name": answers.WORD, "description": answers.WORD,
        "status": answers.STRING, "availability_zone": answers.WORD, "created_at": answers.WORD,
        "volume_types": listing(IDENTIFIER, 0, answers.MANY),
    }
)  # fmt: skip
SNAPSHOT_SHOWN = fields(
    {
        "id": IDENTIFIER, "name": answers.WORD, "description": answers.WORD,
        "status": answers.STRING, "consistencygroup_id": IDENTIFIER, "created_at": answers.WORD,
    }
)  # fmt: skip
_FILTERS = {"name": lists.word("name"), "status": lists.word("status")}


def _brief(_request: Request, row: VolumeGroup | GroupSnapshot) -> dict[str, Any]:
    return {"id": str(row.uuid), "name": row.name}


def _common(request: Request, row: VolumeGroup | GroupSnapshot) -> dict[str, Any]:
    created_at = long_timestamp(row.created_at)
    more = {"description": row.description, "status": row.status, "created_at": created_at}
    return _brief(request, row) | more


def _detail(request: Request, row: VolumeGroup) -> dict[str, Any]:
    kinds = [str(one.uuid) for one in row.volume_types.all()]
    more = {"availability_zone": row.availability_zone, "volume_types": kinds}
    return _common(request, row) | more


def _snapshot_detail(request: Request, row: GroupSnapshot) -> dict[str, Any]:
    return _common(request, row) | {"consistencygroup_id": str(row.group.uuid)}


GROUPS = lists.Listing(
    name="consistencygroups",
    path="consistencygroups",
    rows=groups.GROUPS.rows,
    brief=_brief,
    detail=_detail,
    filters=_FILTERS,
    sort_keys=groups.GROUPS.sort_keys,
)
SNAPSHOTS = lists.Listing(
    name="cgsnapshots",
    path="cgsnapshots",
    rows=groups.SNAPSHOTS.rows,
    brief=_brief,
    detail=_snapshot_detail,
    filters=_FILTERS,
    sort_keys=groups.SNAPSHOTS.sort_keys,
)


def _columns(wish: dict[str, Any]) -> dict[str, Any]:
    return {name: wish.get(name) for name in _NAMES}


def show(request: Request, id: str) -> HttpResponse:
    """GET /consistencygroups/{id}."""
    row = volume_lookup.one(request.caller, groups.rows(), "ConsistencyGroup", id)
    return answer({"consistencygroup": _detail(request, row)})


def create(request: Request) -> HttpResponse:
    """POST /consistencygroups."""
    wish = request.wish["consistencygroup"]
    given = wish["volume_types"]
    kinds = groups.ids(given) if isinstance(given, str) else given
    kind = intents.default_type().name
    row = intents.create(request.caller, kind, kinds, **_columns(wish))
    return answer({"consistencygroup": _brief(request, row)}, 202)


def create_from(request: Request) -> HttpResponse:
    """POST /consistencygroups/create_from_src."""
    wish = request.wish[_FROM]
    group, snapshot = wish.get("source_cgid"), wish.get("cgsnapshot_id")
    row = intents.create_from(request.caller, group, snapshot, **_columns(wish))
    return answer({"consistencygroup": _brief(request, row)}, 202)


def update(request: Request, id: str) -> HttpResponse:
    """PUT /consistencygroups/{id} and /consistencygroups/{id}/update."""
    groups.change(request, id, request.wish["consistencygroup"])
    return empty(202)


def delete(request: Request, id: str) -> HttpResponse:
    """POST /consistencygroups/{id}/delete: with its volumes if it is forced."""
    wishes = list(request.wish.values())
    if len(wishes) != 1:
        raise BadRequest("Missing required element 'consistencygroup' in request body.")
    intents.delete(request.caller, id, volumes_too=wishes[0].get("force", False))
    return empty(202)


def show_snapshot(request: Request, id: str) -> HttpResponse:
    """GET /cgsnapshots/{id}."""
    row = intents.find_snapshot(request.caller, id)
    return answer({"cgsnapshot": _snapshot_detail(request, row)})


def create_snapshot(request: Request) -> HttpResponse:
    """POST /cgsnapshots."""
    wish = request.wish["cgsnapshot"]
    row = intents.snapshot(request.caller, wish["consistencygroup_id"], **_columns(wish))
    return answer({"cgsnapshot": _brief(request, row)}, 202)


def delete_snapshot(request: Request, id: str) -> HttpResponse:
    """DELETE /cgsnapshots/{id}."""
    intents.delete_snapshot(request.caller, id)
    return empty(202)
