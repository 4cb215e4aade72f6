"""How many images a project may have, and how many bytes of them, in MiB."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Sum

from synnefo.core import quota as rules
from synnefo.core.faults import QuotaExceeded, TooLarge
from synnefo.db.models import Image, Project
from synnefo.intents import quota

MIB = 1 << 20
COUNT, COMING, SIZE, STAGE = (
    "image_count_total", "image_count_uploading", "image_size_total", "image_stage_total",
)  # fmt: skip


def _sum(project_id: str, column: str) -> int:
    rows = Image.objects.filter(project_id=project_id)
    return int(rows.aggregate(total=Sum(column))["total"] or 0)


def _mib(size: int) -> int:
    return -(-size // MIB)


USED: dict[str, Callable[[str], int]] = {
    COUNT: lambda project: Image.objects.filter(project_id=project).count(),
    COMING: lambda project: Image.objects.filter(
        project_id=project, status__in=("saving", "uploading", "importing")
    ).count(),
    SIZE: lambda project: _mib(_sum(project, "size")),
    STAGE: lambda project: _mib(_sum(project, "staged_size")),
}


def usage(project_id: str) -> dict[str, dict[str, int]]:
    """What `info/usage` says: the limit of each, and what is used of it."""
    limits = quota.limits(project_id)
    return {name: {"limit": limits[name], "usage": used(project_id)} for name, used in USED.items()}


def admit(project_id: str, resource: str) -> None:
    """Refuse one more of what is counted, in Glance's way; within a transaction."""
    if not Project.objects.filter(pk=project_id).exists():
        return  # An administrator has named an owner that this cloud does not know.
    try:
        quota.admit(project_id, resource, lambda: USED[resource](project_id))
    except QuotaExceeded as full:
        raise TooLarge(full.message, resource=resource) from full


def begin(project_id: str, resource: str) -> None:
    """Refuse bytes of an unknown number to who has too many already, or may have none at all.

    As with Glance the upload that goes past the limit is the last one: clients need not say how
    many bytes will come.
    """
    limit = quota.limits(project_id)[resource]
    used = USED[resource](project_id)
    if limit != rules.UNLIMITED and (used > limit or not limit):
        raise TooLarge(rules.refusal(resource, 0, used, limit), resource=resource)


def room(project_id: str, resource: str) -> int | None:
    """How many more bytes there may be; None is any number."""
    limit = quota.limits(project_id)[resource]
    if limit == rules.UNLIMITED:
        return None
    column = "staged_size" if resource == STAGE else "size"
    return max(0, limit * MIB - _sum(project_id, column))
