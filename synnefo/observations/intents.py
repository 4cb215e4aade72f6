"""How intents end, and the activities that tell users of it."""

from __future__ import annotations

import uuid
from datetime import datetime

from synnefo.core.messages import OpStatus
from synnefo.core.server_actions import ACTIVITY_NAMES
from synnefo.core.server_states import JobStatus
from synnefo.db.models import Activity, Intent, Server

State = Intent.State
ENDS: dict[JobStatus, Intent.State] = {
    JobStatus.SUCCESS: State.SUCCEEDED,
    JobStatus.ERROR: State.FAILED,
    JobStatus.CANCELED: State.CANCELED,
}
_RESULTS = {State.SUCCEEDED: "Success", State.FAILED: "Error", State.CANCELED: "Canceled"}


def of_message(message: OpStatus, server_id: int) -> Intent | None:
    """The intent that a job was submitted for; None for an administrator's job."""
    try:
        wanted = uuid.UUID(message.intent or "")
    except ValueError:
        return None
    return Intent.objects.filter(uuid=wanted, server_id=server_id).first()


def end(
    intent: Intent,
    state: Intent.State,
    now: datetime,
    *,
    cause: str = "",
    job_id: int | None = None,
) -> bool:
    """End an intent that has not ended; whether this did it."""
    changes = {"state": state, "cause": cause, "finished_at": now, "claimed_until": None}
    if job_id is not None:
        changes["job_id"] = job_id
    rows = Intent.objects.filter(pk=intent.pk, state__in=Intent.UNFINISHED)
    if not rows.update(**changes):
        return False
    if not (intent.then and state is State.SUCCEEDED):
        finish_activity(intent, state, now, cause=cause, job_id=job_id)
    return True


def finish_activity(
    intent: Intent,
    state: Intent.State,
    now: datetime,
    *,
    cause: str = "",
    job_id: int | None = None,
) -> None:
    """A whole chain is one activity: that of its first intent."""
    Activity.objects.filter(intent=intent.first_id or intent.pk).update(
        result=_RESULTS[state], message=cause, finished_at=now, job_id=job_id or intent.job_id
    )


def end_all_of(server: Server, now: datetime) -> None:
    """The server is gone: who wanted that got it, all else has become pointless."""
    for intent in Intent.objects.filter(server=server, state__in=Intent.UNFINISHED):
        if intent.action == "delete":
            end(intent, State.SUCCEEDED, now)
        else:
            end(intent, State.CANCELED, now, cause="The server was deleted.")


def note_foreign_job(message: OpStatus, server: Server, cause: str, now: datetime) -> bool:
    """Write down what an administrator did; once, however often it is reported."""
    name = ACTIVITY_NAMES.get(message.operation)
    if name is None:
        return False
    before = Activity.objects.filter(server=server, job_id=message.job_id, action=name)
    if before.exists():
        return False
    Activity.objects.bulk_create(
        [
            Activity(
                server=server,
                action=name,
                actor=message.actor or "administrator",
                job_id=message.job_id,
                result=_RESULTS[ENDS[JobStatus(message.status)]],
                message=cause,
                started_at=now,
                finished_at=now,
            )
        ],
        ignore_conflicts=True,
    )
    return True
