"""What backends report of networks: addresses that they keep from servers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from synnefo.core import addresses
from synnefo.db.models import RetiredNetwork, Subnet
from synnefo.db.transactions import writing

# A backend that was away for longer keeps what it has until an operator looks.
REMEMBERED = timedelta(days=30)


def forget_retired(now: datetime) -> None:
    """Networks that were deleted long ago are nowhere any more."""
    RetiredNetwork.objects.filter(deleted_at__lt=now - REMEMBERED).delete()


def reserved(number: int, backend: str, kept: Collection[str]) -> bool:
    """These addresses are not to be handed out; servers that have one already keep it."""
    here = {"pk": -number} if number < 0 else {"network_id": number, "apart": False}
    changed = 0
    with writing():
        rows = Subnet.objects.select_for_update().filter(ip_version=4, **here)
        for subnet in rows:
            pool = addresses.Pool.of(subnet.pool_start, subnet.pool_end, subnet.gateway)
            mine = sorted(text for text in kept if pool.has(text))
            if mine != subnet.reserved.get(backend, []):
                others = {name: some for name, some in subnet.reserved.items() if name != backend}
                reserved = others | ({backend: mine} if mine else {})
                changed += Subnet.objects.filter(pk=subnet.pk).update(reserved=reserved)
    return bool(changed)
