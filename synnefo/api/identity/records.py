"""How users, projects, domains and roles look in answers."""

from typing import Any, NamedTuple

from synnefo.db.models import Domain, Project, Role, User


def _link(base: str, collection: str, key: str) -> dict[str, str]:
    return {"self": f"{base}/identity/v3/{collection}/{key}"}


def domain(row: Domain, base: str) -> dict[str, Any]:
    """One domain."""
    return {
        "id": row.id,
        "name": row.name,
        "description": "",
        "enabled": row.enabled,
        "tags": [],
        "options": {},
        "links": _link(base, "domains", row.id),
    }


def project(row: Project, base: str) -> dict[str, Any]:
    """One project."""
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "enabled": row.enabled,
        "domain_id": row.domain_id,
        "parent_id": row.domain_id,
        "is_domain": False,
        "tags": [],
        "options": {},
        "links": _link(base, "projects", row.id),
    }


def user(row: User, base: str) -> dict[str, Any]:
    """One user, without the password."""
    record = {
        "id": row.id,
        "name": row.name,
        "enabled": row.enabled,
        "domain_id": row.domain_id,
        "password_expires_at": None,
        "options": {},
        "links": _link(base, "users", row.id),
    }
    if row.email:
        record["email"] = row.email
    if row.default_project_id:
        record["default_project_id"] = row.default_project_id
    return record


def role(row: Role, base: str) -> dict[str, Any]:
    """One role."""
    return {
        "id": row.id,
        "name": row.name,
        "domain_id": None,
        "description": None,
        "options": {},
        "links": _link(base, "roles", row.id),
    }


class TokenRow(NamedTuple):
    """What is known of a token."""

    methods: list[str]
    audit_id: str
    issued_at: Any
    expires_at: Any
    roles: list[dict[str, str]]
    user_id: str
    user_name: str
    user_enabled: bool
    user_domain: str
    user_domain_name: str
    project_id: str | None
    project_name: str | None
    project_enabled: bool | None
    project_domain: str | None
    project_domain_name: str | None


TOKEN_COLUMNS = (
    "methods", "audit_id", "issued_at", "expires_at", "roles", "user_id", "user__name",
    "user__enabled", "user__domain_id", "user__domain__name", "project_id", "project__name",
    "project__enabled", "project__domain_id", "project__domain__name",
)  # fmt: skip


def _moment(moment: Any) -> str:
    return str(moment.replace(tzinfo=None).isoformat(timespec="microseconds")) + "Z"


def token(row: TokenRow, catalog: list[dict[str, Any]] | None) -> dict[str, Any]:
    """What a token says; unscoped ones have no project, roles or catalog."""
    record: dict[str, Any] = {
        "methods": row.methods,
        "audit_ids": [row.audit_id],
        "issued_at": _moment(row.issued_at),
        "expires_at": _moment(row.expires_at),
        "user": {
            "id": row.user_id,
            "name": row.user_name,
            "domain": {"id": row.user_domain, "name": row.user_domain_name},
            "password_expires_at": None,
        },
    }
    if row.project_id is not None:
        record |= {
            "is_domain": False,
            "project": {
                "id": row.project_id,
                "name": row.project_name,
                "domain": {"id": row.project_domain, "name": row.project_domain_name},
            },
            "roles": row.roles,
        }
        if catalog is not None:
            record["catalog"] = catalog
    return record
