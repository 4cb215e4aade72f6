"""Regions, services, endpoints: those of this cloud, which stay, and those that operators add."""

from typing import Any

from django.http import HttpResponse

from synnefo.api.bodies import choice, maybe, text
from synnefo.api.identity import catalog, kinds, records
from synnefo.api.identity.catalog import Place
from synnefo.api.identity.lists import collection, picked
from synnefo.api.request import Request, answer, empty
from synnefo.db.models import CatalogService, Endpoint, Region
from synnefo.intents.identity import service_catalog as intents

REGION_ID = text(1, 255, pattern=r"[^/\x00-\x1f\x7f]+")
REGION = {
    "id": REGION_ID,
    "description": kinds.DESCRIPTION,
    "parent_region_id": maybe(text(0, 255)),
}
CREATE_REGION, UPDATE_REGION = kinds.body("region", REGION), kinds.body("region", REGION)
SERVICE = {
    "type": text(1, 255),
    "name": text(0, 255),
    "description": kinds.DESCRIPTION,
    "enabled": kinds.boolean,
}
CREATE_SERVICE = kinds.body("service", SERVICE, ("type",))
UPDATE_SERVICE = kinds.body("service", SERVICE)
ENDPOINT = {
    "service_id": kinds.ID,
    "interface": choice(*catalog.INTERFACES),
    "url": kinds.URL,
    "region": maybe(REGION_ID),
    "region_id": maybe(REGION_ID),
    "enabled": kinds.boolean,
}
CREATE_ENDPOINT = kinds.body("endpoint", ENDPOINT, ("service_id", "interface", "url"))
UPDATE_ENDPOINT = kinds.body("endpoint", ENDPOINT)

_W = records.WORD
REGION_SHAPE, REGIONS_SHAPE = (
    make(noun, {"id": _W, "links": kinds.LINKS}, open_=True)
    for make, noun in ((kinds.shape, "region"), (kinds.shapes, "regions"))
)
SERVICE_SHAPE, SERVICES_SHAPE = (
    make(noun, {"id": _W, "type": _W, "links": kinds.LINKS}, open_=True)
    for make, noun in ((kinds.shape, "service"), (kinds.shapes, "services"))
)
ENDPOINT_SHAPE, ENDPOINTS_SHAPE = (
    make(noun, {"id": _W, "service_id": _W, "url": kinds.URL, "links": kinds.LINKS}, open_=True)
    for make, noun in ((kinds.shape, "endpoint"), (kinds.shapes, "endpoints"))
)
OWN_REGIONS = frozenset({catalog.REGION})


def _own_services() -> dict[str, dict[str, Any]]:
    """The services of this cloud by id."""
    return {
        catalog.IDS[name]: {"id": catalog.IDS[name], "type": kind, "name": name, "enabled": True}
        for kind, name, _ in catalog.SERVICES
    }


# --- regions -------------------------------------------------------------------------------------


def _own_region(base: str) -> dict[str, Any]:
    links = records.link(base, "regions", catalog.REGION)
    return {"id": catalog.REGION, "description": "", "parent_region_id": None, "links": links}


def _region(row: Region, base: str) -> dict[str, Any]:
    return {
        **row.extra,
        "id": row.id,
        "description": row.description,
        "parent_region_id": row.parent_id or None,
        "links": records.link(base, "regions", row.id),
    }


def regions(request: Request) -> HttpResponse:
    """GET /v3/regions."""
    rows = [_own_region(request.base)]
    rows += [_region(row, request.base) for row in Region.objects.order_by("pk")]
    return collection(request, "regions", picked(request, rows, "parent_region_id"))


def region(request: Request, id: str) -> HttpResponse:
    """GET /v3/regions/{id}."""
    if id in OWN_REGIONS:
        return answer({"region": _own_region(request.base)})
    return answer({"region": _region(intents.region(id), request.base)})


def create_region(request: Request) -> HttpResponse:
    """POST /v3/regions."""
    row = intents.create_region(request.wish["region"], OWN_REGIONS)
    return answer({"region": _region(row, request.base)}, 201)


def put_region(request: Request, id: str) -> HttpResponse:
    """PUT /v3/regions/{id}: a new one with this id."""
    wish = request.wish["region"] | {"id": REGION_ID(id, "id", True)}
    row = intents.create_region(wish, OWN_REGIONS)
    return answer({"region": _region(row, request.base)}, 201)


