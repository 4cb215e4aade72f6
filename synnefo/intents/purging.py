"""Removing what was deleted long ago: rows that nobody is shown any more but by age or in usage.

In small transactions, so that nobody waits for it and it may end at any time. What the books do not
balance for stays until the reconciler has put it right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from synnefo.core import quota
from synnefo.core.server_states import ServerState
from synnefo.db.models import Commission, Flavor, Image, Intent, Server, Volume
from synnefo.db.models.image import DELETED
from synnefo.db.transactions import writing

BATCH = 200
HELD = (Commission.State.ISSUED, Commission.State.ACCEPTED)


def old_servers(before: datetime) -> QuerySet[Server]:
    """Servers that were deleted before then, with no wish still open."""
    unfinished = [state.value for state in Intent.UNFINISHED]
    wishes = Intent.objects.filter(server=OuterRef("pk"), state__in=unfinished)
    gone = Server.objects.filter(state=ServerState.DELETED, deleted_at__lt=before)
    return gone.filter(~Exists(wishes))


def purge(before: datetime) -> Mapping[str, int]:
    """Remove it all; how many of each."""
    servers = sum(_remove_servers(batch) for batch in _batches(before))
    return {"servers": servers, **_remove_unused(before)}


def _batches(before: datetime) -> Iterator[list[int]]:
    """By their keys, each once: those that have to stay are not looked at again."""
    last = 0
    while True:
        rows = old_servers(before).filter(pk__gt=last).order_by("pk")
        batch = list(rows.values_list("pk", flat=True)[:BATCH])
        if not batch:
            return
        yield batch
        last = batch[-1]


def _remove_servers(keys: list[int]) -> int:
    with writing():
        balanced = set(keys) - _unbalanced(keys)
        # What they gave back is in the same commissions as what they took: the sum stays.
        Commission.objects.filter(server__in=balanced).delete()
        Volume.objects.filter(server__in=balanced, local=True).delete()
        rows = Server.objects.filter(pk__in=balanced, state=ServerState.DELETED)
        return rows.delete()[1].get(Server._meta.label, 0)


def _unbalanced(keys: list[int]) -> set[int]:
    """Servers that still hold some quota, which a deleted one should not."""
    parts: dict[int, list[Mapping[str, int]]] = {}
    held = Commission.objects.filter(server__in=keys, state__in=HELD)
    for key, provisions in held.values_list("server_id", "provisions"):
        parts.setdefault(key or 0, []).append(provisions)
    issued = held.filter(state=Commission.State.ISSUED).values_list("server_id", flat=True)
    return {key for key, some in parts.items() if quota.total(some)} | {key or 0 for key in issued}


def _remove_unused(before: datetime) -> dict[str, int]:
    """Images and sizes that were kept for servers only."""
    using = Server.objects.filter(image=OuterRef("pk"))
    images = Image.ever.filter(~Exists(using), status=DELETED, updated_at__lt=before)
    sized = Server.objects.filter(flavor=OuterRef("pk"))
    flavors = Flavor.ever.filter(~Exists(sized), deleted_at__lt=before)
    with writing():
        return {
            "images": images.delete()[1].get(Image._meta.label, 0),
            "flavors": flavors.delete()[1].get(Flavor._meta.label, 0),
        }
