"""OS-EP-FILTER: which endpoints a project sees in its catalog. Without a choice it sees all."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.http import HttpResponse

from synnefo.api.bodies import choice, maybe, record, text
from synnefo.api.identity import catalog, endpoints, kinds, records
from synnefo.api.identity.catalog import Place
from synnefo.api.identity.lists import collection, filtered, listed
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import NotFound
from synnefo.db.models import EndpointGroup, Project, ProjectEndpoint
from synnefo.intents.identity import projects
from synnefo.intents.identity import service_catalog as intents

FIELDS = {
    "name": kinds.NAME,
    "description": kinds.DESCRIPTION,
    "filters": record(
        {
            "service_id": kinds.ID,
            "region_id": text(1, 255),
            "interface": choice(*catalog.INTERFACES),
        }
    ),
}
CREATE = kinds.tight("endpoint_group", FIELDS, ("name", "filters"))
# Clients send null for what is to stay.
UPDATE = kinds.tight("endpoint_group", {name: maybe(kind) for name, kind in FIELDS.items()})
SHOWN = {"id": records.WORD, "name": records.WORD, "filters": kinds.free, "links": kinds.LINKS}
SHAPE = kinds.shape("endpoint_group", SHOWN, open_=True)
LIST_SHAPE = kinds.shapes("endpoint_groups", SHOWN, open_=True)
HOME = "OS-EP-FILTER"


def _record(row: EndpointGroup, base: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description or None,
        "filters": row.filters,
        "links": records.link(base, f"{HOME}/endpoint_groups", row.id),
    }


def groups(request: Request) -> HttpResponse:
    """GET /v3/OS-EP-FILTER/endpoint_groups."""
    rows = filtered(request, EndpointGroup.objects.all(), {"name": "name"})
    return listed(request, "endpoint_groups", rows, _record, f"{HOME}/endpoint_groups")


def group(request: Request, id: str) -> HttpResponse:
    """GET /v3/OS-EP-FILTER/endpoint_groups/{id}."""
    return answer({"endpoint_group": _record(intents.group(id), request.base)})


def create(request: Request) -> HttpResponse:
    """POST /v3/OS-EP-FILTER/endpoint_groups."""
    row = intents.save_group(EndpointGroup(), request.wish["endpoint_group"])
    return answer({"endpoint_group": _record(row, request.base)}, 201)


def update(request: Request, id: str) -> HttpResponse:
    """PATCH /v3/OS-EP-FILTER/endpoint_groups/{id}."""
    row = intents.save_group(intents.group(id), request.wish["endpoint_group"])
    return answer({"endpoint_group": _record(row, request.base)})


def delete(_request: Request, id: str) -> HttpResponse:
    """DELETE /v3/OS-EP-FILTER/endpoint_groups/{id}."""
    intents.delete_group(id)
    return empty(204)


def _projects(request: Request, keys: Iterable[str], path: str) -> HttpResponse:
    rows = Project.objects.filter(pk__in=list(keys)).order_by("pk")
    shown = [records.project(row, request.base) for row in rows]
    return collection(request, "projects", shown, path)


def _places(request: Request, rows: list[dict[str, Any]], path: str) -> HttpResponse:
    return collection(request, "endpoints", rows, path)


def _place(shown: dict[str, Any]) -> Place:
    return Place(
        shown["id"], shown["service_id"], shown["interface"], shown["url"], shown["region_id"] or ""
    )


def group_projects(request: Request, id: str) -> HttpResponse:
    """GET /v3/OS-EP-FILTER/endpoint_groups/{id}/projects."""
    keys = intents.group(id).projects.values_list("pk", flat=True)
    return _projects(request, keys, f"{HOME}/endpoint_groups/{id}/projects")


def group_endpoints(request: Request, id: str) -> HttpResponse:
    """GET /v3/OS-EP-FILTER/endpoint_groups/{id}/endpoints."""
    filters = intents.group(id).filters
    rows = [one for one in endpoints.every(request.base) if catalog.fits(_place(one), filters)]
    return _places(request, rows, f"{HOME}/endpoint_groups/{id}/endpoints")


def project_groups(request: Request, id: str) -> HttpResponse:
    """GET /v3/OS-EP-FILTER/projects/{id}/endpoint_groups."""
    rows = EndpointGroup.objects.filter(projects=projects.get(id))
    return listed(
        request, "endpoint_groups", rows, _record, f"{HOME}/projects/{id}/endpoint_groups"
    )


def show_group_to(_request: Request, id: str, project: str) -> HttpResponse:
    """PUT /v3/OS-EP-FILTER/endpoint_groups/{id}/projects/{project}."""
    intents.show_group_to(id, project)
    return empty(204)


def is_group_shown(request: Request, id: str, project: str) -> HttpResponse:
    """GET and HEAD /v3/OS-EP-FILTER/endpoint_groups/{id}/projects/{project}."""
    row = intents.group(id)
    _check_shown(row.projects.filter(pk=project).first(), id, project)
    return answer({"endpoint_group": _record(row, request.base)})


def hide_group_from(_request: Request, id: str, project: str) -> HttpResponse:
    """DELETE /v3/OS-EP-FILTER/endpoint_groups/{id}/projects/{project}."""
    intents.hide_group_from(id, project)
    return empty(204)


def _check_shown(row: Model | None, key: str, project: str) -> None:
    if row is None:
        raise NotFound(f"{key[:64]} is not shown to project {project[:64]}.")


# --- single endpoints ----------------------------------------------------------------------------


def endpoint_projects(request: Request, endpoint: str) -> HttpResponse:
    """GET /v3/OS-EP-FILTER/endpoints/{endpoint}/projects."""
    endpoints.find(endpoint, request.base)
    rows = ProjectEndpoint.objects.filter(endpoint_id=endpoint)
    keys = rows.values_list("project_id", flat=True)
    return _projects(request, keys, f"{HOME}/endpoints/{endpoint}/projects")


def project_endpoints(request: Request, id: str) -> HttpResponse:
    """GET /v3/OS-EP-FILTER/projects/{id}/endpoints."""
    chosen = ProjectEndpoint.objects.filter(project=projects.get(id))
    keys = set(chosen.values_list("endpoint_id", flat=True))
    rows = [one for one in endpoints.every(request.base) if one["id"] in keys]
    return _places(request, rows, f"{HOME}/projects/{id}/endpoints")


def show_endpoint_to(request: Request, id: str, endpoint: str) -> HttpResponse:
    """PUT /v3/OS-EP-FILTER/projects/{id}/endpoints/{endpoint}."""
    endpoints.find(endpoint, request.base)
    intents.show_endpoint_to(endpoint, id)
    return empty(204)


def is_endpoint_shown(_request: Request, id: str, endpoint: str) -> HttpResponse:
    """GET and HEAD /v3/OS-EP-FILTER/projects/{id}/endpoints/{endpoint}."""
    rows = ProjectEndpoint.objects.filter(project=projects.get(id), endpoint_id=endpoint)
    _check_shown(rows.first(), endpoint, id)
    return empty(204)


def hide_endpoint_from(_request: Request, id: str, endpoint: str) -> HttpResponse:
    """DELETE /v3/OS-EP-FILTER/projects/{id}/endpoints/{endpoint}."""
    intents.hide_endpoint_from(endpoint, id)
    return empty(204)
