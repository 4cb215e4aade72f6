"""Who has which role where: giving, taking and looking. The list of all is elsewhere."""

from django.http import HttpResponse

from synnefo.api.identity import records, sight
from synnefo.api.identity.lists import collection
from synnefo.api.request import Request, empty
from synnefo.api.routing import FORBIDDEN
from synnefo.core.faults import Forbidden, NotFound
from synnefo.db.models import (
    Role,
)
from synnefo.intents.identity import assignments as intents
from synnefo.intents.identity import domains, groups, projects, users
from synnefo.intents.identity.assignments import Grant


def _grant(target: str, actor: str, where: dict[str, str], *, inherited: bool) -> Grant:
    return Grant(
        user_id=where["actor"] if actor == "users" else None,
        group_id=where["actor"] if actor == "groups" else None,
        project_id=where["id"] if target == "projects" else None,
        domain_id=where["id"] if target == "domains" else None,
        inherited=inherited,
    )


def _check_sight(request: Request, grant: Grant) -> None:
    """Who keeps one domain gives and takes only within it."""
    grant.check()
    if sight.domain(request) is None:
        return
    if grant.project_id is None and grant.domain_id is None:
        raise Forbidden(FORBIDDEN)
    if grant.project_id is not None:
        project = projects.get(grant.project_id)
        sight.inside(request, "project", project.id, project.domain_id)
    if grant.domain_id is not None:
        sight.inside(request, "domain", grant.domain_id, domains.get(grant.domain_id).id)
    if grant.user_id is not None:
        sight.inside(request, "user", grant.user_id, users.get(grant.user_id).domain_id)
    if grant.group_id is not None:
        sight.inside(request, "group", grant.group_id, groups.get(grant.group_id).domain_id)


def _check_role(request: Request, role: str) -> None:
    """Who keeps one domain gives no role that rules more than that."""
    if sight.domain(request) is not None:
        found = Role.objects.filter(pk=role, domain=None).values_list("name", flat=True).first()
        if found not in sight.KEEPABLE:
            raise Forbidden(FORBIDDEN)


class Grants:
    """The views of one kind of grant: a target, an actor, and whether it is inherited."""

    def __init__(self, target: str, actor: str, *, inherited: bool = False) -> None:
        self.target, self.actor, self.inherited = target, actor, inherited

    def _of(self, request: Request, where: dict[str, str]) -> Grant:
        grant = _grant(self.target, self.actor, where, inherited=self.inherited)
        _check_sight(request, grant)
        return grant

    def index(self, request: Request, **where: str) -> HttpResponse:
        """The roles given."""
        rows = self._of(request, where).rows().select_related("role").order_by("role_id")
        shown = [records.role(row.role, request.base) for row in rows]
        return collection(request, "roles", shown, request.http.path[len("/identity/v3/") :])

    def has(self, request: Request, role: str, **where: str) -> HttpResponse:
        """Whether a role is given."""
        rows = self._of(request, where).rows().filter(role_id=role)
        if not rows.exists():
            raise NotFound(f"Could not find role assignment with role: {role[:64]}.")
        return empty(204)

    def give(self, request: Request, role: str, **where: str) -> HttpResponse:
        """Give a role."""
        _check_role(request, role)
        intents.give(self._of(request, where), role)
        return empty(204)

    def take(self, request: Request, role: str, **where: str) -> HttpResponse:
        """Take it away."""
        _check_role(request, role)
        intents.take(self._of(request, where), role)
        return empty(204)
