"""Quota: reserving what servers take, the first half of a commission, and admitting other rows.

Both run in the transaction that records the wish, and both lock the project's books first, so that
of several requests at once each counts the others.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Value

from synnefo.core import quota
from synnefo.core.faults import QuotaExceeded
from synnefo.db.inserting import insert
from synnefo.db.models import (
    Commission,
    QuotaDefault,
    QuotaLimit,
    QuotaUsage,
    Server,
    UserQuotaLimit,
)
from synnefo.db.prepared import Prepared


def _limits(project_id: str) -> "QuerySet[Any, Any]":
    """Defaults and the project's own, ranked; one query for both, as every creation asks this."""
    words = QuotaDefault.objects.filter(of_class="default").annotate(rank=Value(0))
    own = QuotaLimit.objects.filter(project_id=project_id).annotate(rank=Value(1))
    rows = [each.values_list("rank", "resource", "limit") for each in (words, own)]
    return rows[0].union(rows[1], all=True)


LIMITS = Prepared(_limits, str)
OF_USER = Prepared(
    lambda project_id, user_id: (
        UserQuotaLimit.objects.filter(project_id=project_id, user_id=user_id)
        .annotate(rank=Value(2))
        .values_list("rank", "resource", "limit")
    ),
    str,
    str,
)
# In one order, so that two requests cannot wait for each other: that in which the rows were made.
# Who waits for the first one does not see those that came meanwhile, and takes them afterwards.
LOCKED = Prepared(
    lambda project_id: (
        QuotaUsage.objects.select_for_update()
        .filter(project_id=project_id)
        .order_by("pk")
        .values_list("resource", "used")
    ),
    str,
)


def limits(project_id: str, user_id: str | None = None) -> dict[str, int]:
    """The project's limits, its own or the defaults; with a user, what is left to him of them."""
    found = LIMITS.rows(project_id)
    if user_id is not None:
        found += OF_USER.rows(project_id, user_id)
    # The later word overrides the earlier ones.
    return quota.DEFAULTS | {resource: limit for _, resource, limit in sorted(found)}


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
    limit = limits(project_id).get(resource, quota.UNLIMITED)
    if limit == quota.UNLIMITED:
        return
    lock(project_id)
    admit_under(limit, resource, rows, more, sentence)


def admit_under(
    limit: int,
    resource: str,
    rows: "QuerySet[Any] | Callable[[], int]",
    more: int,
    sentence: str | None = None,
) -> None:
    """The same for a limit that is known, where the project's books are locked already."""
    if limit == quota.UNLIMITED:
        return
    used = rows.count() if isinstance(rows, QuerySet) else rows()
    if not quota.fits(limit, used, more):
        text = sentence or quota.refusal(resource, more, used, limit)
        raise QuotaExceeded(text, resource=resource)


def lock(project_id: str) -> None:
    """The rows that `reserve` locks too; a project without any gets one."""
    if not _locked_usage(project_id):
        _open_books(project_id, quota.LEDGER[:1])
        _locked_usage(project_id)


def _open_books(project_id: str, resources: Sequence[str]) -> None:
    QuotaUsage.objects.bulk_create(
        [QuotaUsage(project_id=project_id, resource=one) for one in resources],
        ignore_conflicts=True,
    )


def headroom(project_id: str, one: Mapping[str, int], most: int, user_id: str | None = None) -> int:
    """How many servers of this size still fit, at most `most`."""
    used = dict(QuotaUsage.objects.filter(project_id=project_id).values_list("resource", "used"))
    room = _room(limits(project_id), used, one, most)
    if user_id is not None and (own := _own_limits(project_id, user_id)):
        room = _room(own, used_by(project_id, user_id), one, room)
    return room


def _room(
    allowed: Mapping[str, int], used: Mapping[str, int], one: Mapping[str, int], most: int
) -> int:
    room = most
    for resource, limit in allowed.items():
        if limit != quota.UNLIMITED and one.get(resource, 0):
            room = min(room, (limit - used.get(resource, 0)) // one[resource])
    return max(room, 0)


def reserve(
    project_id: str,
    provisions: Mapping[str, int],
    user_id: str | None = None,
    allowed: Mapping[str, int] | None = None,
) -> None:
    """Count them as used; QuotaExceeded rolls the transaction back.

    The rows are locked in one order, so that two requests cannot wait for each other. `allowed` are
    the project's limits where the caller has read them.
    """
    allowed = limits(project_id) if allowed is None else allowed
    used = _locked_usage(project_id)
    if missing := provisions.keys() - used.keys():
        _open_books(project_id, sorted(missing))
        used = _locked_usage(project_id)
    _check(allowed, used, provisions)
    if user_id is not None and (own := _own_limits(project_id, user_id)):
        _check(own, used_by(project_id, user_id), provisions)
    _add(project_id, provisions)


def _check(
    allowed: Mapping[str, int], used: Mapping[str, int], provisions: Mapping[str, int]
) -> None:
    for resource, amount in sorted(provisions.items()):
        limit, taken = allowed.get(resource, quota.UNLIMITED), used.get(resource, 0)
        if amount > 0 and not quota.fits(limit, taken, amount):
            text = quota.refusal(resource, amount, taken, limit)
            raise QuotaExceeded(text, resource=resource)


def _own_limits(project_id: str, user_id: str) -> dict[str, int]:
    """What this user may have of the ledger's resources, where an administrator has said so."""
    mine = OF_USER.rows(project_id, user_id)
    return {resource: limit for _, resource, limit in mine if resource in quota.LEDGER}


def used_by(project_id: str, user_id: str) -> dict[str, int]:
    """What a user's servers hold; counted, because few users have limits of their own."""
    held = Commission.objects.filter(
        project_id=project_id,
        server__user_id=user_id,
        state__in=[Commission.State.ISSUED, Commission.State.ACCEPTED],
    )
    return quota.total(held.values_list("provisions", flat=True))


def _locked_usage(project_id: str) -> dict[str, int]:
    return dict(LOCKED.rows(project_id))


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
