"""Trusts: what one user lets another one do."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse

from synnefo.api.bodies import integer, listing, maybe
from synnefo.api.identity import kinds, records, sight
from synnefo.api.identity.application_credentials import ROLE
from synnefo.api.identity.lists import collection, filtered, listed
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import Forbidden, NotFound
from synnefo.db.models import Trust
from synnefo.intents.identity import trusts as intents

FIELDS = {
    "trustor_user_id": kinds.ID,
    "trustee_user_id": kinds.ID,
    "impersonation": kinds.boolean,
    "project_id": maybe(kinds.ID),
    "remaining_uses": maybe(integer(1)),
    "expires_at": maybe(kinds.moment),
    "allow_redelegation": maybe(kinds.boolean),
    "redelegation_count": maybe(integer(0)),
    "roles": listing(ROLE, 0, 100),
}
CREATE = kinds.body("trust", FIELDS, ("trustor_user_id", "trustee_user_id", "impersonation"))
FILTERS = {"trustor_user_id": "trustor_id", "trustee_user_id": "trustee_id"}
SHOWN = {"id": records.WORD, "impersonation": kinds.boolean, "links": kinds.LINKS}
SHAPE = kinds.shape("trust", SHOWN, open_=True)
LIST_SHAPE = kinds.shapes("trusts", SHOWN, open_=True)


def _summary(row: Trust, base: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "trustor_user_id": row.trustor_id,
        "trustee_user_id": row.trustee_id,
        "project_id": row.project_id,
        "impersonation": row.impersonation,
        "expires_at": records.moment(row.expires_at),
        "deleted_at": None,
        "remaining_uses": row.remaining_uses,
        "redelegation_count": 0,
        "redelegated_trust_id": None,
        "links": records.link(base, "OS-TRUST/trusts", row.id),
    }


def _record(row: Trust, base: str) -> dict[str, Any]:
    here = f"{base}/identity/v3/OS-TRUST/trusts/{row.id}/roles"
    return _summary(row, base) | {
        "roles": [records.role(role, base) for role in row.roles.all()],
        "roles_links": {"self": here, "previous": None, "next": None},
    }


def index(request: Request) -> HttpResponse:
    """GET /v3/OS-TRUST/trusts: one's own, given or got; administrators see all."""
    caller = request.caller
    rows = Trust.objects.filter(intents.living())
    if not (caller.is_admin or (caller.system and caller.roles)):
        asked = {request.query[name] for name in FILTERS if name in request.query}
        if caller.user_id not in asked:
            raise Forbidden("Only administrators see the trusts of others.")
        rows = rows.filter(Q(trustor_id=caller.user_id) | Q(trustee_id=caller.user_id))
    return listed(request, "trusts", filtered(request, rows, FILTERS), _summary, "OS-TRUST/trusts")


def _seen(request: Request, key: str) -> Trust:
    row = intents.get(key)
    caller = request.caller
    mine = caller.user_id in (row.trustor_id, row.trustee_id)
    if not mine and not (sight.looks(request) and sight.domain(request) is None):
        raise NotFound(f"Could not find trust: {key}.")
    return row


def show(request: Request, id: str) -> HttpResponse:
    """GET /v3/OS-TRUST/trusts/{id}."""
    return answer({"trust": _record(_seen(request, id), request.base)})


def create(request: Request) -> HttpResponse:
    """POST /v3/OS-TRUST/trusts."""
    wish = request.wish["trust"]
    row = intents.create(request.caller, wish, wish.get("expires_at"))
    return answer({"trust": _record(row, request.base)}, 201)


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /v3/OS-TRUST/trusts/{id}."""
    intents.delete(request.caller, _seen(request, id))
    return empty(204)


def roles(request: Request, id: str) -> HttpResponse:
    """GET /v3/OS-TRUST/trusts/{id}/roles."""
    rows = _seen(request, id).roles.all()
    shown = [records.role(row, request.base) for row in rows]
    return collection(request, "roles", shown, f"OS-TRUST/trusts/{id}/roles")


def role(request: Request, id: str, role: str) -> HttpResponse:
    """GET and HEAD /v3/OS-TRUST/trusts/{id}/roles/{role}."""
    row = _seen(request, id).roles.filter(pk=role).first()
    if row is None:
        raise NotFound(f"Could not find role: {role[:64]}.")
    return answer({"role": records.role(row, request.base)})
