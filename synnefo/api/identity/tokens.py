"""Tokens: issue, look at, revoke; the catalog; what the caller may scope to."""

from django.http import HttpResponse

from synnefo import wiring
from synnefo.api import authentication
from synnefo.api.bodies import listing, record
from synnefo.api.identity import kinds, token_records
from synnefo.api.identity.catalog import catalog
from synnefo.api.identity.sign_in import refusal, sign_in
from synnefo.api.identity.token_records import TokenRow, caller_fields
from synnefo.api.request import Request, answer, empty
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Forbidden, NotFound
from synnefo.intents.identity import effective_roles
from synnefo.intents.identity import tokens as intents
from synnefo.intents.identity.effective_roles import Scope

SUBJECT = "X-Subject-Token"
CATALOG_SHAPE = record(
    {"catalog": listing(kinds.free, 0, 10_000), "links": kinds.LINKS}, ("catalog", "links")
)
SYSTEM_SHAPE = record({"system": listing(kinds.free), "links": kinds.LINKS}, ("system", "links"))


def told(request: Request, row: TokenRow, text: str, status: int) -> HttpResponse:
    """The answer with a token."""
    listed = None
    if "nocatalog" not in request.query and (row.project_id or row.domain_id or row.system):
        listed = catalog(request.base, row.project_id, changed=row.catalog_is_changed)
    headers = {SUBJECT: text, "Vary": "X-Auth-Token"}
    return answer({"token": token_records.token(row, listed)}, status, headers)


def valid(text: str) -> TokenRow | None:
    """What is known of a token that still holds."""
    digest = intents.digest(text)
    return _holding(token_records.found(digest).get(digest))


def _holding(row: TokenRow | None) -> TokenRow | None:
    if row is None or row.expires_at <= wiring.clock().now() or not row.user_enabled:
        return None
    return None if row.project_enabled is False else row


def issue(request: Request) -> HttpResponse:
    """POST /v3/auth/tokens."""
    issued = sign_in(request)
    row = valid(issued.text)
    if row is None:  # Disabled in this very moment.
        raise refusal()
    return told(request, row, issued.text, 201)


def _subject(request: Request, *, look: bool) -> tuple[str, TokenRow]:
    """The token asked about: one's own, or anybody's for administrators; services look, too."""
    text = request.header(SUBJECT)
    if not text:
        raise BadRequest(f"The header {SUBJECT} is missing.", field=SUBJECT)
    caller, row = request.caller, _holding(request.subject)
    looks = look and ("service" in caller.roles or (caller.system and bool(caller.roles)))
    mine = row is not None and row.user_id == caller.user_id
    if row is not None and not (mine or looks or caller.is_admin):
        raise Forbidden("You are not authorized to perform the requested action.")
    if row is None:
        raise NotFound("This is not a recognized token.")
    return text, row


def who_asks(request: Request) -> Caller:
    """The caller, and in `request.subject` the token that the request is about, if it names one."""
    text = request.header(SUBJECT)
    if not text:
        return authentication.caller(request.token, request.request_id)
    own, other = authentication.checked_digest(request.token), intents.digest(text)
    found = token_records.found(own, other)
    request.subject = found.get(other)
    if own not in found:
        authentication.refuse()
    return authentication.caller_of(caller_fields(found[own]), request.request_id)


def show(request: Request) -> HttpResponse:
    """GET and HEAD /v3/auth/tokens: the same body as at creation."""
    text, row = _subject(request, look=True)
    return told(request, row, text, 200)


def revoke(request: Request) -> HttpResponse:
    """DELETE /v3/auth/tokens."""
    text, _ = _subject(request, look=False)
    intents.revoke(text)
    return empty(204)


def show_catalog(request: Request) -> HttpResponse:
    """GET /v3/auth/catalog."""
    caller = request.caller
    if not (caller.project_id or caller.domain_id or caller.system):
        raise Forbidden("A token without a project has no catalog.")
    links = {"self": f"{request.base}/identity/v3/auth/catalog", "previous": None, "next": None}
    row = valid(request.token)
    if row is None:  # It has ended in this very moment.
        raise refusal()
    found = catalog(request.base, row.project_id, changed=row.catalog_is_changed)
    return answer({"catalog": found, "links": links})


def my_system(request: Request) -> HttpResponse:
    """GET /v3/auth/system: whether the caller may ask for a token for the whole system."""
    given = effective_roles.assigned(request.caller.user_id, Scope(system=True))
    here = f"{request.base}/identity/v3/auth/system"
    return answer({"system": [{"all": True}] if given else [], "links": {"self": here}})
