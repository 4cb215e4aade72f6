"""Quality of service that types of volumes promise: kept and shown to administrators."""

from typing import Any

from django.http import HttpResponse

from synnefo.api.bodies import TRUE
from synnefo.api.pagination import limit_of
from synnefo.api.request import Request, answer, empty
from synnefo.api.volume.records import links
from synnefo.core.faults import BadRequest
from synnefo.db.models import QosSpecs, VolumeType
from synnefo.intents.volume import qos_specs as intents


def _qos(row: QosSpecs) -> dict[str, Any]:
    known = {"id": str(row.uuid), "name": row.name, "consumer": row.consumer}
    return known | {"specs": row.specs}


def _one_qos(request: Request, row: QosSpecs) -> HttpResponse:
    shown = links(request, "qos-specs", str(row.uuid))
    return answer({"qos_specs": _qos(row), "links": shown})


def index(request: Request) -> HttpResponse:
    """GET /qos-specs."""
    rows = QosSpecs.objects.order_by("-created_at", "-pk")[: limit_of(request)]
    return answer({"qos_specs": [_qos(row) for row in rows]})


def show(request: Request, id: str) -> HttpResponse:
    """GET /qos-specs/{id}."""
    return _one_qos(request, intents.find(id))


def create(request: Request) -> HttpResponse:
    """POST /qos-specs."""
    wish = dict(request.wish["qos_specs"])
    name, consumer = wish.pop("name"), wish.pop("consumer", "back-end")
    return _one_qos(request, intents.create(name, consumer, wish))


def change(request: Request, id: str) -> HttpResponse:
    """PUT /qos-specs/{id}."""
    wish = request.wish["qos_specs"]
    intents.change(id, wish)
    return answer({"qos_specs": wish})


def drop_keys(request: Request, id: str) -> HttpResponse:
    """PUT /qos-specs/{id}/delete_keys."""
    intents.drop_keys(id, request.wish["keys"])
    return empty(202)


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /qos-specs/{id}."""
    intents.delete(id, force=request.query.get("force", "").lower() in TRUE)
    return empty(202)


def associations(_request: Request, id: str) -> HttpResponse:
    """GET /qos-specs/{id}/associations."""
    rows = VolumeType.objects.filter(qos_specs=intents.find(id)).order_by("pk")
    shown = [
        {"association_type": "volume_type", "id": str(row.uuid), "name": row.name} for row in rows
    ]
    return answer({"qos_associations": shown})


def _named_type(request: Request) -> str:
    wanted = request.query.get("vol_type_id")
    if not wanted:
        raise BadRequest("Volume Type id must not be None.", field="vol_type_id")
    return wanted


def associate(request: Request, id: str) -> HttpResponse:
    """GET /qos-specs/{id}/associate: a GET that changes something, as ever."""
    intents.associate(id, _named_type(request))
    return empty(202)


def disassociate(request: Request, id: str) -> HttpResponse:
    """GET /qos-specs/{id}/disassociate."""
    intents.disassociate(id, _named_type(request))
    return empty(202)


def disassociate_all(_request: Request, id: str) -> HttpResponse:
    """GET /qos-specs/{id}/disassociate_all."""
    intents.disassociate(id, None)
    return empty(202)
