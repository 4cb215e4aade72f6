"""Key pairs of the calling user."""

from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from synnefo.api.bodies import choice, maybe, record, text
from synnefo.api.pagination import limit_of
from synnefo.api.request import Request, answer, empty, long_timestamp
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Forbidden, NotFound
from synnefo.db.models import Keypair, User
from synnefo.intents import keypairs as intents

NAME = text(1, 255, trim=True, pattern=r"[\w .-]+")
FIELDS = {"name": NAME, "public_key": maybe(text(1, 16384, lines=True))}
TYPES = {"type": choice("ssh")}
OWNER = {"user_id": text(1, 64)}


def _owner(request: Request, user_id: str | None) -> Caller:
    """Whose keys: the caller's, or from 2.10 on an administrator's choice."""
    if user_id is None or request.version < (2, 10) or user_id == request.caller.user_id:
        return request.caller
    if not request.caller.is_admin:
        raise Forbidden("Only administrators may handle the keys of others.", field="user_id")
    user = User.objects.filter(id=user_id).first()
    if user is None:
        raise BadRequest(f"User {user_id[:80]} could not be found.", field="user_id")
    return replace(request.caller, user_id=user.id, user_name=user.name)


def _keys(request: Request) -> QuerySet[Keypair]:
    owner = _owner(request, request.query.get("user_id"))
    return Keypair.objects.filter(user_id=owner.user_id)


def _shown(request: Request, row: Keypair) -> dict[str, Any]:
    shown = {"name": row.name, "public_key": row.public_key, "fingerprint": row.fingerprint}
    return shown | ({"type": row.type} if request.version >= (2, 2) else {})


def index(request: Request) -> HttpResponse:
    """GET /os-keypairs: each one wrapped again, as ever."""
    rows = _keys(request).order_by("name")[: limit_of(request)]
    return answer({"keypairs": [{"keypair": _shown(request, row)} for row in rows]})


def _kind(request: Request) -> Any:
    fields = FIELDS | (TYPES if request.version >= (2, 2) else {})
    fields = fields | (OWNER if request.version >= (2, 10) else {})
    return record({"keypair": record(fields, ("name",))}, ("keypair",))


def create(request: Request) -> HttpResponse:
    """POST /os-keypairs: import, or make one and show its private half this once."""
    wish = _kind(request)(request.json(), "", request.strict)["keypair"]
    owner = _owner(request, wish.get("user_id"))
    row, private = intents.create(owner, wish["name"], wish.get("public_key"))
    shown = _shown(request, row) | {"user_id": row.user_id}
    if private is not None:
        shown["private_key"] = private
    return answer({"keypair": shown}, 201 if request.version >= (2, 2) else 200)


def show(request: Request, name: str) -> HttpResponse:
    """GET /os-keypairs/{name}."""
    row = _keys(request).filter(name=name).first()
    if row is None:
        raise NotFound(f"Keypair {name} not found for user {request.caller.user_id}")
    more = {
        "user_id": row.user_id,
        "id": row.pk,
        "created_at": long_timestamp(row.created_at),
        "updated_at": None,
        "deleted": False,
        "deleted_at": None,
    }
    return answer({"keypair": _shown(request, row) | more})


def delete(request: Request, name: str) -> HttpResponse:
    """DELETE /os-keypairs/{name}."""
    owner = _owner(request, request.query.get("user_id"))
    intents.delete(owner, name)
    return empty(204 if request.version >= (2, 2) else 202)
