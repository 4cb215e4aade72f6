"""Roles, and which role implies which."""

from typing import Any

from django.http import HttpResponse

from synnefo.api.bodies import listing, maybe, record
from synnefo.api.identity import kinds, records, sight
from synnefo.api.identity.lists import filtered, listed
from synnefo.api.request import Request, answer, empty
from synnefo.api.routing import FORBIDDEN
from synnefo.core.faults import Forbidden, NotFound
from synnefo.db.models import ImpliedRole, Role
from synnefo.intents.identity import roles as intents

FIELDS = {
    "name": kinds.NAME,
    "description": kinds.DESCRIPTION,
    "options": kinds.IMMUTABLE,
}
CREATE = kinds.tight("role", FIELDS | {"domain_id": maybe(kinds.ID)}, ("name",))
UPDATE = kinds.tight("role", FIELDS)
FILTERS = {"name": "name"}
BRIEF = record({"id": kinds.ID, "name": records.WORD, "links": kinds.LINKS})
RULES = record({"prior_role": BRIEF, "implies": listing(BRIEF, 0, 10_000)})
RULES_SHAPE = record({"role_inference": RULES, "links": kinds.LINKS}, ("role_inference",))
RULE_SHAPE = record(
    {"role_inference": record({"prior_role": BRIEF, "implies": BRIEF}), "links": kinds.LINKS},
    ("role_inference",),
)
ALL_SHAPE = record(
    {"role_inferences": listing(RULES, 0, 10_000), "links": kinds.LINKS}, ("role_inferences",)
)


def index(request: Request) -> HttpResponse:
    """GET /v3/roles: those of everybody, or with domain_id those of a domain."""
    _check_manager(request)
    rows = Role.objects.filter(domain_id=request.query.get("domain_id"))
    return listed(request, "roles", filtered(request, rows, FILTERS), records.role)


def show(request: Request, id: str) -> HttpResponse:
    """GET /v3/roles/{id}."""
    row = intents.get(id)
    _check_manager(request, row)
    return answer({"role": records.role(row, request.base)})


def _check_manager(request: Request, row: Role | None = None) -> None:
    """Of a domain only managers look at roles, one by one at those that they give."""
    if sight.domain(request) is None:
        return
    given = row is None or (row.domain_id is None and row.name in sight.KEEPABLE)
    if "manager" not in request.caller.roles or not given:
        raise Forbidden(FORBIDDEN)


def create(request: Request) -> HttpResponse:
    """POST /v3/roles."""
    return answer({"role": records.role(intents.create(request.wish["role"]), request.base)}, 201)


def update(request: Request, id: str) -> HttpResponse:
    """PATCH /v3/roles/{id}."""
    row = intents.update(id, request.wish["role"])
    return answer({"role": records.role(row, request.base)})


def delete(_request: Request, id: str) -> HttpResponse:
    """DELETE /v3/roles/{id}."""
    intents.delete(id)
    return empty(204)


# --- implied roles -------------------------------------------------------------------------------


def _brief(row: Role, base: str) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "links": records.link(base, "roles", row.id)}


def _rules(prior: Role, implied: list[Role], base: str) -> dict[str, Any]:
    return {
        "prior_role": _brief(prior, base),
        "implies": [_brief(row, base) for row in implied],
    }


def implied(request: Request, id: str) -> HttpResponse:
    """GET /v3/roles/{id}/implies."""
    prior = intents.get(id)
    below = [row.implied for row in prior.implications.select_related("implied").order_by("pk")]
    here = {"self": f"{request.base}/identity/v3/roles/{id}/implies"}
    return answer({"role_inference": _rules(prior, below, request.base), "links": here})


def _one(request: Request, row: ImpliedRole, status: int) -> HttpResponse:
    rule = {
        "prior_role": _brief(row.prior, request.base),
        "implies": _brief(row.implied, request.base),
    }
    path = f"/identity/v3/roles/{row.prior_id}/implies/{row.implied_id}"
    return answer({"role_inference": rule, "links": {"self": request.base + path}}, status)


def imply(request: Request, id: str, implied: str) -> HttpResponse:
    """PUT /v3/roles/{id}/implies/{implied}."""
    return _one(request, intents.imply(id, implied), 201)


def _rule(prior: str, implied: str) -> ImpliedRole:
    rows = ImpliedRole.objects.select_related("prior", "implied")
    row = rows.filter(prior_id=prior, implied_id=implied).first()
    if row is None:
        raise NotFound(f"{prior[:64]} does not imply {implied[:64]}.")
    return row


def implies(request: Request, id: str, implied: str) -> HttpResponse:
    """GET /v3/roles/{id}/implies/{implied}; HEAD says 204."""
    row = _rule(id, implied)
    return empty(204) if request.http.method == "HEAD" else _one(request, row, 200)


def imply_no_more(_request: Request, id: str, implied: str) -> HttpResponse:
    """DELETE /v3/roles/{id}/implies/{implied}."""
    intents.imply_no_more(id, implied)
    return empty(204)


def inferences(request: Request) -> HttpResponse:
    """GET /v3/role_inferences: all rules."""
    found: dict[str, tuple[Role, list[Role]]] = {}
    for row in ImpliedRole.objects.select_related("prior", "implied").order_by("pk"):
        found.setdefault(row.prior_id, (row.prior, []))[1].append(row.implied)
    shown = [_rules(prior, below, request.base) for prior, below in found.values()]
    here = {"self": f"{request.base}/identity/v3/role_inferences"}
    return answer({"role_inferences": shown, "links": here})
