"""Which roles a user has in a project, a domain or the system just now: own ones, those of groups,
inherited ones and all that they imply. Nothing is written here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from synnefo.core import role_inference
from synnefo.db.models import Domain, ImpliedRole, Project, Role, RoleAssignment
from synnefo.db.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token is for: one of these, or nothing."""

    project: Project | None = None
    domain: Domain | None = None
    system: bool = False

    @property
    def empty(self) -> bool:
        """Whether it is for nothing."""
        return self.project is None and self.domain is None and not self.system


# What every sign-in asks.
RULES = Prepared(lambda: ImpliedRole.objects.values_list("prior_id", "implied_id"))
NAMES = Prepared(
    lambda: Role.objects.filter(domain__isnull=True).order_by("name").values_list("id", "name")
)
IN_PROJECT = Prepared(
    lambda user_id, project_id, domain_id: RoleAssignment.objects.filter(
        _of(user_id),
        Q(project_id=project_id, inherited=False) | Q(domain_id=domain_id, inherited=True),
    ).values_list("role_id"),
    str,
    str,
    str,
)


def _of(user_id: str) -> Q:
    return Q(user_id=user_id) | Q(group__memberships__user_id=user_id)


def rules() -> dict[str, list[str]]:
    """What each role implies directly."""
    found: dict[str, list[str]] = defaultdict(list)
    for prior, implied in RULES.rows():
        found[prior].append(implied)
    return found


def ancestors(project: Project) -> list[str]:
    """The projects above, the nearest first."""
    found: list[str] = []
    above = project.parent_id
    while above is not None:
        found.append(above)
        above = Project.objects.filter(pk=above).values_list("parent_id", flat=True).first()
    return found


def _there(scope: Scope) -> Q:
    if scope.project is not None:
        above = Q(domain_id=scope.project.domain_id)
        above |= Q(project_id__in=ancestors(scope.project))
        return Q(project=scope.project, inherited=False) | Q(above, inherited=True)
    if scope.domain is not None:
        return Q(domain=scope.domain, inherited=False)
    return Q(project__isnull=True, domain__isnull=True)


def assigned(user_id: str, scope: Scope) -> set[str]:
    """The ids of the roles that somebody was given, whether as oneself or in a group."""
    project = scope.project
    if project is not None and project.parent_id is None:
        return {role for (role,) in IN_PROJECT.rows(user_id, project.pk, project.domain_id)}
    rows = RoleAssignment.objects.filter(_of(user_id) & _there(scope))
    return set(rows.values_list("role_id", flat=True))


def named(roles: Iterable[str]) -> list[dict[str, str]]:
    """These roles and what they imply, as tokens say it; a domain's own roles are left out."""
    every = set(role_inference.expanded(roles, rules()))
    return [{"id": key, "name": name} for key, name in NAMES.rows() if key in every]


def of(user_id: str, scope: Scope) -> list[dict[str, str]]:
    """The roles that a token of this user would have."""
    given = () if scope.empty else assigned(user_id, scope)
    return named(given) if given else []


def projects_of(user_id: str) -> set[str]:
    """The ids of the projects in which a user has a role, inherited ones included."""
    rows = RoleAssignment.objects.filter(_of(user_id))
    found: set[str] = set()
    heirs: set[str] = set()
    domains: set[str] = set()
    for project, domain, inherited in rows.values_list("project_id", "domain_id", "inherited"):
        if project is not None:
            (heirs if inherited else found).add(project)
        elif domain is not None and inherited:
            domains.add(domain)
    if domains:
        inside = Project.objects.filter(domain_id__in=domains)
        found.update(inside.values_list("pk", flat=True))
    while heirs:  # Level by level: trees of projects are at most a few deep.
        below = Project.objects.filter(parent_id__in=heirs).values_list("pk", flat=True)
        heirs = set(below)
        found |= heirs
    return found


def domains_of(user_id: str) -> set[str]:
    """The ids of the domains in which a user has a role."""
    rows = RoleAssignment.objects.filter(_of(user_id), domain__isnull=False, inherited=False)
    return {one for one in rows.values_list("domain_id", flat=True) if one is not None}
