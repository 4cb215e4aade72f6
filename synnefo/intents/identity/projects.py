"""What operators ask of projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils import timezone

from synnefo.core.faults import BadRequest, Forbidden, NotFound
from synnefo.db.models import (
    ApplicationCredential,
    Credential,
    Domain,
    Project,
    RoleAssignment,
    Trust,
    User,
)
from synnefo.db.transactions import writing
from synnefo.intents import extras
from synnefo.intents.identity import effective_roles, identity_rows, tokens

COLUMNS = ("name", "description", "enabled", "tags", "options")
MOST_LEVELS = 5  # of projects below each other


def get(key: str) -> Project:
    """The project; NotFound if there is none."""
    return identity_rows.found(Project.objects.select_related("domain"), key, "project")


def _parent(wish: Mapping[str, Any]) -> Project | None:
    """The project above, or None right below a domain (whose id says the same)."""
    key = wish.get("parent_id")
    if key is None or key == wish.get("domain_id"):
        return None
    row = Project.objects.filter(pk=key).first()
    if row is None:
        if Domain.objects.filter(pk=key).exists() and wish.get("domain_id") is None:
            return None
        raise NotFound(f"Could not find project: {key}.")
    if not row.enabled:
        raise BadRequest(
            f"cannot create a project in a branch containing a disabled project: {key}",
            field="parent_id",
        )
    if len(effective_roles.ancestors(row)) + 2 > MOST_LEVELS:
        raise Forbidden(f"Max hierarchy depth reached for {key} branch.")
    return row


def _domain(wish: Mapping[str, Any], parent: Project | None, usual: str) -> str:
    key = wish.get("domain_id")
    if parent is not None:
        if key not in (None, parent.domain_id):
            raise BadRequest(
                f"Cannot create project, since it specifies its domain_id {key}, but specifies a "
                f"parent in a different domain ({parent.domain_id}).",
                field="domain_id",
            )
        return parent.domain_id
    key = key or wish.get("parent_id") or usual
    identity_rows.check_domain(key)
    return str(key)


def create(wish: Mapping[str, Any], domain_id: str) -> Project:
    """A new project, in the domain `domain_id` unless it says another one."""
    known, extra = extras.parted(wish, (*COLUMNS, "domain_id", "parent_id", "is_domain"))
    parent = _parent(known)
    row = Project(
        name=known["name"],
        parent=parent,
        domain_id=_domain(known, parent, domain_id),
        description=extras.text(known, "description"),
        enabled=known.get("enabled", True),
        tags=known.get("tags", []),
        options=extras.options({}, known.get("options")),
        extra=extras.merged({}, extra),
    )
    return _saved(row, force_insert=True)


def _saved(row: Project, *, force_insert: bool = False) -> Project:
    clash = (
        "it is not permitted to have two projects with either the same name or same id in the same"
        f" domain: name is {row.name}, project id {row.id}."
    )
    with identity_rows.storing("project", clash):
        row.save(force_insert=force_insert)
        if not row.enabled:
            tokens.revoke_where(Q(project=row))
    return row


def _check_fixed(row: Project, wish: Mapping[str, Any]) -> None:
    fixed = {"domain_id": row.domain_id, "is_domain": False}
    for name, value in fixed.items():
        if name in wish and wish[name] != value:
            raise BadRequest(f"Update of `{name}` is not allowed.", field=name)
    if "parent_id" in wish and wish["parent_id"] != (row.parent_id or row.domain_id):
        raise Forbidden("Update of `parent_id` is not allowed.")


def update(key: str, wish: Mapping[str, Any]) -> Project:
    """Change a project; who disables one signs out whoever works in it."""
    row = get(key)
    extras.check_mutable("project", key, row.options, wish)
    _check_fixed(row, wish)
    known, extra = extras.parted(wish, (*COLUMNS, "domain_id", "parent_id", "is_domain"))
    _check_tree(row, known.get("enabled", row.enabled))
    row.name = known.get("name", row.name)
    row.enabled = known.get("enabled", row.enabled)
    row.tags = known.get("tags", row.tags)
    row.options = extras.options(row.options, known.get("options"))
    row.extra = extras.merged(row.extra, extra)
    row.description = extras.text(known, "description", row.description)
    return _saved(row)


def _check_tree(row: Project, enabled: bool) -> None:
    """A disabled project has no enabled ones below it."""
    if enabled == row.enabled:
        return
    if enabled and row.parent is not None and not row.parent.enabled:
        raise Forbidden(f"Cannot enable project {row.id} since it has disabled parents.")
    if not enabled and Project.objects.filter(parent=row, enabled=True).exists():
        raise Forbidden(
            f"Cannot disable project {row.id} since its subtree contains enabled projects."
        )


def set_tags(key: str, tags: list[str]) -> list[str]:
    """Replace all tags of a project."""
    row = get(key)
    extras.check_mutable("project", key, row.options, {"tags": tags})
    row.tags = sorted(set(tags))
    with writing():
        row.save(update_fields=["tags"])
    return list(row.tags)


def delete(key: str) -> None:
    """Delete a project that has none below it."""
    row = get(key)
    extras.check_mutable("project", key, row.options, {})
    if Project.objects.filter(parent=row).exists():
        raise Forbidden(f"Cannot delete the project {key} since it is not a leaf in the hierarchy.")
    with writing():
        forget(row)


def forget(row: Project) -> None:
    """End all that refers to a project here; its resources stay for administrators to see."""
    tokens.revoke_where(Q(project=row))
    RoleAssignment.objects.filter(project=row).delete()
    for model in (ApplicationCredential, Trust, Credential):
        model.objects.filter(project=row).delete()
    User.objects.filter(default_project=row).update(default_project=None)
    row.enabled, row.deleted_at = False, timezone.now()
    row.save()
