"""Sizes of servers: read only."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from synnefo.api.bodies import FALSE, TRUE
from synnefo.api.pagination import after, limit_of, next_link, ordered, sorting
from synnefo.api.request import Request, answer
from synnefo.core.faults import BadRequest, NotFound
from synnefo.db.models import Flavor

SORT_KEYS = {
    "flavorid": "flavor_id",
    "name": "name",
    "id": "pk",
    "memory_mb": "ram",
    "vcpus": "vcpus",
    "root_gb": "disk",
}


def links(base: str, flavor_id: str) -> list[dict[str, str]]:
    """The two addresses of a flavor."""
    return [
        {"rel": "self", "href": f"{base}/compute/v2.1/flavors/{flavor_id}"},
        {"rel": "bookmark", "href": f"{base}/compute/flavors/{flavor_id}"},
    ]


def brief(row: Flavor, base: str) -> dict[str, Any]:
    """A flavor in the short list."""
    return {"id": row.flavor_id, "name": row.name, "links": links(base, row.flavor_id)}


def record(row: Flavor, base: str) -> dict[str, Any]:
    """The whole flavor."""
    return {
        "id": row.flavor_id,
        "name": row.name,
        "ram": row.ram,
        "disk": row.disk,
        "vcpus": row.vcpus,
        "swap": "",
        "rxtx_factor": 1.0,
        "OS-FLV-EXT-DATA:ephemeral": 0,
        "OS-FLV-DISABLED:disabled": False,
        "os-flavor-access:is_public": row.is_public,
        "links": links(base, row.flavor_id),
    }


def visible(request: Request) -> QuerySet[Flavor]:
    """What the caller may see: private flavors are for administrators."""
    rows = Flavor.objects.all()
    return rows if request.caller.is_admin else rows.filter(is_public=True)


def find(request: Request, flavor_id: str) -> Flavor:
    """One visible flavor."""
    row = visible(request).filter(flavor_id=flavor_id).first()
    if row is None:
        raise NotFound(f"Flavor {flavor_id} could not be found.")
    return row


def _at_least(request: Request, name: str) -> int:
    text = request.query.get(name, "0")
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise BadRequest(f"{name} must be a whole number of 0 or more.", field=name)
    return int(text)


def _publicity(request: Request) -> QuerySet[Flavor]:
    word = request.query.get("is_public", "true").lower()
    if word not in TRUE | FALSE | {"none"}:
        raise BadRequest("is_public must be true, false or none.", field="is_public")
    rows = visible(request)
    if word == "none" or not request.caller.is_admin:
        return rows
    return rows.filter(is_public=word in TRUE)


def _page(request: Request) -> tuple[list[Flavor], int]:
    rows = _publicity(request)
    rows = rows.filter(ram__gte=_at_least(request, "minRam"))
    rows = rows.filter(disk__gte=_at_least(request, "minDisk"))
    order = sorting(request, SORT_KEYS, ("flavorid", "asc"))
    marker = request.query.get("marker")
    if marker is not None:
        last = visible(request).filter(flavor_id=marker).first()
        if last is None:
            raise BadRequest(f"marker [{marker[:80]}] not found.", field="marker")
        rows = rows.filter(after(Flavor, order, tuple(getattr(last, key) for key, _ in order)))
    limit = limit_of(request)
    return list(ordered(rows, order)[:limit]), limit


def _list(request: Request, render: Any, path: str) -> HttpResponse:
    page, limit = _page(request)
    data: dict[str, Any] = {"flavors": [render(row, request.base) for row in page]}
    if limit and len(page) == limit:
        href = next_link(request, f"{request.base}/compute/v2.1/{path}", page[-1].flavor_id)
        data["flavors_links"] = [{"rel": "next", "href": href}]
    return answer(data)


def list_brief(request: Request) -> HttpResponse:
    """GET /flavors."""
    return _list(request, brief, "flavors")


def list_detail(request: Request) -> HttpResponse:
    """GET /flavors/detail."""
    return _list(request, record, "flavors/detail")


def show(request: Request, id: str) -> HttpResponse:
    """GET /flavors/{id}."""
    return answer({"flavor": record(find(request, id), request.base)})


def extra_specs(request: Request, id: str) -> HttpResponse:
    """GET /flavors/{id}/os-extra_specs."""
    return answer({"extra_specs": find(request, id).extra_specs})


def extra_spec(request: Request, id: str, key: str) -> HttpResponse:
    """GET /flavors/{id}/os-extra_specs/{key}."""
    specs = find(request, id).extra_specs
    if key not in specs:
        raise NotFound(f"Flavor {id} has no extra specs with key {key}.")
    return answer({key: specs[key]})
