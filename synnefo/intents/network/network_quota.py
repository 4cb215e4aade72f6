"""Limits of projects in the network service, and how much of them is used."""

from __future__ import annotations

from collections.abc import Mapping

from synnefo.core import quota as rules
from synnefo.core.faults import BadRequest
from synnefo.db.models import (
    FloatingIp,
    Network,
    NetworkGrant,
    QuotaLimit,
    Router,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
    SubnetPool,
)
from synnefo.db.transactions import writing
from synnefo.intents import quota
from synnefo.intents.network import ports

RESOURCES = tuple(rules.NETWORK)


def limits(project_id: str) -> dict[str, int]:
    """The project's own, or the defaults."""
    found = quota.limits(project_id)
    return {name: found[name] for name in RESOURCES}


def defaults() -> dict[str, int]:
    """What a project has until somebody changes it."""
    return {name: rules.DEFAULTS[name] for name in RESOURCES}


def own() -> dict[str, dict[str, int]]:
    """The projects that have limits of their own."""
    rows = QuotaLimit.objects.filter(resource__in=RESOURCES).order_by("project_id")
    found: dict[str, dict[str, int]] = {}
    for project_id, resource, limit in rows.values_list("project_id", "resource", "limit"):
        found.setdefault(project_id, defaults())[resource] = limit
    return found


def change(project_id: str, wanted: Mapping[str, int], *, force: bool = False) -> dict[str, int]:
    """Set some; BadRequest for less than what is used, unless by force."""
    with writing():
        if not force:
            _check_used(project_id, wanted)
        for resource, limit in wanted.items():
            QuotaLimit.objects.update_or_create(
                project_id=project_id, resource=resource, defaults={"limit": limit}
            )
    return limits(project_id)


def _check_used(project_id: str, wanted: Mapping[str, int]) -> None:
    taken = used(project_id)
    for resource, limit in wanted.items():
        if 0 <= limit < taken[resource]:
            raise BadRequest(
                f"Quota limit {limit} for {resource} must be greater than or equal to already "
                f"used {taken[resource]}",
                field=f"quota.{resource}",
            )


def forget(project_id: str) -> None:
    """The defaults again."""
    with writing():
        QuotaLimit.objects.filter(project_id=project_id, resource__in=RESOURCES).delete()


def used(project_id: str) -> dict[str, int]:
    """How much a project has of each."""
    mine = {"project_id": project_id}
    return {
        "network": Network.objects.filter(**mine).count(),
        "subnet": Subnet.objects.filter(network__project_id=project_id).count(),
        "subnetpool": SubnetPool.objects.filter(**mine).count(),
        "port": ports.counted(project_id).count(),
        "router": Router.objects.filter(**mine).count(),
        "floatingip": FloatingIp.objects.filter(**mine).count(),
        "security_group": SecurityGroup.objects.filter(**mine).count(),
        "security_group_rule": SecurityGroupRule.objects.filter(
            group__project_id=project_id
        ).count(),
        "rbac_policy": NetworkGrant.objects.filter(**mine).count(),
    }
