"""What operators ask of groups of users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synnefo.core.faults import BadRequest, NotFound
from synnefo.db.models import Group, Membership
from synnefo.db.transactions import writing
from synnefo.intents import extras
from synnefo.intents.identity import identity_rows, tokens, users

COLUMNS = ("name", "domain_id", "description")


def get(key: str) -> Group:
    """The group; NotFound if there is none."""
    return identity_rows.found(Group.objects.all(), key, "group")


def create(wish: Mapping[str, Any], domain_id: str) -> Group:
    """A new group, in the domain `domain_id` unless it says another one."""
    known, extra = extras.parted(wish, COLUMNS)
    domain_id = known.get("domain_id") or domain_id
    identity_rows.check_domain(domain_id)
    row = Group(name=known["name"], domain_id=domain_id, extra=extras.merged({}, extra))
    row.description = extras.text(known, "description")
    return _saved(row, force_insert=True)


def _saved(row: Group, *, force_insert: bool = False) -> Group:
    clash = f"a group with the name {row.name} exists already in this domain."
    with identity_rows.storing("group", clash):
        row.save(force_insert=force_insert)
    return row


def update(key: str, wish: Mapping[str, Any]) -> Group:
    """Change a group."""
    row = get(key)
    known, extra = extras.parted(wish, COLUMNS)
    if known.get("domain_id", row.domain_id) != row.domain_id:
        raise BadRequest("Cannot change Domain ID", field="domain_id")
    row.name = known.get("name", row.name)
    row.extra = extras.merged(row.extra, extra)
    row.description = extras.text(known, "description", row.description)
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
