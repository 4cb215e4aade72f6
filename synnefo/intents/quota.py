"""Reserving quota: the first half of a commission, in the transaction that records the intent."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection

from synnefo.core import quota
from synnefo.core.faults import QuotaExceeded
from synnefo.db.inserting import insert
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
    """Count them as used; QuotaExceeded rolls the transaction back.

    The rows are locked in one order, so that two requests cannot wait for each other.
    """
    allowed, used = limits(project_id), _locked_usage(project_id)
    if missing := provisions.keys() - used.keys():
        QuotaUsage.objects.bulk_create(
            [QuotaUsage(project_id=project_id, resource=one) for one in sorted(missing)],
            ignore_conflicts=True,
        )
        used = _locked_usage(project_id)
    for resource, amount in sorted(provisions.items()):
        if not quota.fits(allowed[resource], used[resource], amount):
            text = quota.refusal(resource, amount, used[resource], allowed[resource])
            raise QuotaExceeded(text, resource=resource)
    _add(project_id, provisions)


def _locked_usage(project_id: str) -> dict[str, int]:
    rows = QuotaUsage.objects.select_for_update().filter(project_id=project_id)
    return dict(rows.order_by("resource").values_list("resource", "used"))


def _add(project_id: str, provisions: Mapping[str, int]) -> None:
    """All resources in one statement, by hand: Django takes ten times as long to build it."""
    cases = " ".join(["WHEN %s THEN %s"] * len(provisions))
    values = [value for pair in sorted(provisions.items()) for value in pair]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {QuotaUsage._meta.db_table}"
            f" SET used = used + CASE resource {cases} ELSE 0 END WHERE project_id = %s",
            [*values, project_id],
        )


def issue(servers: Sequence[Server], each: Mapping[str, int], now: datetime) -> None:
    """Write down what was reserved for whom; whoever sees the end accepts or rejects it."""
    insert(
        Commission(
            project_id=server.project_id, server=server, provisions=dict(each), issued_at=now
        )
        for server in servers
    )
