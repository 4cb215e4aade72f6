"""Both sides of one backend, read for comparison: the database first, then the cluster in bulk.

In this order a server that is quiet in the database and differs on the cluster really differs; what
moves in between is seen by the repair, which applies only to rows nobody touched meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.conf import settings

from synnefo.core import drift, naming
from synnefo.core.server_reports import Seen
from synnefo.core.server_states import ServerState, ServerTask
from synnefo.db.models import Address, Backend, Intent, Port, Server
from synnefo.ports import Cluster, InstanceReport, NotFound

FEW = 10


@dataclass(frozen=True, slots=True)
class Look:
    """What was found; `seen` is how far each server had been told of, `instances` by server id."""

    backend: Backend
    drifts: list[drift.Drift]
    seen: dict[int, Seen]
    instances: dict[int, InstanceReport] = field(default_factory=dict)


def look(backend: Backend, cluster: Cluster, only: Iterable[int] | None = None) -> Look:
    """Compare all servers of a backend, or `only` some."""
    wanted = None if only is None else set(only)
    expected, seen = _expected(backend, wanted)
    instances = _instances(cluster, wanted)
    actual = {number: _actual(number, report) for number, report in instances.items()}
    if wanted is not None:
        actual = {number: one for number, one in actual.items() if number in wanted}
    return Look(backend, drift.compare(expected, actual), seen, instances)


def _expected(
    backend: Backend, only: set[int] | None
) -> tuple[list[drift.Expected], dict[int, Seen]]:
    servers = Server.objects.filter(backend=backend).exclude(state=ServerState.DELETED)
    unfinished = Intent.objects.filter(server__backend=backend, state__in=Intent.UNFINISHED)
    ports = Port.objects.filter(server__backend=backend)
    if only is not None:
        servers, ports = servers.filter(pk__in=only), ports.filter(server__in=only)
        unfinished = unfinished.filter(server__in=only)
    busy, removing = set(), set()
    for server_id, action, state in unfinished.values_list("server_id", "action", "state"):
        busy.add(server_id)
        if action == "delete" and state == Intent.State.SUBMITTED:
            removing.add(server_id)
    cards = _expected_cards(list(ports.values_list("pk", "server_id", "network_id", "mac_address")))
    expected, seen = [], {}
    columns = ("pk", "state", "placed", "task", "seen_job", "seen_op", "seen_rank")
    for pk, state, placed, task, job, op, rank in servers.values_list(*columns):
        seen[pk] = (job, op, rank)
        expected.append(
            drift.Expected(
                server_id=pk,
                state=ServerState(state),
                placed=placed,
                busy=pk in busy,
                cards=frozenset(cards.get(pk, ())),
                removing=pk in removing,
                task=ServerTask(task) if task else None,
            )
        )
    return expected, seen


def _expected_cards(
    ports: list[tuple[int, int | None, int, str]],
) -> dict[int | None, list[drift.Card]]:
    prefix = settings.SYNNEFO_INSTANCE_PREFIX
    rows = Address.objects.filter(subnet__ip_version=4, port__server__isnull=False)
    addresses = dict(rows.values_list("port_id", "address"))
    cards: dict[int | None, list[drift.Card]] = {}
    for pk, server_id, network_id, mac in ports:
        card = drift.Card(
            naming.nic_name(prefix, pk),
            mac,
            addresses.get(pk),
            naming.network_name(prefix, network_id),
        )
        cards.setdefault(server_id, []).append(card)
    return cards


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


def _actual(number: int, report: InstanceReport) -> drift.Actual:
    prefix = settings.SYNNEFO_INSTANCE_PREFIX
    cards = frozenset(
        drift.Card(nic.name or "", nic.mac.lower(), nic.ip, nic.network)
        for nic in report.nics
        if naming.port_id(prefix, nic.name) is not None
    )
    return drift.Actual(number, report.running, cards)
