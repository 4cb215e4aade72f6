"""Reserving quota: the first half of a commission, in the transaction that records the intent."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import F

from synnefo.core import quota
from synnefo.core.faults import QuotaExceeded
from synnefo.db.models import Commission, QuotaLimit, QuotaUsage, Server


def limits(project_id: str) -> dict[str, int]:
    """The project's limits, its own or the defaults."""
    own = QuotaLimit.objects.filter(project_id=project_id).values_list("resource", "limit")
    return quota.DEFAULTS | dict(own)


def headroom(project_id: str, one: Mapping[str, int], most: int) -> int:
    """How many servers of this size still fit, at most `most`."""
    used = dict(QuotaUsage.objects.filter(project_id=project_id).values_list("resource", "used"))
    room = most
    for resource, limit in limits(project_id).items():
        if limit != quota.UNLIMITED and one.get(resource, 0):
            room = min(room, (limit - used.get(resource, 0)) // one[resource])
    return max(room, 0)


def reserve(project_id: str, provisions: Mapping[str, int]) -> None:
    """Count them as used; QuotaExceeded rolls the transaction back. In one order: no deadlocks."""
    allowed = limits(project_id)
    for resource in sorted(provisions):
        _reserve(project_id, resource, provisions[resource], allowed[resource])


def _reserve(project_id: str, resource: str, amount: int, limit: int) -> None:
    rows = QuotaUsage.objects.filter(project_id=project_id, resource=resource)
    fitting = rows if limit == quota.UNLIMITED else rows.filter(used__lte=limit - amount)
    if fitting.update(used=F("used") + amount):
        return
    row, new = QuotaUsage.objects.get_or_create(project_id=project_id, resource=resource)
    if not (new and quota.fits(limit, 0, amount) and fitting.update(used=F("used") + amount)):
        raise QuotaExceeded(quota.refusal(resource, amount, row.used, limit), resource=resource)


def issue(servers: Sequence[Server], each: Mapping[str, int], now: datetime) -> None:
    """Write down what was reserved for whom; whoever sees the end accepts or rejects it."""
    Commission.objects.bulk_create(
        Commission(
            project_id=server.project_id, server=server, provisions=dict(each), issued_at=now
        )
        for server in servers
    )
