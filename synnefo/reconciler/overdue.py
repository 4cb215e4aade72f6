"""Intents whose job ought to have been heard of: the backend is asked for the job itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.conf import settings

from synnefo.core import naming
from synnefo.core.messages import FINAL_STATUSES, OpStatus, origin_of
from synnefo.db.models import Backend, Intent
from synnefo.observations import servers
from synnefo.ports import Cluster, JobReport, NotFound

OVERDUE_AFTER = timedelta(seconds=20)
AT_ONCE = 500


def settle(
    backend: Backend, cluster: Cluster, now: datetime, only: Iterable[int] | None = None
) -> int:
    """End the intents whose job has ended unheard; how many. `only` names servers in doubt."""
    rows = Intent.objects.filter(state=Intent.State.SUBMITTED, server__backend=backend)
    if only is None:
        rows = rows.filter(submitted_at__lt=now - OVERDUE_AFTER)
    else:
        rows = rows.filter(server__in=list(only))
    # At random: where more than these run for long, those behind them have their chance, too.
    rows = rows.exclude(job_id=None).select_related("server").order_by("?")
    return sum(_settle(intent, backend, cluster, now) for intent in rows[:AT_ONCE])


def _settle(intent: Intent, backend: Backend, cluster: Cluster, now: datetime) -> bool:
    try:
        job = cluster.job(intent.job_id or 0)
    except NotFound:
        return _without_job(intent, cluster, now)
    moved = False
    for message in as_messages(job, backend.name):
        if servers.report_of(message).conclusive:
            moved |= servers.apply(message, now)
        else:
            moved |= _without_job(intent, cluster, now)
    return moved


def _without_job(intent: Intent, cluster: Cluster, now: datetime) -> bool:
    """The backend forgot the job, or it tells nothing: what there is of the instance decides."""
    name = naming.instance_name(settings.SYNNEFO_INSTANCE_PREFIX, intent.server_id)
    try:
        cluster.instance(name)
    except NotFound:
        return servers.job_forgotten(intent, now, exists=False)
    return servers.job_forgotten(intent, now, exists=True)


def as_messages(job: JobReport, cluster: str) -> Iterator[OpStatus]:
    """What the event daemon would have said of the opcodes that have ended."""
    for index, op in enumerate(job.ops):
        instance = op.input.get("instance_name")
        if op.status not in FINAL_STATUSES or not isinstance(instance, str):
            continue
        origin = origin_of(op.input.get("reason") or ())
        yield OpStatus(
            event_time=job.ended or (0, 0),
            cluster=cluster,
            job_id=job.id,
            status=op.status,
            operation=op.opcode,
            op_index=index,
            result=op.result,
            intent=origin.intent,
            request=origin.request,
            actor=origin.actor,
            instance=instance,
        )
