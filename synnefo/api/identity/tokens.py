"""Tokens: issue, look at, revoke; the catalog; what the caller may scope to."""

import hashlib
from typing import Any

from django.http import HttpResponse

from synnefo import wiring
from synnefo.api.identity import records
from synnefo.api.identity.catalog import catalog
from synnefo.api.identity.records import TokenRow
from synnefo.api.identity.sign_in import refusal, sign_in
from synnefo.api.prepared import Prepared
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import BadRequest, Forbidden, NotFound
from synnefo.db.models import Project, Token
from synnefo.intents import tokens as intents

SUBJECT = "X-Subject-Token"


BY_DIGEST = Prepared(
    str, lambda digest: Token.objects.filter(digest=digest).values_list(*records.TOKEN_COLUMNS)
)


def _answer(request: Request, row: TokenRow, text: str, status: int) -> HttpResponse:
    listed = None if "nocatalog" in request.query else catalog(request.base)
    headers = {SUBJECT: text, "Vary": "X-Auth-Token"}
    return answer({"token": records.token(row, listed)}, status, headers)


def _valid(text: str) -> TokenRow | None:
    found = BY_DIGEST.rows(hashlib.sha256(text.encode()).hexdigest())
    row = TokenRow._make(found[0]) if found else None
    if row is None or row.expires_at <= wiring.clock().now() or not row.user_enabled:
        return None
    return None if row.project_enabled is False else row


def issue(request: Request) -> HttpResponse:
    """POST /v3/auth/tokens."""
    issued = sign_in(request.json())
    row = _valid(issued.text)
    if row is None:  # Disabled in this very moment.
        raise refusal()
    return _answer(request, row, issued.text, 201)


def _subject(request: Request) -> tuple[str, TokenRow]:
    text = request.header(SUBJECT)
    if not text:
        raise BadRequest(f"The header {SUBJECT} is missing.", field=SUBJECT)
    row = _valid(text)
    if row is None:
        raise NotFound("This is not a recognized token.")
    if row.user_id != request.caller.user_id and not request.caller.is_admin:
        raise Forbidden("You are not authorized to perform the requested action.")
    return text, row


def show(request: Request) -> HttpResponse:
    """GET and HEAD /v3/auth/tokens: the same body as at creation."""
    text, row = _subject(request)
    return _answer(request, row, text, 200)


def revoke(request: Request) -> HttpResponse:
    """DELETE /v3/auth/tokens."""
    text, _ = _subject(request)
    intents.revoke(text)
    return empty(204)


def show_catalog(request: Request) -> HttpResponse:
    """GET /v3/auth/catalog."""
    if not request.project:
        raise Forbidden("A token without a project has no catalog.")
    links = {"self": f"{request.base}/identity/v3/auth/catalog", "previous": None, "next": None}
    return answer({"catalog": catalog(request.base), "links": links})


def my_projects(request: Request) -> HttpResponse:
    """GET /v3/auth/projects: what the caller may ask a token for."""
    return projects_of(request, request.caller.user_id, "auth/projects")


def projects_of(request: Request, user_id: str, path: str) -> HttpResponse:
    """The projects in which a user has a role."""
    rows = Project.objects.filter(roleassignment__user_id=user_id, enabled=True).distinct()
    shown = [records.project(row, request.base) for row in rows.order_by("name", "id")]
    return collection(request, "projects", shown, path)


def collection(
    request: Request, name: str, items: list[dict[str, Any]], path: str = ""
) -> HttpResponse:
    """A list as the identity service gives it: always whole."""
    here = f"{request.base}/identity/v3/{path or name}"
    return answer({name: items, "links": {"self": here, "previous": None, "next": None}})
