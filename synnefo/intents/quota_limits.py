"""What administrators decide of quotas: limits of projects, of users in them, and the defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from synnefo.core import quota as rules
from synnefo.core.faults import BadRequest
from synnefo.db.models import QuotaDefault, QuotaLimit, UserQuotaLimit
from synnefo.db.transactions import writing
from synnefo.intents import quota


def change(project_id: str, wanted: Mapping[str, int]) -> None:
    """A project's limits from now on; those that are not named stay."""
    with writing():
        QuotaLimit.objects.bulk_create(
            [
                QuotaLimit(project_id=project_id, resource=resource, limit=limit)
                for resource, limit in sorted(wanted.items())
            ],
            update_conflicts=True,
            unique_fields=["project", "resource"],
            update_fields=["limit"],
        )


def change_of_user(project_id: str, user_id: str, wanted: Mapping[str, int]) -> None:
    """A user's part, which cannot be larger than the whole."""
    whole = quota.limits(project_id)
    for resource, limit in wanted.items():
        most = whole[resource]
        if most != rules.UNLIMITED and not rules.UNLIMITED < limit <= most:
            raise BadRequest(
                f"Quota limit {limit} for {resource} must be less than or equal to {most}.",
                field=resource,
            )
    with writing():
        UserQuotaLimit.objects.bulk_create(
            [
                UserQuotaLimit(
                    project_id=project_id, user_id=user_id, resource=resource, limit=limit
                )
                for resource, limit in sorted(wanted.items())
            ],
            update_conflicts=True,
            unique_fields=["project", "user", "resource"],
            update_fields=["limit"],
        )


def change_defaults(of_class: str, wanted: Mapping[str, int]) -> None:
    """The limits of all projects that have no others."""
    with writing():
        QuotaDefault.objects.bulk_create(
            [
                QuotaDefault(of_class=of_class, resource=resource, limit=limit)
                for resource, limit in sorted(wanted.items())
            ],
            update_conflicts=True,
            unique_fields=["of_class", "resource"],
            update_fields=["limit"],
        )


def forget(project_id: str, resources: Iterable[str]) -> None:
    """The defaults hold again for these resources, and users have no part of their own."""
    with writing():
        names = list(resources)
        QuotaLimit.objects.filter(project_id=project_id, resource__in=names).delete()
        UserQuotaLimit.objects.filter(project_id=project_id, resource__in=names).delete()


def forget_of_user(project_id: str, user_id: str, resources: Iterable[str]) -> None:
    """The user may use all that the project may."""
    with writing():
        UserQuotaLimit.objects.filter(
            project_id=project_id, user_id=user_id, resource__in=list(resources)
        ).delete()


def defaults(of_class: str = "default") -> dict[str, int]:
    """The limits of a class."""
    rows = QuotaDefault.objects.filter(of_class=of_class)
    return rules.DEFAULTS | dict(rows.values_list("resource", "limit"))
