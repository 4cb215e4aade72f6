"""Quotas of the network service."""

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.network import kinds
from synnefo.api.request import Request, answer, empty
from synnefo.api.routing import Route, Who
from synnefo.core.faults import NotFound
from synnefo.core.network_faults import PolicyNotAuthorized
from synnefo.db.models import Project
from synnefo.intents.network import network_quota


class ProjectQuotaNotFound(NotFound):
    """No such project, or not the caller's."""


class TenantQuotaNotFound(NotFound):
    """The project has the defaults."""


def _check(request: Request, id: str) -> None:
    foreign = id != request.project
    if foreign and not (request.caller.is_admin and Project.objects.filter(id=id).exists()):
        raise ProjectQuotaNotFound(f"Project {id[:80]} could not be found.")


def list_quotas(request: Request) -> HttpResponse:
    """GET /v2.0/quotas: the projects with quotas of their own."""
    if not request.caller.is_admin:
        raise PolicyNotAuthorized("get_quota is disallowed by policy")
    return answer(
        {
            "quotas": [
                {"project_id": project, "tenant_id": project, **limits}
                for project, limits in network_quota.own().items()
            ]
        }
    )


def own_project(request: Request) -> HttpResponse:
    """GET /v2.0/quotas/tenant and /project: whose quotas a caller sees."""
    return answer({"tenant": {"tenant_id": request.project, "project_id": request.project}})


def show(request: Request, id: str) -> HttpResponse:
    """GET /v2.0/quotas/{project}."""
    _check(request, id)
    return answer({"quota": network_quota.limits(id)})


def show_default(request: Request, id: str) -> HttpResponse:
    """GET /v2.0/quotas/{project}/default."""
    _check(request, id)
    return answer({"quota": network_quota.defaults()})


def show_details(request: Request, id: str) -> HttpResponse:
    """GET /v2.0/quotas/{project}/details.json."""
    _check(request, id)
    used, limits = network_quota.used(id), network_quota.limits(id)
    details = {
        name: {"limit": limit, "used": used[name], "reserved": 0} for name, limit in limits.items()
    }
    return answer({"quota": details})


def update(request: Request, id: str) -> HttpResponse:
    """PUT /v2.0/quotas/{project}."""
    _check(request, id)
    wish = dict(request.wish["quota"])
    wish.pop("check_limit", None)  # It is always checked, unless by force.
    force = wish.pop("force", False)
    return answer({"quota": network_quota.change(id, wish, force=force)})


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /v2.0/quotas/{project}: the defaults again."""
    if id not in network_quota.own():
        raise TenantQuotaNotFound(f"Quota for tenant {id[:80]} could not be found.")
    network_quota.forget(id)
    return empty(204)


LIMITS = {name: bodies.integer(-1) for name in network_quota.RESOURCES} | dict.fromkeys(
    ("check_limit", "force"), bodies.flag
)
BODY = bodies.record({"quota": bodies.record(LIMITS)}, need=("quota",))
SHAPE = kinds.shape("quota")
ROUTES = (
    Route("GET", "quotas", list_quotas, Who.READER, gives={200: kinds.shapes("quotas")}),
    Route("GET", "quotas/tenant", own_project, Who.READER, gives={200: kinds.shape("tenant")}),
    Route("GET", "quotas/project", own_project, Who.READER, gives={200: kinds.shape("tenant")}),
    Route("GET", "quotas/{id}", show, Who.READER, gives={200: SHAPE}),
    Route("PUT", "quotas/{id}", update, Who.ADMIN, body=BODY, gives={200: SHAPE}),
    Route("DELETE", "quotas/{id}", delete, Who.ADMIN, gives={204: None}),
    Route("GET", "quotas/{id}/default", show_default, Who.READER, gives={200: SHAPE}),
    Route("GET", "quotas/{id}/details", show_details, Who.READER, gives={200: SHAPE}),
    Route("GET", "quotas/{id}/details.json", show_details, Who.READER, gives={200: SHAPE}),
)
