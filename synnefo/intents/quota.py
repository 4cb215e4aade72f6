"""Quota: reserving what servers take, the first half of a commission, and admitting other rows.

Both run in the transaction that records the wish, and both lock the project's books first, so that
of several requests at once each counts the others.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from synnefo.core import quota
from synnefo.core.faults import QuotaExceeded
from synnefo.db.inserting import insert
from synnefo.db.models import Commission, QuotaLimit, QuotaUsage, Server


def limits(project_id: str) -> dict[str, int]:
    """The project's limits, its own or the defaults."""
    own = QuotaLimit.objects.filter(project_id=project_id).values_list("resource", "limit")
    return quota.DEFAULTS | dict(own)


def admit(
    project_id: str,
    resource: str,
    rows: "QuerySet[Any] | Callable[[], int]",
    more: int = 1,
    *,
    sentence: str | None = None,
) -> None:
    """QuotaExceeded if the project may not have `more` of what it has as `rows`.

    Sizes are no rows: for them give a function that adds up what is used. `sentence` replaces the
    usual words of the refusal.
    """
    limit = limits(project_id)[resource]
    if limit == quota.UNLIMITED:
        return
    _lock(project_id)
    used = rows.count() if isinstance(rows, QuerySet) else rows()
    if not quota.fits(limit, used, more):
        text = sentence or quota.refusal(resource, more, used, limit)
        raise QuotaExceeded(text, resource=resource)


def _lock(project_id: str) -> None:
    """The rows that `reserve` locks too; a project without any gets one."""
    if not _locked_usage(project_id):
        _open_books(project_id, quota.LEDGER[:1])
        _locked_usage(project_id)


def _open_books(project_id: str, resources: Sequence[str]) -> None:
    QuotaUsage.objects.bulk_create(
        [QuotaUsage(project_id=project_id, resource=one) for one in resources],
        ignore_conflicts=True,
    )


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
        _open_books(project_id, sorted(missing))
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
