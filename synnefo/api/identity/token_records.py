"""How tokens look, and the one query that finds all of it."""

from typing import Any, NamedTuple

from django.db.models import OuterRef

from synnefo.api.bodies import listing, record
from synnefo.api.identity import kinds
from synnefo.api.identity.catalog import is_changed
from synnefo.api.identity.records import WORD, moment, password_end
from synnefo.db.models import AccessRule, Token
from synnefo.db.prepared import Prepared

SHAPE = record(
    {
        "token": record(
            {
                "methods": listing(WORD),
                "audit_ids": listing(WORD),
                "issued_at": WORD,
                "expires_at": WORD,
                "user": record({"id": WORD, "name": WORD}, ("id", "name"), rest=kinds.free),
            },
            ("methods", "audit_ids", "issued_at", "expires_at", "user"),
            rest=kinds.free,
        )
    },
    ("token",),
)


class TokenRow(NamedTuple):
    """What is known of a token."""

    methods: list[str]
    audit_id: str
    parent_audit_id: str
    issued_at: Any
    expires_at: Any
    roles: list[dict[str, str]]
    user_id: str
    user_name: str
    user_enabled: bool
    password_changed_at: Any
    user_options: dict[str, Any]
    user_domain: str
    user_domain_name: str
    project_id: str | None
    project_name: str | None
    project_enabled: bool | None
    project_domain: str | None
    project_domain_name: str | None
    domain_id: str | None
    domain_name: str | None
    system: bool
    credential_id: str | None
    credential_name: str | None
    credential_restricted: bool | None
    credential_unrestricted: bool | None
    trust_id: str | None
    impersonation: bool | None
    trustor: str | None
    trustee: str | None
    catalog_is_changed: bool


COLUMNS = (
    "methods", "audit_id", "parent_audit_id", "issued_at", "expires_at", "roles", "user_id",
    "user__name", "user__enabled", "user__password_changed_at", "user__options",
    "user__domain_id", "user__domain__name", "project_id", "project__name",
    "project__enabled", "project__domain_id", "project__domain__name", "domain_id",
    "domain__name", "system", "application_credential_id", "application_credential__name",
    "application_credential__restricted", "application_credential__unrestricted", "trust_id",
    "trust__impersonation", "trust__trustor_id", "trust__trustee_id",
)  # fmt: skip
CHANGED = is_changed(OuterRef("project_id"))
# Two at a time: who validates a token shows another one, and both are found in one go.
_BY_DIGESTS = Prepared(
    lambda one, other: Token.objects.filter(digest__in=[one, other]).values_list(
        "digest", *COLUMNS, CHANGED
    ),
    str,
    str,
)


def found(*digests: str) -> dict[str, TokenRow]:
    """The tokens of one or two digests, by these."""
    rows = _BY_DIGESTS.rows(digests[0], digests[-1])
    return {digest: TokenRow._make(row) for digest, *row in rows}


def caller_fields(row: TokenRow) -> tuple[Any, ...]:
    """What says who a caller is: `authentication.FIELDS`."""
    return (
        row.expires_at, row.roles, row.user_id, row.user_name, row.user_enabled, row.project_id,
        row.project_name, row.project_enabled, row.domain_id, row.system, row.trust_id,
        row.credential_id, row.credential_restricted, row.credential_unrestricted,
    )  # fmt: skip


def _scope(row: TokenRow) -> dict[str, Any]:
    if row.project_id is not None:
        domain = {"id": row.project_domain, "name": row.project_domain_name}
        project = {"id": row.project_id, "name": row.project_name, "domain": domain}
        return {"is_domain": False, "project": project}
    if row.domain_id is not None:
        return {"domain": {"id": row.domain_id, "name": row.domain_name}}
    return {"system": {"all": True}} if row.system else {}


def _delegation(row: TokenRow) -> dict[str, Any]:
    if row.trust_id is not None:
        trust = {
            "id": row.trust_id,
            "impersonation": row.impersonation,
            "trustor_user": {"id": row.trustor},
            "trustee_user": {"id": row.trustee},
        }
        return {"OS-TRUST:trust": trust}
    if row.credential_id is not None:
        credential: dict[str, Any] = {
            "id": row.credential_id,
            "name": row.credential_name,
            "restricted": not row.credential_unrestricted,
        }
        if row.credential_restricted:
            rules = AccessRule.objects.filter(applicationcredential=row.credential_id)
            credential["access_rules"] = list(rules.values("id", "service", "method", "path"))
        return {"application_credential": credential}
    return {}


def token(row: TokenRow, catalog: Any) -> dict[str, Any]:
    """What a token says; unscoped ones have no project, roles or catalog."""
    shown: dict[str, Any] = {
        "methods": row.methods,
        "audit_ids": [one for one in (row.audit_id, row.parent_audit_id) if one],
        "issued_at": moment(row.issued_at),
        "expires_at": moment(row.expires_at),
        "user": {
            "id": row.user_id,
            "name": row.user_name,
            "domain": {"id": row.user_domain, "name": row.user_domain_name},
            "password_expires_at": password_end(row.password_changed_at, row.user_options),
        },
    }
    scope = _scope(row)
    if scope:
        shown |= scope | {"roles": row.roles} | _delegation(row)
        if catalog is not None:
            shown["catalog"] = catalog
    return shown
