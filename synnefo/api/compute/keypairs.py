"""Key pairs of the calling user."""

from dataclasses import replace
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import ByVersion, Kind, choice, maybe, record, text
from synnefo.api.pagination import limit_of, next_link
from synnefo.api.request import Request, answer, empty, long_timestamp
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Forbidden, NotFound
from synnefo.db.models import Keypair, User
from synnefo.intents.compute import keypairs as intents

PAGED, ONLY_IMPORTED, OTHERS = 35, 92, 10
NAME = text(1, 255, trim=True, pattern=r"[a-zA-Z0-9_ -]+")
NEWER_NAME = text(1, 255, trim=True, pattern=r"[a-zA-Z0-9_@. -]+")
PUBLIC_KEY = text(1, 16384, lines=True)
TYPES = {"type": choice("ssh", "x509")}
OWNER = {"user_id": text(1, 255)}


def _body(fields: dict[str, Kind], *need: str) -> Kind:
    return record({"keypair": record(fields, ("name", *need))}, ("keypair",))


OLD = {"name": NAME, "public_key": maybe(PUBLIC_KEY)}
CREATION = ByVersion(
    {
        1: _body(OLD),
        2: _body(OLD | TYPES),
        10: _body(OLD | TYPES | OWNER),
        92: _body({"name": NEWER_NAME, "public_key": PUBLIC_KEY} | TYPES | OWNER, "public_key"),
    }
)
SHOWN = record(
    {"name": text(), "public_key": text(), "fingerprint": text()},
    ("name", "public_key", "fingerprint"),
    rest=bodies.anything,
)
ONE = record({"keypair": SHOWN}, ("keypair",))
LIST = record(
    {"keypairs": bodies.listing(ONE, most=1000), "keypairs_links": bodies.listing(bodies.anything)},
    ("keypairs",),
)
QUERY = ("user_id", "limit", "marker")


def _owner(request: Request, user_id: str | None) -> Caller:
    """Whose keys: the caller's, or from 2.10 on an administrator's choice."""
    if user_id is None or request.version[1] < OTHERS or user_id == request.caller.user_id:
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
    """GET /os-keypairs: each one wrapped again, as ever; in pages from 2.35 on."""
    rows, limit = _keys(request).order_by("name"), limit_of(request)
    paged = request.version[1] >= PAGED
    if paged and (marker := request.query.get("marker")) is not None:
        if not rows.filter(name=marker).exists():
            raise BadRequest(f"marker [{marker[:80]}] not found", field="marker")
        rows = rows.filter(Q(name__gt=marker))
    page = [{"keypair": _shown(request, row)} for row in (rows[:limit] if paged else rows)]
    data: dict[str, Any] = {"keypairs": page}
    if paged and limit and len(page) == limit:
        last = page[-1]["keypair"]["name"]
        href = next_link(request, f"{request.base}/compute/v2.1/os-keypairs", last)
        data["keypairs_links"] = [{"rel": "next", "href": href}]
    return answer(data)


def create(request: Request) -> HttpResponse:
    """POST /os-keypairs: import, or make one and show its private half this once."""
    wish = request.wish["keypair"]
    owner = _owner(request, wish.get("user_id"))
    kind = wish.get("type", "ssh")
    row, private = intents.create(owner, wish["name"], wish.get("public_key"), kind=kind)
    shown = _shown(request, row) | {"user_id": row.user_id}
    if private is not None:
        shown["private_key"] = private
    return answer({"keypair": shown}, 201 if request.version >= (2, 2) else 200)


def show(request: Request, name: str) -> HttpResponse:
    """GET /os-keypairs/{name}."""
    row = _keys(request).filter(name=name).first()
    if row is None:
        raise NotFound(f"Keypair {name[:80]} not found for user {request.caller.user_id}")
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
