"""Repairs drift by the same writes as events make."""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings

from synnefo.core import naming
from synnefo.core.drift import Drift, Kind
from synnefo.core.server_states import ServerState
from synnefo.observations import instances, nics, servers
from synnefo.reconciler import metrics
from synnefo.reconciler.looking import Look, disks_of

log = logging.getLogger(__name__)


def repair(look: Look, now: datetime) -> int:
    """Apply what was found; how much of it changed anything. Orphans are for an operator."""
    repaired = 0
    for one in look.drifts:
        if _repair(look, one, now):
            log.info("repaired server %d: %s: %s", one.server_id, one.kind, one.text)
            metrics.REPAIRS.labels(look.backend.name, one.kind).inc()
            repaired += 1
    if repaired:
        log.warning("repaired %d of %d differences on %s", repaired, len(look.drifts), look.backend)
    return repaired


def _repair(look: Look, one: Drift, now: datetime) -> bool:
    number = one.server_id
    match one.kind, one.state:
        case Kind.STALE, _:
            return servers.vanished(number, now, look.seen[number])
        case Kind.LOST_BUILD, ServerState.ERROR:
            return servers.never_built(number, now)
        case Kind.TASK, _:
            return servers.idle(number, now)
        case Kind.RESCUE, _:
            return _repair_rescue(look, number, now)
        case _, ServerState() as state:
            return servers.found(number, state, look.seen[number], now)
    return _repair_body(look, number, one.kind, now)


def _repair_rescue(look: Look, number: int, now: datetime) -> bool:
    report = look.instances.get(number)
    disks = report.disks if report else ()
    rescue = naming.rescue_name(settings.SYNNEFO_INSTANCE_PREFIX, number)
    there = any(disk.name == rescue for disk in disks)
    return instances.rescue_found(number, there=there, now=now)


def _repair_body(look: Look, number: int, kind: Kind, now: datetime) -> bool:
    report = look.instances.get(number)
    if report is None:
        return False
    match kind:
        case Kind.SIZE:
            return instances.resized(number, report.vcpus, report.memory, now)
        case Kind.NODE:
            return instances.moved(number, report.pnode, now)
        case Kind.NIC:
            cards = [nics.Seen(nic.name or "", nic.mac.lower(), nic.ip) for nic in report.nics]
            return instances.cards_found(number, cards, look.begun, now)
        case Kind.DISK:
            ours = disks_of(report, instances.disk_names(number))
            return instances.disks_found(number, ours, len(report.disks) - len(ours), now)
    return False  # An orphan, or a part that nobody stands for: an operator decides.
