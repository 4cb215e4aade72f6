"""The volumes of a server: /servers/{id}/os-volume_attachments."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import ByVersion, Kind, record
from synnefo.api.compute.servers import find
from synnefo.api.pagination import limit_of
from synnefo.api.request import Request, answer, empty
from synnefo.api.routing import Route, Who
from synnefo.core.faults import BadRequest, Conflict, NotFound
from synnefo.db.models import VolumeAttachment
from synnefo.intents.volume import volume_attaching as intents
from synnefo.intents.volume import volume_lookup

DEVICE = bodies.maybe(bodies.text(1, 255, pattern=r"/dev/x{0,1}[a-z]{0,1}d{0,1}[a-z]+[0-9]*"))
TAG = bodies.text(1, 60, pattern=r"[^,/\x00-\x1f\x7f]+")
FIELDS: dict[str, Kind] = {"volumeId": bodies.uuid, "device": DEVICE}


def _body(fields: dict[str, Kind], need: tuple[str, ...] = ("volumeId",)) -> Kind:
    return record({"volumeAttachment": record(fields, need)}, ("volumeAttachment",))


ATTACH = ByVersion(
    {
        1: _body(FIELDS),
        49: _body(FIELDS | {"tag": TAG}),
        79: _body(FIELDS | {"tag": TAG, "delete_on_termination": bodies.flag}),
    }
)
CHANGE = ByVersion(
    {
        1: _body({"volumeId": bodies.uuid}),
        85: _body(
            {
                "volumeId": bodies.uuid,
                "device": DEVICE,
                "tag": bodies.maybe(TAG),
                "delete_on_termination": bodies.flag,
                "serverId": bodies.uuid,
                "id": bodies.uuid,
            }
        ),
    }
)
ONE = record({"volumeAttachment": bodies.anything}, ("volumeAttachment",))
MANY = record({"volumeAttachments": bodies.anything}, ("volumeAttachments",))
NO_BODY_SINCE = 101


def _shown(request: Request, row: VolumeAttachment) -> dict[str, Any]:
    minor = request.version[1]
    volume = str(row.volume.uuid)
    data: dict[str, Any] = {
        "id": volume,
        "serverId": str(row.instance_uuid),
        "volumeId": volume,
        "device": row.device,
    }
    if minor >= 70:
        data["tag"] = row.tag
    if minor >= 79:
        data["delete_on_termination"] = row.delete_on_termination
    if minor >= 89:
        del data["id"]
        data |= {"attachment_id": str(row.uuid), "bdm_uuid": str(row.uuid)}
    return data


def _rows(request: Request, id: str) -> "QuerySet[VolumeAttachment]":
    server = find(request, id)
    rows = VolumeAttachment.objects.filter(server=server, volume__local=False)
    return rows.select_related("volume").order_by("pk")


def index(request: Request, id: str) -> HttpResponse:
    """GET of the list."""
    text = request.query.get("offset", "0")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadRequest("offset must be a whole number of 0 or more.", field="offset")
    offset, limit = int(text), limit_of(request)
    rows = _rows(request, id)[offset : offset + limit]
    return answer({"volumeAttachments": [_shown(request, row) for row in rows]})


def show(request: Request, id: str, volume: str) -> HttpResponse:
    """GET of one."""
    row = _rows(request, id).filter(volume__uuid=volume_lookup.uuid_of(volume)).first()
    if row is None:
        raise NotFound(f"volume_id not found: {volume[:80]}")
    return answer({"volumeAttachment": _shown(request, row)})


def attach(request: Request, id: str) -> HttpResponse:
    """POST: attach a volume."""
    wish = request.wish["volumeAttachment"]
    row = intents.attach(
        request.caller,
        id,
        wish["volumeId"],
        device=wish.get("device"),
        tag=wish.get("tag"),
        delete_on_termination=wish.get("delete_on_termination", False),
    )
    if request.version[1] >= NO_BODY_SINCE:
        return empty(202)
    return answer({"volumeAttachment": _shown(request, row)})


def change(request: Request, id: str, volume: str) -> HttpResponse:
    """PUT: whether the volume goes with its server. Swapping volumes is refused."""
    wish = request.wish["volumeAttachment"]
    row = _rows(request, id).filter(volume__uuid=volume_lookup.uuid_of(volume)).first()
    if row is None:
        raise NotFound(f"volume_id not found: {volume[:80]}")
    if wish["volumeId"] != str(row.volume.uuid):
        raise Conflict(
            "A volume cannot be swapped for another one under a running guest: detach it, then"
            " attach the other one."
        )
    for name, known in (("device", row.device), ("tag", row.tag), ("serverId", id), ("id", volume)):
        if name in wish and wish[name] != known:
            raise BadRequest(f"{name} of an attachment cannot be changed.", field=name)
    if "delete_on_termination" in wish:
        intents.update(request.caller, id, volume, remove=wish["delete_on_termination"])
    return empty(202)


def detach(request: Request, id: str, volume: str) -> HttpResponse:
    """DELETE: detach a volume."""
    intents.detach(request.caller, id, volume)
    return empty(202)


_PATH = "servers/{id}/os-volume_attachments"
_VOLUME = f"{_PATH}/{{volume}}"
ROUTES = (
    Route("GET", _PATH, index, Who.READER, gives={200: MANY}, query=("limit", "offset")),
    Route("POST", _PATH, attach, Who.MEMBER, ATTACH, {200: ONE, 202: None}),
    Route("GET", _VOLUME, show, Who.READER, gives={200: ONE}),
    Route("PUT", _VOLUME, change, Who.MEMBER, CHANGE, {202: None}),
    Route("DELETE", _VOLUME, detach, Who.MEMBER, gives={202: None}),
)
