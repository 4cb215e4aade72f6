"""Giving roles to users and groups, and taking them away."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from synnefo.core.faults import Forbidden, NotFound
from synnefo.db.models import Membership, Role, RoleAssignment
from synnefo.db.transactions import writing
from synnefo.intents.identity import domains, groups, projects, roles, tokens, users


@dataclass(frozen=True, slots=True)
class Grant:
    """Who (a user or a group) has roles where (a project, a domain, or else the system)."""

    user_id: str | None = None
    group_id: str | None = None
    project_id: str | None = None
    domain_id: str | None = None
    inherited: bool = False

    def rows(self) -> QuerySet[RoleAssignment]:
        """The assignments that are."""
        return RoleAssignment.objects.filter(
            user_id=self.user_id,
            group_id=self.group_id,
            project_id=self.project_id,
            domain_id=self.domain_id,
            inherited=self.inherited,
        )

    def check(self) -> None:
        """NotFound if somebody or something of it does not exist."""
        if self.user_id is not None:
            users.get(self.user_id)
        if self.group_id is not None:
            groups.get(self.group_id)
        if self.project_id is not None:
            projects.get(self.project_id)
        if self.domain_id is not None:
            domains.get(self.domain_id)

    def people(self) -> list[str]:
        """Whose tokens it concerns."""
        if self.user_id is not None:
            return [self.user_id]
        members = Membership.objects.filter(group_id=self.group_id)
        return list(members.values_list("user_id", flat=True))


def _home(grant: Grant) -> str:
    """The domain that the grant is about."""
    if grant.domain_id is not None:
        return grant.domain_id
    return projects.get(grant.project_id or "").domain_id


def _check_domain_role(grant: Grant, role: Role) -> None:
    if role.domain_id is None:
        return
    if grant.project_id is None and grant.domain_id is None:
        raise Forbidden("A role of a domain cannot be given in the system.")
    if role.domain_id != _home(grant):
        raise Forbidden(f"The role {role.id} belongs to another domain.")


def give(grant: Grant, role_id: str) -> None:
    """Give a role; it may be given already."""
    role = roles.get(role_id)
    grant.check()
    _check_domain_role(grant, role)
    with writing():
        RoleAssignment.objects.get_or_create(
            user_id=grant.user_id,
            group_id=grant.group_id,
            project_id=grant.project_id,
            domain_id=grant.domain_id,
            inherited=grant.inherited,
            role=role,
        )
        tokens.follow(grant.people())


def take(grant: Grant, role_id: str) -> None:
    """Take a role away; tokens lose it at once."""
    with writing():
        gone, _ = grant.rows().filter(role_id=role_id).delete()
        tokens.follow(grant.people())
    if not gone:
        raise NotFound(f"Could not find role assignment with role: {role_id}.")