def update_region(request: Request, id: str) -> HttpResponse:
    """PATCH /v3/regions/{id}."""
    if id in OWN_REGIONS:
        intents.refuse_builtin("region", id)
    row = intents.update_region(id, request.wish["region"], OWN_REGIONS)
    return answer({"region": _region(row, request.base)})


def delete_region(_request: Request, id: str) -> HttpResponse:
    """DELETE /v3/regions/{id}."""
    if id in OWN_REGIONS:
        intents.refuse_builtin("region", id)
    intents.delete_region(id)
    return empty(204)


# --- services ------------------------------------------------------------------------------------


def _linked(service: dict[str, Any], base: str) -> dict[str, Any]:
    return service | {"links": records.link(base, "services", service["id"])}


def _service(row: CatalogService, base: str) -> dict[str, Any]:
    inner = {"id": row.id, "type": row.type, "enabled": row.enabled}
    return _linked({**row.extra, **inner}, base)


def services(request: Request) -> HttpResponse:
    """GET /v3/services."""
    rows = [_linked(one, request.base) for one in _own_services().values()]
    rows += [_service(row, request.base) for row in CatalogService.objects.order_by("pk")]
    return collection(request, "services", picked(request, rows, "type", "name"))


def service(request: Request, id: str) -> HttpResponse:
    """GET /v3/services/{id}."""
    own = _own_services().get(id)
    if own is not None:
        return answer({"service": _linked(own, request.base)})
    return answer({"service": _service(intents.service(id), request.base)})


def create_service(request: Request) -> HttpResponse:
    """POST /v3/services."""
    row = intents.create_service(request.wish["service"])
    return answer({"service": _service(row, request.base)}, 201)


def update_service(request: Request, id: str) -> HttpResponse:
    """PATCH /v3/services/{id}."""
    if id in _own_services():
        intents.refuse_builtin("service", id)
    row = intents.update_service(id, request.wish["service"])
    return answer({"service": _service(row, request.base)})


def delete_service(_request: Request, id: str) -> HttpResponse:
    """DELETE /v3/services/{id}."""
    if id in _own_services():
        intents.refuse_builtin("service", id)
    intents.delete_service(id)
    return empty(204)


# --- endpoints -----------------------------------------------------------------------------------


def own_endpoint(place: Place, base: str) -> dict[str, Any]:
    """An endpoint of this cloud."""
    return place.shown() | {
        "service_id": place.service_id,
        "enabled": True,
        "links": records.link(base, "endpoints", place.id),
    }


def endpoint_record(row: Endpoint, base: str) -> dict[str, Any]:
    """An endpoint that an operator added."""
    place = Place(row.id, row.service_id, row.interface, row.url, row.region_id)
    return {**row.extra, **own_endpoint(place, base), "enabled": row.enabled}


def every(base: str) -> list[dict[str, Any]]:
    """All endpoints."""
    rows = [own_endpoint(place, base) for place in catalog.own_places(base)]
    return rows + [endpoint_record(row, base) for row in Endpoint.objects.order_by("pk")]


def endpoints(request: Request) -> HttpResponse:
    """GET /v3/endpoints."""
    rows = picked(request, every(request.base), "interface", "service_id", "region_id", "region")
    return collection(request, "endpoints", rows)


def find(key: str, base: str) -> dict[str, Any]:
    """An endpoint; NotFound if there is none."""
    for place in catalog.own_places(base):
        if place.id == key:
            return own_endpoint(place, base)
    return endpoint_record(intents.endpoint(key), base)


def endpoint(request: Request, id: str) -> HttpResponse:
    """GET /v3/endpoints/{id}."""
    return answer({"endpoint": find(id, request.base)})


def create_endpoint(request: Request) -> HttpResponse:
    """POST /v3/endpoints."""
    row = intents.create_endpoint(request.wish["endpoint"], _own_services(), OWN_REGIONS)
    return answer({"endpoint": endpoint_record(row, request.base)}, 201)


def _refuse_own(key: str) -> None:
    if key in catalog.ENDPOINT_IDS.values():
        intents.refuse_builtin("endpoint", key)


def update_endpoint(request: Request, id: str) -> HttpResponse:
    """PATCH /v3/endpoints/{id}."""
    _refuse_own(id)
    row = intents.update_endpoint(id, request.wish["endpoint"], _own_services(), OWN_REGIONS)
    return answer({"endpoint": endpoint_record(row, request.base)})


def delete_endpoint(_request: Request, id: str) -> HttpResponse:
    """DELETE /v3/endpoints/{id}."""
    _refuse_own(id)
    intents.delete_endpoint(id)
    return empty(204)
