"""Users and their passwords; everybody sees oneself, administrators see everybody."""

import re
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse

from synnefo.api.bodies import listing, maybe, record, text
from synnefo.api.identity import kinds, records, sight
from synnefo.api.identity.lists import collection, filtered, listed
from synnefo.api.identity.lockout import guarded, key_of
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import NotFound
from synnefo.db.models import Group, Project, User
from synnefo.intents.identity import effective_roles
from synnefo.intents.identity import users as intents

OPTIONS = record(
    {
        name: maybe(kinds.boolean)
        for name in (
            "ignore_change_password_upon_first_use",
            "ignore_lockout_failure_attempts",
            "ignore_password_expiry",
            "ignore_user_inactivity",
            "lock_password",
            "multi_factor_auth_enabled",
        )
    }
    | {"multi_factor_auth_rules": maybe(listing(listing(text(1, 255), 0, 16), 0, 16))}
)
FIELDS = {
    "name": kinds.NAME,
    "domain_id": kinds.ID,
    "password": maybe(kinds.PASSWORD),
    "email": kinds.EMAIL,
    "description": kinds.DESCRIPTION,
    "enabled": kinds.boolean,
    "default_project_id": maybe(kinds.ID),
    "options": OPTIONS,
}
CREATE = kinds.body("user", FIELDS, ("name",))
UPDATE = kinds.body("user", FIELDS)
CHANGE = kinds.body(
    "user",
    {"password": kinds.PASSWORD, "original_password": kinds.PASSWORD},
    ("password", "original_password"),
)
FILTERS = {"name": "name", "domain_id": "domain_id", "enabled": "enabled?"}
EXPIRY = "password_expires_at"
_MOMENT = re.compile(r"(?:(lte|lt|gte|gt|eq|neq):)?(.*)")


def _expiring(request: Request, rows: QuerySet[User]) -> QuerySet[User]:
    """Filter by when passwords expire: an operator and a time."""
    wanted = request.query.get(EXPIRY)
    days = intents.rules().days
    if wanted is None:
        return rows
    found = _MOMENT.fullmatch(wanted)
    operator, text = found.groups() if found else ("", "")
    when = kinds.moment(text, EXPIRY, True) - timedelta(days=days)
    if not days:
        return rows.none()
    if operator == "neq":
        return rows.filter(~Q(password_changed_at=when), password_changed_at__isnull=False)
    lookup = "exact" if operator in (None, "eq") else operator
    return rows.filter(**{f"password_changed_at__{lookup}": when})


def index(request: Request) -> HttpResponse:
    """GET /v3/users."""
    rows = filtered(request, sight.narrowed(request, User.objects.all()), FILTERS)
    return listed(request, "users", _expiring(request, rows), records.user)


def show(request: Request, id: str) -> HttpResponse:
    """GET /v3/users/{id}: oneself, or whoever one looks after."""
    if id != request.caller.user_id and not sight.looks(request):
        raise NotFound(f"Could not find user: {id}.")
    row = intents.get(id)
    if id != request.caller.user_id:
        sight.inside(request, "user", id, row.domain_id)
    return answer({"user": records.user(row, request.base)})


def create(request: Request) -> HttpResponse:
    """POST /v3/users."""
    wish = request.wish["user"]
    domain_id = wish.get("domain_id") or sight.own_domain(request)
    sight.inside(request, "domain", domain_id, domain_id)
    row = intents.create(wish, domain_id)
    return answer({"user": records.user(row, request.base)}, 201)


def update(request: Request, id: str) -> HttpResponse:
    """PATCH /v3/users/{id}."""
    sight.inside(request, "user", id, intents.get(id).domain_id)
    sight.rules_more(request, user_id=id)
    sight.rules_more(request, group__memberships__user_id=id)
    row = intents.update(id, request.wish["user"])
    return answer({"user": records.user(row, request.base)})


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /v3/users/{id}."""
    sight.inside(request, "user", id, intents.get(id).domain_id)
    sight.rules_more(request, user_id=id)
    intents.delete(id)
    return empty(204)


def change_password(request: Request, id: str) -> HttpResponse:
    """POST /v3/users/{id}/password: the old password is proof enough, no token is needed."""
    wish = request.wish["user"]

    def change() -> None:
        intents.change_password(id, wish["original_password"], wish["password"])

    who, locking = key_of(User.objects.filter(pk=id).first(), id)
    guarded(request, who, change, locking=locking)
    return empty(204)


def projects(request: Request, id: str) -> HttpResponse:
    """GET /v3/users/{id}/projects: one's own, or those of whom one looks after."""
    sight.oneself(request, id)
    intents.get(id)
    rows = Project.objects.filter(pk__in=effective_roles.projects_of(id))
    rows = filtered(request, rows, {"name": "name", "enabled": "enabled?"})
    shown = [records.project(row, request.base) for row in rows.order_by("name", "id")]
    return collection(request, "projects", shown, f"users/{id}/projects")


def groups(request: Request, id: str) -> HttpResponse:
    """GET /v3/users/{id}/groups."""
    sight.oneself(request, id)
    intents.get(id)
    rows = filtered(request, Group.objects.filter(memberships__user_id=id), {"name": "name"})

    def membership(row: Group, base: str) -> dict[str, Any]:
        return records.group(row, base) | {"membership_expires_at": None}

    return listed(request, "groups", rows, membership, f"users/{id}/groups")
