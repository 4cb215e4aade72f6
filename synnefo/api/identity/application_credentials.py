"""Application credentials of users, and their access rules."""

from typing import Any

from django.http import HttpResponse

from synnefo.api.bodies import choice, described, listing, maybe, record, schema_of, text
from synnefo.api.identity import kinds, records, sight
from synnefo.api.identity.lists import filtered, listed
from synnefo.api.request import Request, answer, empty
from synnefo.db.models import AccessRule, ApplicationCredential
from synnefo.intents.identity import application_credentials as intents

ROLE = record({"id": kinds.ID, "name": kinds.NAME, "domain": kinds.free}, rest=kinds.free)
RULE = record(
    {
        "id": kinds.ID,
        "service": text(1, 64),
        "method": choice("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"),
        "path": text(1, 128, pattern=r"/[^\x00-\x20\x7f]*"),
    }
)


_NEW_RULE = {**schema_of(RULE), "required": ["service", "method", "path"]}


@described({"anyOf": [{**schema_of(RULE), "required": ["id"]}, _NEW_RULE]})
def _rule(value: Any, where: str, strict: bool) -> Any:
    """A known rule by its id, or a whole new one."""
    need = () if isinstance(value, dict) and "id" in value else ("service", "method", "path")
    return record({}, need, rest=kinds.free)(RULE(value, where, strict), where, strict)


FIELDS = {
    "name": kinds.NAME,
    "description": kinds.DESCRIPTION,
    "secret": maybe(text(1, 255)),
    "expires_at": maybe(kinds.moment),
    "roles": maybe(listing(ROLE, 0, 100)),
    "unrestricted": maybe(kinds.boolean),
    "access_rules": maybe(listing(_rule, 0, 100)),
    "project_id": maybe(kinds.ID),
    "system": maybe(text(0, 64)),
}
CREATE = kinds.body("application_credential", FIELDS, ("name",))
SHOWN = {
    "id": records.WORD,
    "name": records.WORD,
    "project_id": records.WORD,
    "roles": listing(kinds.free),
    "unrestricted": kinds.boolean,
    "links": kinds.LINKS,
}
SHAPE = kinds.shape("application_credential", SHOWN, open_=True)
LIST_SHAPE = kinds.shapes("application_credentials", SHOWN, open_=True)
RULE_SHAPE = kinds.shape("access_rule", {"id": records.WORD}, open_=True)
RULES_SHAPE = kinds.shapes("access_rules", {"id": records.WORD}, open_=True)
RULE_FILTERS = {"service": "service", "method": "method", "path": "path"}


def _rule_record(row: AccessRule) -> dict[str, Any]:
    return {"id": row.id, "service": row.service, "method": row.method, "path": row.path}


def _record(row: ApplicationCredential, base: str) -> dict[str, Any]:
    expires = row.expires_at and row.expires_at.replace(tzinfo=None)
    shown = {
        "id": row.id,
        "name": row.name,
        "description": row.description or None,
        "user_id": row.user_id,
        "project_id": row.project_id,
        "system": None,
        "expires_at": expires.isoformat(timespec="microseconds") if expires else None,
        "unrestricted": row.unrestricted,
        "roles": [
            {"id": role.id, "name": role.name, "domain_id": role.domain_id}
            for role in row.roles.all()
        ],
        "links": records.link(base, f"users/{row.user_id}/application_credentials", row.id),
    }
    if row.restricted:
        shown["access_rules"] = [_rule_record(rule) for rule in row.access_rules.all()]
    return shown


def index(request: Request, id: str) -> HttpResponse:
    """GET /v3/users/{id}/application_credentials."""
    sight.owned(request, id)
    rows = ApplicationCredential.objects.filter(user_id=id)
    rows = filtered(request, rows, {"name": "name"}).prefetch_related("roles", "access_rules")
    path = f"users/{id}/application_credentials"
    return listed(request, "application_credentials", rows, _record, path)


def show(request: Request, id: str, credential: str) -> HttpResponse:
    """GET /v3/users/{id}/application_credentials/{credential}."""
    sight.owned(request, id)
    row = intents.get(id, credential)
    return answer({"application_credential": _record(row, request.base)})


def create(request: Request, id: str) -> HttpResponse:
    """POST /v3/users/{id}/application_credentials; the one answer that has the secret."""
    sight.oneself(request, id, write=True)
    wish = request.wish["application_credential"]
    row, secret = intents.create(request.caller, id, wish, wish.get("expires_at"))
    shown = _record(row, request.base) | {"secret": secret}
    return answer({"application_credential": shown}, 201)


def delete(request: Request, id: str, credential: str) -> HttpResponse:
    """DELETE /v3/users/{id}/application_credentials/{credential}."""
    sight.oneself(request, id, write=True)
    intents.delete(request.caller, id, credential)
    return empty(204)


# --- access rules --------------------------------------------------------------------------------


def _linked(row: AccessRule, base: str) -> dict[str, Any]:
    links = records.link(base, f"users/{row.user_id}/access_rules", row.id)
    return _rule_record(row) | {"links": links}


def rules(request: Request, id: str) -> HttpResponse:
    """GET /v3/users/{id}/access_rules."""
    sight.owned(request, id)
    rows = filtered(request, AccessRule.objects.filter(user_id=id), RULE_FILTERS)
    return listed(request, "access_rules", rows, _linked, f"users/{id}/access_rules")


def rule(request: Request, id: str, rule: str) -> HttpResponse:
    """GET /v3/users/{id}/access_rules/{rule}."""
    sight.owned(request, id)
    return answer({"access_rule": _linked(intents.get_rule(id, rule), request.base)})


def delete_rule(request: Request, id: str, rule: str) -> HttpResponse:
    """DELETE /v3/users/{id}/access_rules/{rule}."""
    sight.oneself(request, id, write=True)
    intents.delete_rule(id, rule)
    return empty(204)
