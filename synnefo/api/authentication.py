"""From the header X-Auth-Token to a caller: one look into the database, nothing remembered.

Only the SHA-256 of a token is stored, so the lookup tells nothing by its timing.
"""

from collections.abc import Sequence
from typing import Any, NoReturn

from synnefo import wiring
from synnefo.core.caller import Caller
from synnefo.core.faults import Unauthorized
from synnefo.db.models import Token
from synnefo.db.prepared import Prepared
from synnefo.intents.identity import tokens

HINT = (
    "The request you have made requires authentication. Ask for a token with "
    "POST /identity/v3/auth/tokens; /identity/v3 describes the service."
)
FIELDS = (
    "expires_at",
    "roles",
    "user_id",
    "user__name",
    "user__enabled",
    "project_id",
    "project__name",
    "project__enabled",
    "domain_id",
    "system",
    "trust_id",
    "application_credential_id",
    "application_credential__restricted",
    "application_credential__unrestricted",
)
LONGEST_TOKEN = 512
BY_DIGEST = Prepared(lambda digest: Token.objects.filter(digest=digest).values_list(*FIELDS), str)


def refuse() -> NoReturn:
    """The one answer to a missing, unknown, expired or revoked token."""
    raise Unauthorized(HINT)


def checked_digest(token: str) -> str:
    """What is stored of a token; Unauthorized where nothing can be."""
    if not 0 < len(token) <= LONGEST_TOKEN:
        refuse()
    return tokens.digest(token)


def caller(token: str, request_id: str) -> Caller:
    """Who asks; Unauthorized when the token is not good."""
    found = BY_DIGEST.rows(checked_digest(token))
    return caller_of(found[0], request_id) if found else refuse()


def caller_of(fields: Sequence[Any], request_id: str) -> Caller:
    """The same from a token's `FIELDS`, read already."""
    expires_at, roles, user_id, user_name, user_enabled, *scope = fields
    if expires_at <= wiring.clock().now() or not user_enabled:
        refuse()
    project_id, project_name, project_enabled, domain_id, system, trust, *credential = scope
    if project_id is not None and not project_enabled:
        refuse()
    credential_id, restricted, unrestricted = credential
    return Caller(
        user_id=user_id,
        user_name=user_name,
        project_id=project_id or "",
        project_name=project_name or "",
        roles=frozenset(role["name"].lower() for role in roles),
        request_id=request_id,
        domain_id=domain_id or "",
        system=system,
        delegated=trust is not None or (credential_id is not None and not unrestricted),
        credential_id=credential_id if restricted else "",
    )
