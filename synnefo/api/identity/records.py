"""How users, projects, groups, domains and roles look in answers."""

from datetime import datetime
from typing import Any

from synnefo.api.bodies import listing, maybe, text
from synnefo.api.identity.kinds import LINKS, boolean, free, shape, shapes
from synnefo.core import password_rules
from synnefo.db.models import Domain, Group, Project, Role, User
from synnefo.intents.identity import users as user_intents

WORD, TEXT = text(0, 255), text(0, 4096, lines=True)


def link(base: str, collection: str, key: str) -> dict[str, str]:
    """The address of a record."""
    return {"self": f"{base}/identity/v3/{collection}/{key}"}


DOMAIN = {
    "id": WORD, "name": WORD, "description": TEXT, "enabled": boolean, "tags": listing(WORD),
    "options": free, "links": LINKS,
}  # fmt: skip
DOMAIN_SHAPE = shape("domain", DOMAIN, open_=True)
DOMAINS_SHAPE = shapes("domains", DOMAIN, open_=True)


def domain(row: Domain, base: str) -> dict[str, Any]:
    """One domain."""
    return {
        **row.extra,
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "enabled": row.enabled,
        "tags": row.tags,
        "options": row.options,
        "links": link(base, "domains", row.id),
    }


PROJECT = DOMAIN | {"domain_id": maybe(WORD), "parent_id": maybe(WORD), "is_domain": boolean}
PROJECT_SHAPE = shape("project", PROJECT, open_=True)
PROJECTS_SHAPE = shapes("projects", PROJECT, open_=True)


def project(row: Project, base: str) -> dict[str, Any]:
    """One project."""
    return {
        **row.extra,
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "enabled": row.enabled,
        "domain_id": row.domain_id,
        "parent_id": row.parent_id or row.domain_id,
        "is_domain": False,
        "tags": row.tags,
        "options": row.options,
        "links": link(base, "projects", row.id),
    }


def domain_as_project(row: Domain, base: str) -> dict[str, Any]:
    """A domain as the project that acts as one, which older clients ask for."""
    record = domain(row, base)
    more = {"domain_id": None, "parent_id": None, "is_domain": True}
    return record | more | {"links": link(base, "projects", row.id)}


USER = {
    "id": WORD, "name": WORD, "enabled": boolean, "domain_id": WORD, "options": free,
    "password_expires_at": maybe(WORD), "links": LINKS,
}  # fmt: skip
USER_SHAPE, USERS_SHAPE = shape("user", USER, open_=True), shapes("users", USER, open_=True)


def user(row: User, base: str) -> dict[str, Any]:
    """One user, without the password."""
    record = {
        **row.extra,
        "id": row.id,
        "name": row.name,
        "enabled": row.enabled,
        "domain_id": row.domain_id,
        "password_expires_at": password_end(row.password_changed_at, row.options),
        "options": row.options,
        "links": link(base, "users", row.id),
    }
    if row.email:
        record["email"] = row.email
    if row.description:
        record["description"] = row.description
    if row.default_project_id:
        record["default_project_id"] = row.default_project_id
    return record


def password_end(changed_at: datetime | None, options: dict[str, Any]) -> str | None:
    """When a password ends, as the API says it; None for never."""
    if options.get("ignore_password_expiry"):
        return None
    end = password_rules.expires_at(user_intents.rules(), changed_at)
    return None if end is None else end.replace(tzinfo=None).isoformat(timespec="microseconds")


GROUP = {"id": WORD, "name": WORD, "domain_id": WORD, "description": TEXT, "links": LINKS}
GROUP_SHAPE, GROUPS_SHAPE = shape("group", GROUP, open_=True), shapes("groups", GROUP, open_=True)


def group(row: Group, base: str) -> dict[str, Any]:
    """One group."""
    return {
        **row.extra,
        "id": row.id,
        "name": row.name,
        "domain_id": row.domain_id,
        "description": row.description,
        "links": link(base, "groups", row.id),
    }


ROLE = {
    "id": WORD, "name": WORD, "domain_id": maybe(WORD), "description": maybe(TEXT),
    "options": free, "links": LINKS,
}  # fmt: skip
ROLE_SHAPE, ROLES_SHAPE = shape("role", ROLE), shapes("roles", ROLE)


def role(row: Role, base: str) -> dict[str, Any]:
    """One role."""
    return {
        "id": row.id,
        "name": row.name,
        "domain_id": row.domain_id,
        "description": row.description or None,
        "options": row.options,
        "links": link(base, "roles", row.id),
    }


def moment(value: datetime | None) -> str | None:
    """A time as the identity service says it, in microseconds and with a Z."""
    if value is None:
        return None
    return value.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
