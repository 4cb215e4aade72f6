"""Users, projects, domains and roles: read only, and for plain users only what concerns them."""

from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import HttpResponse

from synnefo.api.bodies import FALSE, TRUE
from synnefo.api.identity import records
from synnefo.api.identity.tokens import collection, projects_of
from synnefo.api.request import Request, answer
from synnefo.core.faults import BadRequest, Forbidden, NotFound
from synnefo.db.models import Domain, Project, Role, User


def _filtered(request: Request, rows: QuerySet[Any], exact: tuple[str, ...]) -> QuerySet[Any]:
    """Filters compare exactly; `enabled` takes the words for true and false."""
    condition = Q()
    for name in exact:
        if name in request.query:
            condition &= Q(**{name: request.query[name]})
    if "enabled" in request.query and exact != ("name",):
        word = str(request.query["enabled"]).lower()
        if word not in TRUE | FALSE:
            raise BadRequest("enabled must be true or false.", field="enabled")
        condition &= Q(enabled=word in TRUE)
    return rows.filter(condition).order_by("name", "pk")


def _found(rows: QuerySet[Any], key: str, noun: str) -> Any:
    row: Model | None = rows.filter(pk=key).first()
    if row is None:
        raise NotFound(f"Could not find {noun}: {key}.")
    return row


# --- projects ------------------------------------------------------------------------------------


def _projects(request: Request) -> QuerySet[Project]:
    if request.caller.is_admin:
        return Project.objects.all()
    mine = Q(roleassignment__user_id=request.caller.user_id)
    return Project.objects.filter(mine).distinct()


def list_projects(request: Request) -> HttpResponse:
    """GET /v3/projects."""
    rows = _filtered(request, _projects(request), ("name", "domain_id"))
    return collection(request, "projects", [records.project(row, request.base) for row in rows])


def show_project(request: Request, id: str) -> HttpResponse:
    """GET /v3/projects/{id}."""
    row = _found(_projects(request), id, "project")
    return answer({"project": records.project(row, request.base)})


# --- users ---------------------------------------------------------------------------------------


def _users(request: Request) -> QuerySet[User]:
    users = User.objects.all()
    return users if request.caller.is_admin else users.filter(pk=request.caller.user_id)


def list_users(request: Request) -> HttpResponse:
    """GET /v3/users."""
    rows = _filtered(request, _users(request), ("name", "domain_id"))
    return collection(request, "users", [records.user(row, request.base) for row in rows])


def show_user(request: Request, id: str) -> HttpResponse:
    """GET /v3/users/{id}."""
    row = _found(_users(request), id, "user")
    return answer({"user": records.user(row, request.base)})


def user_projects(request: Request, id: str) -> HttpResponse:
    """GET /v3/users/{id}/projects: one's own, or an administrator's view of anybody's."""
    if id != request.caller.user_id and not request.caller.is_admin:
        raise Forbidden("You are not authorized to perform the requested action.")
    _found(_users(request), id, "user")
    return projects_of(request, id, f"users/{id}/projects")


# --- domains and roles ---------------------------------------------------------------------------


def list_domains(request: Request) -> HttpResponse:
    """GET /v3/domains."""
    rows = _filtered(request, Domain.objects.all(), ("name", "id"))
    return collection(request, "domains", [records.domain(row, request.base) for row in rows])


def show_domain(request: Request, id: str) -> HttpResponse:
    """GET /v3/domains/{id}."""
    row = _found(Domain.objects.all(), id, "domain")
    return answer({"domain": records.domain(row, request.base)})


def list_roles(request: Request) -> HttpResponse:
    """GET /v3/roles."""
    rows = _filtered(request, Role.objects.all(), ("name",))
    return collection(request, "roles", [records.role(row, request.base) for row in rows])


def show_role(request: Request, id: str) -> HttpResponse:
    """GET /v3/roles/{id}."""
    row = _found(Role.objects.all(), id, "role")
    return answer({"role": records.role(row, request.base)})
