"""The networks of one backend: read in one request, compared, made or connected where they lack."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from synnefo.core import addresses, naming, network_drift
from synnefo.core.messages import Origin
from synnefo.core.network_drift import Drift, Kind
from synnefo.core.server_states import ServerState
from synnefo.db.models import Backend, Network, Port, RetiredNetwork, Subnet
from synnefo.intents.network import backend_networks, cards
from synnefo.observations import networks
from synnefo.ports import Cluster, NetworkReport

log = logging.getLogger(__name__)
ASK_AGAIN_AFTER = timedelta(minutes=2)
ACTOR = Origin(actor="reconciler")


def look(backend: Backend, cluster: Cluster) -> list[Drift]:
    """Compare all networks."""
    # For those that are to be built the dispatcher sees to it.
    built = [ServerState.ACTIVE, ServerState.STOPPED]
    living = {"server__backend": backend, "server__state__in": built}
    needed = set(Port.objects.filter(**living).values_list("network_id", flat=True).distinct())
    # Cards with an address of a subnet that is apart; the first one says where they are.
    apart = Port.objects.filter(addresses__subnet__apart=True, **living)
    needed |= {place.network for place in cards.places(Q(port__in=apart)).values()}
    pools, kept = _pools(backend)
    expected = [
        network_drift.Expected(pk, pk in needed, frozenset(kept.get(pk, ()))) for pk in _numbers()
    ]
    retired = set(RetiredNetwork.objects.values_list("number", flat=True))
    actual = _actual(cluster.networks(), pools)
    return network_drift.compare(expected, actual, cluster.groups(), retired)


def _numbers() -> list[int]:
    """All that backends may have: the networks, and the subnets that are apart from theirs."""
    own = Subnet.objects.filter(apart=True).values_list("pk", flat=True)
    return [*Network.objects.values_list("pk", flat=True), *(-pk for pk in own)]


def _pools(
    backend: Backend,
) -> tuple[dict[int, list[addresses.Pool]], dict[int, list[str]]]:
    """The pools of each network, and what of them this backend keeps as far as is known."""
    pools: dict[int, list[addresses.Pool]] = {}
    kept: dict[int, list[str]] = {}
    for subnet in Subnet.objects.filter(ip_version=4):
        pool = addresses.Pool.of(subnet.pool_start, subnet.pool_end, subnet.gateway)
        number = naming.network_number(subnet.network_id, subnet.pk, subnet.apart)
        pools.setdefault(number, []).append(pool)
        kept.setdefault(number, []).extend(subnet.reserved.get(backend.name, []))
    return pools, kept


def _actual(
    reports: Iterable[NetworkReport], pools: dict[int, list[addresses.Pool]]
) -> list[network_drift.Actual]:
    found = []
    for report in reports:
        number = naming.network_number_in(settings.SYNNEFO_INSTANCE_PREFIX, report.name)
        if number is not None:
            mine = pools.get(number, [])
            kept = (text for text in report.external if any(pool.has(text) for pool in mine))
            found.append(network_drift.Actual(number, frozenset(report.groups), frozenset(kept)))
    return found


class Repairer:
    """Remembers what it asked for, so that jobs under way are not asked for again."""

    def __init__(self) -> None:
        self._asked: dict[tuple[int, int], datetime] = {}
        self._removing: dict[tuple[object, ...], datetime] = {}

    def repair(
        self, backend: Backend, cluster: Cluster, drifts: Iterable[Drift], now: datetime
    ) -> int:
        """How much was put right, or asked for. Orphans are for an operator."""
        done = 0
        networks.forget_retired(now)
        for one in drifts:
            match one.kind:
                case Kind.MISSING | Kind.UNCONNECTED:
                    done += self._ask(backend, cluster, one, now)
                case Kind.RETIRED:
                    done += self._remove(backend, cluster, one, now)
                case Kind.RESERVED:
                    done += networks.reserved(one.network_id, backend.name, one.addresses)
        return done

    def _remove(self, backend: Backend, cluster: Cluster, one: Drift, now: datetime) -> bool:
        """In two steps, and the second one is asked for when the first one is seen to be done."""
        key = (backend.pk, one.network_id, *one.groups)
        before = self._removing.get(key)
        if before is not None and now - before < ASK_AGAIN_AFTER:
            return False
        self._removing[key] = now
        prefix = settings.SYNNEFO_INSTANCE_PREFIX
        backend_networks.ask_away(cluster, one.network_id, one.groups, prefix, ACTOR.text())
        return True

    def _ask(self, backend: Backend, cluster: Cluster, one: Drift, now: datetime) -> bool:
        key = (backend.pk, one.network_id)
        before = self._asked.get(key)
        if before is not None and now - before < ASK_AGAIN_AFTER:
            return False
        self._asked[key] = now
        log.warning("backend %s: network %d: %s", backend, one.network_id, one.text)
        backend_networks.ask(
            cluster,
            one.network_id,
            one.groups,
            settings.SYNNEFO_INSTANCE_PREFIX,
            ACTOR.text(),
            new=one.kind is Kind.MISSING,
        )
        return True
