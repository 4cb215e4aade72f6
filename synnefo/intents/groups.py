"""What operators ask of groups of users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError

from synnefo.core.faults import BadRequest, Conflict, NotFound
from synnefo.db.models import Domain, Group, Membership
from synnefo.db.transactions import writing
from synnefo.intents import extras, tokens, users

COLUMNS = ("name", "domain_id", "description")


def get(key: str) -> Group:
    """The group; NotFound if there is none."""
    row = Group.objects.filter(pk=key).first()
    if row is None:
        raise NotFound(f"Could not find group: {key}.")
    return row


def create(wish: Mapping[str, Any], domain_id: str) -> Group:
    """A new group, in the domain `domain_id` unless it says another one."""
    known, extra = extras.parted(wish, COLUMNS)
    domain_id = known.get("domain_id") or domain_id
    if not Domain.objects.filter(pk=domain_id).exists():
        raise NotFound(f"Could not find domain: {domain_id}.")
    row = Group(name=known["name"], domain_id=domain_id, extra=extras.merged({}, extra))
    row.description = known.get("description") or ""
    return _saved(row, force_insert=True)


def _saved(row: Group, *, force_insert: bool = False) -> Group:
    try:
        with writing():
            row.save(force_insert=force_insert)
    except IntegrityError as taken:
        raise Conflict(
            "Conflict occurred attempting to store group - a group with the name "
            f"{row.name} exists already in this domain.",
            field="name",
        ) from taken
    return row


def update(key: str, wish: Mapping[str, Any]) -> Group:
    """Change a group."""
    row = get(key)
    known, extra = extras.parted(wish, COLUMNS)
    if known.get("domain_id", row.domain_id) != row.domain_id:
        raise BadRequest("Cannot change Domain ID", field="domain_id")
    row.name = known.get("name", row.name)
    row.extra = extras.merged(row.extra, extra)
    if "description" in known:
        row.description = known["description"] or ""
    return _saved(row)


def _members(row: Group) -> list[str]:
    return list(row.memberships.values_list("user_id", flat=True))


def delete(key: str) -> None:
    """Delete a group; its members lose what only the group gave them."""
    row = get(key)
    with writing():
        members = _members(row)
        row.delete()
        tokens.follow(members)


def add(key: str, user_id: str) -> None:
    """Make a user a member; it may be one already."""
    group, user = get(key), users.get(user_id)
    with writing():
        Membership.objects.get_or_create(group=group, user=user)
        tokens.follow([user.pk])


def remove(key: str, user_id: str) -> None:
    """End a membership; NotFound if there is none."""
    group, user = get(key), users.get(user_id)
    with writing():
        gone, _ = Membership.objects.filter(group=group, user=user).delete()
        tokens.follow([user.pk])
    if not gone:
        raise NotFound(f"User {user_id} not found in group {key}.")


def has(key: str, user_id: str) -> bool:
    """Whether somebody is a member."""
    return Membership.objects.filter(group_id=key, user_id=user_id).exists()
