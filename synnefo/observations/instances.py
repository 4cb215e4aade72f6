"""What a look at an instance found besides its state: size, node, cards, disks.

The look compared rows that may have changed since: each write says what it expects to find.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from django.conf import settings

from synnefo.core import naming, quota
from synnefo.core.server_modes import charged
from synnefo.core.server_states import ServerMode, ServerState
from synnefo.db import rings
from synnefo.db.models import Flavor, Intent, Port, Server, Volume
from synnefo.db.transactions import writing
from synnefo.observations import nics, ports, volumes
from synnefo.observations.quota import charge_difference


def _quiet(server_id: int) -> Server | None:
    """The server with its row locked, unless something is being done to it."""
    rows = Server.objects.select_for_update(of=("self",)).select_related("flavor")
    server = rows.exclude(state=ServerState.DELETED).filter(pk=server_id).first()
    if server is None:
        return None
    busy = Intent.objects.filter(server=server, state__in=Intent.UNFINISHED).exists()
    return None if busy else server


def _written(server_id: int, write: Callable[[Server], bool]) -> bool:
    with writing():
        server = _quiet(server_id)
        if server is None or not write(server):
            return False
        rings.changed(server.project_id, "server", server.uuid)
        return True


def resized(server_id: int, vcpus: int, memory: int, now: datetime) -> bool:
    """An administrator changed the size: the flavor follows, and what is charged.

    Where no flavor is like it, the server keeps its own and operators are told at each look.
    """

    def write(server: Server) -> bool:
        before = server.flavor
        like = Flavor.objects.filter(disk=before.disk, disk_template=before.disk_template)
        flavor = like.filter(vcpus=vcpus, ram=memory).order_by("-is_public", "pk").first()
        if flavor is None or flavor.pk == before.pk:
            return False
        Server.objects.filter(pk=server.pk).update(flavor=flavor, updated_at=now)
        if server.state != ServerState.ERROR:
            charge_difference(server, _due(flavor, server.old_flavor), now)
        return True

    return _written(server_id, write)


def _due(flavor: Flavor, old: Flavor | None) -> dict[str, int]:
    before = None if old is None else quota.provisions(old.vcpus, old.ram)
    return charged(quota.provisions(flavor.vcpus, flavor.ram), before)


def moved(server_id: int, node: str, now: datetime) -> bool:
    """It is on another node."""

    def write(server: Server) -> bool:
        rows = Server.objects.filter(pk=server.pk).exclude(node=node)
        return bool(rows.update(node=node, updated_at=now))

    return _written(server_id, write)


def rescue_found(server_id: int, *, there: bool, now: datetime) -> bool:
    """It boots from a rescue disk, or does no more: a rescue goes by what its instance has."""

    def write(server: Server) -> bool:
        rows = Server.objects.filter(pk=server.pk)
        if not there:
            rescued = rows.filter(mode=ServerMode.RESCUED)
            return bool(rescued.update(mode=None, mode_at=None, before_mode={}, updated_at=now))
        before = {"power": server.state}
        columns = {"mode": ServerMode.RESCUED, "mode_at": now, "before_mode": before}
        return bool(rows.filter(mode=None).update(updated_at=now, **columns))

    return _written(server_id, write)


def cards_found(server_id: int, cards: Sequence[nics.Seen], begun: datetime, now: datetime) -> bool:
    """The backend has these cards and no others: a port without one gives its addresses back.

    But not one that moved since the look began; nor where a card has no name of ours, which may be
    one whose name got lost.
    """
    prefix = settings.SYNNEFO_INSTANCE_PREFIX
    ours = [pk for card in cards if (pk := naming.port_id(prefix, card.name)) is not None]

    def write(server: Server) -> bool:
        matched = nics.match(server, cards, now)
        if len(ours) < len(cards):
            return matched
        rows = Port.objects.filter(server=server, updated_at__lt=begun)
        given_up = ports.release(rows.exclude(pk__in=ours), now)
        return matched or given_up > 0

    return _written(server_id, write)


def disk_names(server_id: int) -> list[str]:
    """How its disks are called on the backend, in their places."""
    rows = Volume.objects.filter(server=server_id).exclude(status="deleted")
    keys = rows.order_by("index", "pk").values_list("pk", flat=True)
    return [naming.disk_name(settings.SYNNEFO_INSTANCE_PREFIX, key) for key in keys]


def disks_found(server_id: int, disks: Mapping[str, int], foreign: int, now: datetime) -> bool:
    """The backend has these disks, in MiB by name, and `foreign` ones that no volume stands for."""
    prefix = settings.SYNNEFO_INSTANCE_PREFIX
    sizes = {naming.volume_id(prefix, name): size for name, size in disks.items()}

    def write(server: Server) -> bool:
        changed = 0
        for volume in Volume.objects.filter(server=server).exclude(status="deleted"):
            size = sizes.get(volume.pk)
            rows = Volume.objects.filter(pk=volume.pk)
            if not volume.local and volume.status in volumes.UNSETTLED:
                changed += volumes.settled(volume, size is not None, now)
            elif size is not None and size != volume.size:
                changed += rows.update(size=size)
            elif size is None and not volume.local:
                changed += volumes.missing(volume, now)
            elif size is None and not foreign:
                changed += rows.update(status="deleted")
        if changed:
            Server.objects.filter(pk=server.pk).update(updated_at=now)
        return bool(changed)

    return _written(server_id, write)
