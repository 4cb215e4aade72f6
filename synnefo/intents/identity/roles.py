"""What operators ask of roles, and which role implies which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synnefo.core.faults import Conflict, Forbidden, NotFound
from synnefo.core.role_inference import would_loop
from synnefo.db.models import ApplicationCredential, ImpliedRole, Role
from synnefo.db.transactions import writing
from synnefo.intents import extras
from synnefo.intents.identity import effective_roles, identity_rows, tokens

# What the cloud itself asks for by name: without it nobody could do anything any more.
NEEDED = frozenset({"admin", "member", "reader"})
TOP = "admin"


def get(key: str) -> Role:
    """The role; NotFound if there is none."""
    return identity_rows.found(Role.objects.all(), key, "role")


def create(wish: Mapping[str, Any]) -> Role:
    """A new role of everybody, or of one domain."""
    domain_id = wish.get("domain_id")
    if domain_id is not None:
        identity_rows.check_domain(domain_id)
    row = Role(name=wish["name"], domain_id=domain_id)
    row.description = extras.text(wish, "description")
    row.options = extras.options({}, wish.get("options"))
    return _saved(row, force_insert=True)


def _saved(row: Role, *, force_insert: bool = False) -> Role:
    with identity_rows.storing("role", f"duplicate entry found with name {row.name}."):
        row.save(force_insert=force_insert)
    return row


def _check_needed(row: Role, name: str | None) -> None:
    if row.domain_id is None and row.name in NEEDED and name != row.name:
        raise Forbidden(f"The cloud needs the role {row.name}: it cannot be renamed or deleted.")


def update(key: str, wish: Mapping[str, Any]) -> Role:
    """Change a role; tokens tell the new name."""
    row = get(key)
    extras.check_mutable("role", key, row.options, wish)
    name = wish.get("name", row.name)
    _check_needed(row, name)
    renamed = name != row.name
    row.name = name
    row.options = extras.options(row.options, wish.get("options"))
    row.description = extras.text(wish, "description", row.description)
    with writing():
        _saved(row)
        if renamed:
            tokens.follow_role(row)
    return row


def delete(key: str) -> None:
    """Delete a role; nobody has it any more, and credentials that lend it end."""
    row = get(key)
    extras.check_mutable("role", key, row.options, {})
    _check_needed(row, None)
    with writing():
        gone = Role(pk=row.pk, domain_id=row.domain_id)
        ApplicationCredential.objects.filter(roles=row).delete()
        row.delete()
        tokens.follow_role(gone)


def imply(prior: str, implied: str) -> ImpliedRole:
    """Whoever has the role `prior` has `implied`, too, from now on."""
    above, below = get(prior), get(implied)
    if below.name == TOP and below.domain_id is None:
        raise Forbidden(f"Role {TOP} cannot be an implied role.")
    if above.domain_id is None and below.domain_id is not None:
        raise Forbidden("Global role cannot imply a domain-specific role.")
    with writing():
        if would_loop(prior, implied, effective_roles.rules()):
            raise Conflict(f"Role {above.name} cannot imply {below.name}, which implies it.")
        row, _ = ImpliedRole.objects.get_or_create(prior=above, implied=below)
        tokens.follow_role(above)
    return row


def imply_no_more(prior: str, implied: str) -> None:
    """End that; NotFound if it was not so."""
    above = get(prior)
    with writing():
        gone, _ = ImpliedRole.objects.filter(prior=above, implied_id=implied).delete()
        tokens.follow_role(above)
    if not gone:
        raise NotFound(f"{prior} does not imply {implied}.")
