"""Groups of users and their members."""

from django.http import HttpResponse

from synnefo.api.identity import kinds, records, sight
from synnefo.api.identity.lists import filtered, listed
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import NotFound
from synnefo.db.models import Group, User
from synnefo.intents.identity import groups as intents
from synnefo.intents.identity import users

FIELDS = {"name": kinds.SHORT_NAME, "domain_id": kinds.ID, "description": kinds.DESCRIPTION}
CREATE = kinds.body("group", FIELDS, ("name",))
UPDATE = kinds.body("group", FIELDS)
FILTERS = {"name": "name", "domain_id": "domain_id"}
USER_FILTERS = {"name": "name", "enabled": "enabled?"}


def index(request: Request) -> HttpResponse:
    """GET /v3/groups."""
    rows = filtered(request, sight.narrowed(request, Group.objects.all()), FILTERS)
    return listed(request, "groups", rows, records.group)


def _seen(request: Request, key: str) -> Group:
    row = intents.get(key)
    sight.inside(request, "group", key, row.domain_id)
    return row


def show(request: Request, id: str) -> HttpResponse:
    """GET /v3/groups/{id}."""
    return answer({"group": records.group(_seen(request, id), request.base)})


def create(request: Request) -> HttpResponse:
    """POST /v3/groups."""
    wish = request.wish["group"]
    domain_id = wish.get("domain_id") or sight.own_domain(request)
    sight.inside(request, "domain", domain_id, domain_id)
    return answer({"group": records.group(intents.create(wish, domain_id), request.base)}, 201)


def update(request: Request, id: str) -> HttpResponse:
    """PATCH /v3/groups/{id}."""
    _seen(request, id)
    row = intents.update(id, request.wish["group"])
    return answer({"group": records.group(row, request.base)})


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /v3/groups/{id}."""
    _seen(request, id)
    intents.delete(id)
    return empty(204)


# --- members -------------------------------------------------------------------------------------


def members(request: Request, id: str) -> HttpResponse:
    """GET /v3/groups/{id}/users."""
    _seen(request, id)
    rows = filtered(request, User.objects.filter(memberships__group_id=id), USER_FILTERS)
    return listed(request, "users", rows, records.user, f"groups/{id}/users")


def has(request: Request, id: str, user: str) -> HttpResponse:
    """HEAD /v3/groups/{id}/users/{user}."""
    _seen(request, id)
    if not intents.has(id, user):
        raise NotFound(f"User {user[:64]} not found in group {id}.")
    return empty(204)


def _kept(request: Request, key: str, user: str) -> None:
    _seen(request, key)
    sight.inside(request, "user", user, users.get(user).domain_id)
    sight.rules_more(request, group_id=key)


def add(request: Request, id: str, user: str) -> HttpResponse:
    """PUT /v3/groups/{id}/users/{user}."""
    _kept(request, id, user)
    intents.add(id, user)
    return empty(204)


def remove(request: Request, id: str, user: str) -> HttpResponse:
    """DELETE /v3/groups/{id}/users/{user}."""
    _kept(request, id, user)
    intents.remove(id, user)
    return empty(204)
