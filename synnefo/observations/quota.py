"""The second half of commissions: what was reserved is accepted, or given back, exactly once.

The caller holds the server's row, so that nobody settles the same server at the same time. A
project's usage is at all times the sum of the commissions that are issued or accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import F

from synnefo.core import quota
from synnefo.db.models import Commission, QuotaUsage, Server

State = Commission.State


def accept(server_id: int, now: datetime) -> None:
    """What was reserved is used."""
    Commission.objects.filter(server_id=server_id, state=State.ISSUED).update(
        state=State.ACCEPTED, resolved_at=now
    )


def reject(server: Server, now: datetime) -> None:
    """What was reserved is given back."""
    issued = list(Commission.objects.filter(server=server, state=State.ISSUED))
    if issued:
        Commission.objects.filter(pk__in=[row.pk for row in issued]).update(
            state=State.REJECTED, resolved_at=now
        )
        back = quota.negative(quota.total(row.provisions for row in issued))
        _count(server.project_id, back)


def release(server: Server, now: datetime) -> None:
    """The server is gone: nothing is reserved or used for it any more."""
    reject(server, now)
    held = _held(server)
    if held:
        _settle_at_once(server, quota.negative(held), now)


def charge(server: Server, now: datetime) -> None:
    """A server that was given up exists after all: it is charged even beyond the limit."""
    if not _held(server):
        flavor = server.flavor
        _settle_at_once(server, quota.provisions(flavor.vcpus, flavor.ram), now)


def charge_difference(server: Server, due: Mapping[str, int], now: datetime) -> bool:
    """What is held for the server becomes what is due; whether that was something else."""
    difference = quota.total([due, quota.negative(_held(server))])
    if difference:
        _settle_at_once(server, difference, now)
    return bool(difference)


def _held(server: Server) -> dict[str, int]:
    rows = Commission.objects.filter(server=server, state__in=[State.ISSUED, State.ACCEPTED])
    return quota.total(row.provisions for row in rows)


def _settle_at_once(server: Server, provisions: Mapping[str, int], now: datetime) -> None:
    Commission.objects.create(
        project_id=server.project_id,
        server=server,
        provisions=dict(provisions),
        state=State.ACCEPTED,
        issued_at=now,
        resolved_at=now,
    )
    _count(server.project_id, provisions)


def _count(project_id: str, provisions: Mapping[str, int]) -> None:
    # In the order in which `intents.quota` locks them.
    held = QuotaUsage.objects.select_for_update().filter(project_id=project_id)
    list(held.order_by("pk").values_list("pk"))
    for resource in sorted(provisions):
        amount = provisions[resource]
        rows = QuotaUsage.objects.filter(project_id=project_id, resource=resource)
        if not rows.update(used=F("used") + amount):
            QuotaUsage.objects.create(project_id=project_id, resource=resource, used=amount)
