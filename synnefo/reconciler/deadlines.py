"""Wishes whose deadline is past: the backend decides, and where it cannot, they are given up.

Asked after `overdue.py` has ended what the backend knows to have ended: what is left here waits,
runs, or is on a backend that does not answer.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from synnefo.core.deadlines import DEADLINES, OTHERWISE, UNTAKEN, Sight, deadline, sentence
from synnefo.db.models import Backend, Intent
from synnefo.observations import servers
from synnefo.ports import Cluster, ClusterRefused

log = logging.getLogger(__name__)


def enforce(backend: Backend | None, cluster: Cluster | None, now: datetime) -> int:
    """Give up what takes too long there; how much. Without a `cluster` it does not answer.

    Without a backend: of servers that none was found for.
    """
    given_up = 0
    for intent in _past(backend, now):
        limit = deadline(intent.action)
        sight = _sight(intent, cluster)
        if sight is None:
            continue
        if sight is Sight.UNTAKEN:
            limit = UNTAKEN
        text = sentence(intent.action, sight, limit, intent.job_id)
        if servers.overran(intent, text, now):
            log.warning("backend %s: server %d: %s", backend or "-", intent.server_id, text)
            given_up += 1
    return given_up


def _past(backend: Backend | None, now: datetime) -> Iterator[Intent]:
    """Taken ones by their action's limit; those that perhaps were taken, too."""
    late = Q(created_at__lt=now - OTHERWISE) & ~Q(action__in=DEADLINES)
    for action, limit in DEADLINES.items():
        late |= Q(action=action, created_at__lt=now - limit)
    taken = Q(state=Intent.State.SUBMITTED) | Q(state=Intent.State.RECORDED, looks_needed__gt=0)
    untaken = Q(state=Intent.State.RECORDED, created_at__lt=now - UNTAKEN)
    rows = Intent.objects.filter(Q(server__backend=backend), late & taken | untaken)
    return rows.select_related("server").order_by("pk").iterator()


def _sight(intent: Intent, cluster: Cluster | None) -> Sight | None:
    """What is seen of the job now; None where its dispatcher is about to find out."""
    if intent.state == Intent.State.RECORDED and not intent.looks_needed:
        return Sight.UNTAKEN
    if cluster is None:
        return Sight.SILENT
    if intent.job_id is None:
        return None
    try:
        canceled = cluster.cancel(intent.job_id)
    except ClusterRefused:
        canceled = False
    return Sight.CANCELED if canceled else Sight.RUNNING
