"""Credentials that other services verify: of any type, and EC2 keys of users."""

from typing import Any

import orjson
from django.http import HttpResponse

from synnefo.api.bodies import maybe, record, text
from synnefo.api.identity import kinds, records, sight
from synnefo.api.identity.lists import collection, filtered, listed
from synnefo.api.request import Request, answer, empty
from synnefo.api.routing import FORBIDDEN, ROLES, Who
from synnefo.core.faults import Forbidden, NotFound
from synnefo.db.models import Credential
from synnefo.intents.identity import credentials as intents
from synnefo.intents.identity import effective_roles

FIELDS = {
    "type": text(1, 255),
    "blob": text(1, 16384, lines=True),
    "project_id": maybe(kinds.ID),
    "user_id": kinds.ID,
}
CREATE = kinds.body("credential", FIELDS, ("type", "blob"))
UPDATE = kinds.body("credential", FIELDS)
EC2 = record({"tenant_id": kinds.ID, "project_id": kinds.ID}, rest=kinds.free)
FILTERS = {"user_id": "user_id", "type": "type"}
SHOWN = {
    "id": records.WORD,
    "type": records.WORD,
    "blob": text(0, 16384, lines=True),
    "user_id": records.WORD,
    "project_id": maybe(records.WORD),
    "links": kinds.LINKS,
}
SHAPE, LIST_SHAPE = kinds.shape("credential", SHOWN), kinds.shapes("credentials", SHOWN)
KEY = {
    "access": records.WORD,
    "secret": records.WORD,
    "user_id": records.WORD,
    "tenant_id": records.WORD,
    "trust_id": maybe(records.WORD),
    "links": kinds.LINKS,
}
KEY_SHAPE, KEYS_SHAPE = kinds.shape("credential", KEY), kinds.shapes("credentials", KEY)


def _record(row: Credential, base: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "type": row.type,
        "blob": intents.blob_of(row),
        "user_id": row.user_id,
        "project_id": row.project_id,
        "links": records.link(base, "credentials", row.id),
    }


def index(request: Request) -> HttpResponse:
    """GET /v3/credentials: one's own; administrators see all."""
    rows = filtered(request, Credential.objects.all(), FILTERS)
    if not (request.caller.is_admin or (request.caller.system and request.caller.roles)):
        rows = rows.filter(user_id=request.caller.user_id)
    return listed(request, "credentials", rows, _record)


def _seen(request: Request, key: str, *, write: bool = False) -> Credential:
    row = intents.get(key)
    caller = request.caller
    looks = caller.system and bool(caller.roles) and not write
    if row.user_id != caller.user_id and not caller.is_admin and not looks:
        raise NotFound(f"Could not find credential: {key}.")
    return row


def show(request: Request, id: str) -> HttpResponse:
    """GET /v3/credentials/{id}."""
    return answer({"credential": _record(_seen(request, id), request.base)})


def create(request: Request) -> HttpResponse:
    """POST /v3/credentials."""
    wish = {"user_id": request.caller.user_id} | request.wish["credential"]
    _check_own(request, wish["user_id"], wish.get("project_id"))
    row = intents.create(request.caller, wish)
    return answer({"credential": _record(row, request.base)}, 201)


def _check_own(request: Request, user_id: str, project_id: str | None) -> None:
    """Users make credentials of their own, for projects that they are in."""
    if request.caller.is_admin:
        return
    if user_id != request.caller.user_id:
        raise Forbidden("Only administrators make credentials of other users.")
    if project_id is not None and project_id not in effective_roles.projects_of(user_id):
        raise NotFound(f"Could not find project: {project_id}.")


def update(request: Request, id: str) -> HttpResponse:
    """PATCH /v3/credentials/{id}."""
    row = _seen(request, id, write=True)
    wish = request.wish["credential"]
    _check_own(request, row.user_id, wish.get("project_id"))
    return answer({"credential": _record(intents.update(request.caller, row, wish), request.base)})


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /v3/credentials/{id}."""
    intents.delete(_seen(request, id, write=True))
    return empty(204)


# --- EC2 keys ------------------------------------------------------------------------------------


def _key(row: Credential, base: str) -> dict[str, Any]:
    keys = orjson.loads(intents.blob_of(row))
    path = f"users/{row.user_id}/credentials/OS-EC2"
    return {
        "access": keys["access"],
        "secret": keys.get("secret"),
        "user_id": row.user_id,
        "tenant_id": row.project_id,
        "trust_id": None,
        "links": records.link(base, path, keys["access"]),
    }


def keys(request: Request, id: str) -> HttpResponse:
    """GET /v3/users/{id}/credentials/OS-EC2."""
    sight.owned(request, id)
    rows = Credential.objects.filter(user_id=id, type=intents.EC2).order_by("pk")
    shown = [_key(row, request.base) for row in rows]
    return collection(request, "credentials", shown, f"users/{id}/credentials/OS-EC2")


def _ec2(user_id: str, access: str) -> Credential:
    row = Credential.objects.filter(
        pk=intents.id_of(access), user_id=user_id, type=intents.EC2
    ).first()
    if row is None:
        raise NotFound(f"Could not find credential: {access[:64]}.")
    return row


def key(request: Request, id: str, access: str) -> HttpResponse:
    """GET /v3/users/{id}/credentials/OS-EC2/{access}."""
    sight.owned(request, id)
    return answer({"credential": _key(_ec2(id, access), request.base)})


def _check_member(request: Request, user_id: str) -> None:
    """A key does all that its user may, so that a token that only reads makes none."""
    sight.oneself(request, user_id, write=True)
    if not request.caller.roles & ROLES[Who.MEMBER]:
        raise Forbidden(FORBIDDEN)


def create_key(request: Request, id: str) -> HttpResponse:
    """POST /v3/users/{id}/credentials/OS-EC2."""
    _check_member(request, id)
    project_id = request.wish.get("tenant_id") or request.wish.get("project_id")
    project_id = project_id or request.project
    _check_own(request, id, project_id)
    row = intents.create_ec2(request.caller, id, project_id)
    return answer({"credential": _key(row, request.base)}, 201)


def delete_key(request: Request, id: str, access: str) -> HttpResponse:
    """DELETE /v3/users/{id}/credentials/OS-EC2/{access}."""
    _check_member(request, id)
    intents.delete(_ec2(id, access))
    return empty(204)
