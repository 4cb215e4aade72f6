"""What operators ask of domains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils import timezone

from synnefo.core.faults import Forbidden
from synnefo.db.models import Domain, Group, Project, Role, RoleAssignment, User
from synnefo.db.transactions import writing
from synnefo.intents import extras
from synnefo.intents.identity import identity_rows, projects, tokens, users

COLUMNS = ("name", "description", "enabled", "tags", "options")
FIRST = "default"


def get(key: str) -> Domain:
    """The domain; NotFound if there is none."""
    return identity_rows.found(Domain.objects.all(), key, "domain")


def create(wish: Mapping[str, Any]) -> Domain:
    """A new domain; Conflict if its name or the id that was asked for is taken."""
    known, extra = extras.parted(wish, (*COLUMNS, "explicit_domain_id", "domain_id"))
    row = Domain(name=known["name"], enabled=known.get("enabled", True))
    row.description = extras.text(known, "description")
    row.tags, row.options = known.get("tags", []), extras.options({}, known.get("options"))
    row.extra = extras.merged({}, extra)
    if "explicit_domain_id" in known:
        row.id = known["explicit_domain_id"]
    return _saved(row, force_insert=True)


def _saved(row: Domain, *, force_insert: bool = False) -> Domain:
    clash = f"a domain with the name {row.name} or this id exists already."
    with identity_rows.storing("domain", clash):
        row.save(force_insert=force_insert)
        if not row.enabled:
            tokens.revoke_where(_within(row))
    return row


def _within(row: Domain) -> Q:
    return Q(user__domain=row) | Q(project__domain=row) | Q(domain=row)


def update(key: str, wish: Mapping[str, Any]) -> Domain:
    """Change a domain; who disables one signs all out that are in it."""
    row = get(key)
    extras.check_mutable("domain", key, row.options, wish)
    known, extra = extras.parted(wish, COLUMNS)
    row.name = known.get("name", row.name)
    row.enabled = known.get("enabled", row.enabled)
    row.tags = known.get("tags", row.tags)
    row.options = extras.options(row.options, known.get("options"))
    row.extra = extras.merged(row.extra, extra)
    row.description = extras.text(known, "description", row.description)
    return _saved(row)


def delete(key: str) -> None:
    """Delete a disabled domain and all that is in it."""
    row = get(key)
    extras.check_mutable("domain", key, row.options, {})
    if row.enabled:
        raise Forbidden("Cannot delete a domain that is enabled, please disable it first.")
    if row.id == FIRST:
        raise Forbidden("The first domain of the cloud cannot be deleted.")
    with writing():
        for user in User.objects.filter(domain=row):
            users.forget(user)
        for project in Project.objects.filter(domain=row):
            projects.forget(project)
        Group.objects.filter(domain=row).delete()
        Role.objects.filter(domain=row).delete()
        RoleAssignment.objects.filter(domain=row).delete()
        tokens.revoke_where(_within(row))
        row.config, row.deleted_at = {}, timezone.now()
        row.save()


def configure(key: str, config: Mapping[str, Any]) -> Domain:
    """Keep a domain's configuration, which nothing here reads: all users are in the database."""
    row = get(key)
    row.config = dict(config)
    with writing():
        row.save(update_fields=["config"])
    return row
