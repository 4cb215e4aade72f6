"""Topologies that are made for projects: a network with a way out, for who asks for any."""

from typing import Any

from django.http import HttpResponse

from synnefo.api.network import kinds
from synnefo.api.request import Request, answer, empty
from synnefo.api.routing import Route, Who
from synnefo.core.faults import BadRequest, NotFound
from synnefo.intents.network import topologies

NOUN = "auto_allocated_topology"
DRY_RUN = "dry-run"
OWN = ("None", "null")  # What clients write for the project of their token.


class ProjectNotFound(NotFound):
    """No such project, or not the caller's."""


def _project(request: Request, id: str) -> str:
    if id in OWN:
        return request.project
    if id != request.project and not request.caller.is_admin:
        raise ProjectNotFound(f"Project {id[:80]} could not be found.")
    return id


def _shown(id: str, project: str) -> dict[str, Any]:
    return {NOUN: {"id": id, "tenant_id": project, "project_id": project}}


def show(request: Request, id: str) -> HttpResponse:
    """GET /v2.0/auto-allocated-topology/{project}: made if it is not there."""
    project, fields = _project(request, id), request.query.getlist("fields")
    if DRY_RUN in fields:
        topologies.check(request.caller)
        return answer(_shown(f"{DRY_RUN}=pass", project))
    if fields:
        raise BadRequest("Bad auto_allocate request: Unrecognized field.", field="fields")
    network = topologies.ensure(request.caller, project)
    return answer(_shown(str(network.uuid), project))


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /v2.0/auto-allocated-topology/{project}."""
    topologies.remove(request.caller, _project(request, id))
    return empty(204)


PATH = "auto-allocated-topology/{id}"
ROUTES = (
    # It makes what is not there, so that it may find what it needs in another state.
    Route(
        "GET",
        PATH,
        show,
        Who.READER,
        gives={200: kinds.shape(NOUN), 409: None},
        query=("fields",),
    ),
    Route("DELETE", PATH, delete, Who.MEMBER, gives={204: None}),
)
