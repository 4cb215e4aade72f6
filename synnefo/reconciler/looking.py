"""Both sides of one backend, read for comparison: the database first, then the cluster in bulk.

In this order a server that is quiet in the database and differs on the cluster really differs; what
moves in between is seen by the repair, which applies only to rows nobody touched meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from synnefo.core import drift, naming
from synnefo.core.server_reports import Seen
from synnefo.core.server_states import ServerMode, ServerState, ServerTask
from synnefo.db.models import Backend, Intent, Port, Server, Volume
from synnefo.intents.network import cards as card_rules
from synnefo.ports import Cluster, InstanceReport, NotFound

UNSETTLED = -1  # No disk has this size.
FEW = 10
# What our backend says of guests that stand still, in memory or saved to disk.
SPECIAL = {"paused": ServerState.PAUSED, "suspended": ServerState.SUSPENDED}
_COLUMNS = (
    "pk", "state", "placed", "task", "mode", "flavor__vcpus", "flavor__ram", "node", "seen_job",
    "seen_op", "seen_rank",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """What was found; `seen` is how far each server had been told of, `instances` by server id."""

    backend: Backend
    begun: datetime
    drifts: list[drift.Drift]
    seen: dict[int, Seen]
    instances: dict[int, InstanceReport] = field(default_factory=dict)


def look(
    backend: Backend, cluster: Cluster, now: datetime, only: Iterable[int] | None = None
) -> Look:
    """Compare all servers of a backend, or `only` some."""
    wanted = None if only is None else set(only)
    expected, seen = _expected(backend, wanted)
    instances = _instances(cluster, wanted)
    disks = {one.server_id: list(one.disks or ()) for one in expected}
    actual = {
        number: _actual(number, report, disks.get(number, []))
        for number, report in instances.items()
        if wanted is None or number in wanted
    }
    drifts = drift.compare(expected, actual)
    if recorded := _recorded_since(backend, drifts):
        drifts = [one for one in drifts if one.server_id not in recorded]
    return Look(backend, now, drifts, seen, instances)


def _recorded_since(backend: Backend, drifts: Iterable[drift.Drift]) -> set[int]:
    """Servers that were made after the database was read: their instances are no orphans."""
    orphans = [one.server_id for one in drifts if one.kind is drift.Kind.ORPHAN]
    living = Server.objects.filter(backend=backend).exclude(state=ServerState.DELETED)
    return set(living.filter(pk__in=orphans).values_list("pk", flat=True)) if orphans else set()


# --- the database ---------------------------------------------------------------------------------


def _some(rows: QuerySet[Any], backend: Backend, only: set[int] | None) -> QuerySet[Any]:
    """Rows that belong to servers of the backend; few are looked for by their keys."""
    return rows.filter(server__backend=backend) if only is None else rows.filter(server__in=only)


def _expected(
    backend: Backend, only: set[int] | None
) -> tuple[list[drift.Expected], dict[int, Seen]]:
    servers = Server.objects.filter(backend=backend).exclude(state=ServerState.DELETED)
    if only is not None:
        servers = servers.filter(pk__in=only)
    busy, removing = _under_way(backend, only)
    cards, disks = _expected_cards(backend, only), _expected_disks(backend, only)
    expected, seen = [], {}
    rows = servers.values_list(*_COLUMNS)
    for pk, state, placed, task, mode, vcpus, memory, node, *heard in rows:
        seen[pk] = (heard[0], heard[1], heard[2])
        expected.append(
            drift.Expected(
                server_id=pk,
                state=ServerState(state),
                placed=placed,
                busy=pk in busy,
                cards=frozenset(cards.get(pk, ())),
                removing=pk in removing,
                task=ServerTask(task) if task else None,
                size=drift.Size(vcpus, memory),
                node=node,
                disks=disks.get(pk, {}),
                rescued=mode == ServerMode.RESCUED,
            )
        )
    return expected, seen


def _under_way(backend: Backend, only: set[int] | None) -> tuple[set[int], set[int]]:
    """Servers that something is done to, and those whose deletion a job was submitted of."""
    rows = _some(Intent.objects.filter(state__in=Intent.UNFINISHED), backend, only)
    busy, removing = set(), set()
    for server_id, action, state in rows.values_list("server_id", "action", "state"):
        busy.add(server_id)
        if action == "delete" and state == Intent.State.SUBMITTED:
            removing.add(server_id)
    return busy, removing


def _expected_cards(backend: Backend, only: set[int] | None) -> dict[int, list[drift.Card]]:
    prefix = settings.SYNNEFO_INSTANCE_PREFIX
    ports = _some(Port.objects.exclude(server__state=ServerState.DELETED), backend, only)
    mine = Q(port__server__backend=backend)
    places = card_rules.places(mine if only is None else mine & Q(port__server__in=only))
    cards: dict[int, list[drift.Card]] = {}
    for pk, server, network, mac in ports.values_list(
        "pk", "server_id", "network_id", "mac_address"
    ):
        name, place = naming.nic_name(prefix, pk), places.get(pk)
        where = naming.network_name(prefix, place.network if place else network)
        card = drift.Card(name, mac, place.ip if place else None, where)
        cards.setdefault(server, []).append(card)
    return cards


def _expected_disks(backend: Backend, only: set[int] | None) -> dict[int, dict[str, int]]:
    """In the order of their index: an unnamed disk is the one in its place."""
    prefix = settings.SYNNEFO_INSTANCE_PREFIX
    rows = _some(Volume.objects.exclude(status="deleted"), backend, only)
    disks: dict[int, dict[str, int]] = {}
    columns = ("server_id", "pk", "size", "status")
    for server, pk, size, status in rows.order_by("index", "pk").values_list(*columns):
        # Of a volume whose attachment nobody saw the end of, whatever is found is news.
        known = UNSETTLED if status in {"attaching", "detaching"} else size
        disks.setdefault(server, {})[naming.disk_name(prefix, pk)] = known
    return disks


# --- the backend ----------------------------------------------------------------------------------


def _instances(cluster: Cluster, only: set[int] | None) -> dict[int, InstanceReport]:
    prefix = settings.SYNNEFO_INSTANCE_PREFIX
    if only is None or len(only) > FEW:
        reports = cluster.instances()
    else:
        reports = []
        for number in sorted(only):
            try:
                reports.append(cluster.instance(naming.instance_name(prefix, number)))
            except NotFound:
                continue
    found = ((naming.server_id(prefix, one.name), one) for one in reports)
    return {number: report for number, report in found if number is not None}


def _actual(number: int, report: InstanceReport, expected_disks: list[str]) -> drift.Actual:
    prefix = settings.SYNNEFO_INSTANCE_PREFIX
    cards = frozenset(
        drift.Card(nic.name or "", nic.mac.lower(), nic.ip, nic.network)
        for nic in report.nics
        if naming.port_id(prefix, nic.name) is not None
    )
    disks = disks_of(report, expected_disks)
    rescue = naming.rescue_name(prefix, number)
    rescuing = any(disk.name == rescue for disk in report.disks)
    return drift.Actual(
        number,
        report.running,
        cards,
        drift.Size(report.vcpus, report.memory),
        report.pnode,
        disks,
        foreign_cards=len(report.nics) - len(cards),
        foreign_disks=len(report.disks) - len(disks) - rescuing,
        rescued=rescuing,
        special=SPECIAL.get(report.status),
    )


def disks_of(report: InstanceReport, expected: list[str]) -> dict[str, int]:
    """The instance's disks of ours with their sizes; one without a name is the one in its place."""
    prefix = settings.SYNNEFO_INSTANCE_PREFIX
    ours: dict[str, int] = {}
    for place, disk in enumerate(report.disks):
        name = disk.name or (expected[place] if place < len(expected) else "")
        if naming.volume_id(prefix, name) is not None:
            ours[name] = disk.size
    return ours
