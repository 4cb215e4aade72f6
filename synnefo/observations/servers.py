"""What backends report of servers.

A report moves a row only if it is newer, and the `UPDATE` itself compares: (job, opcode, status
rank), never a clock. Intents end whether or not the report is the newest. What does not fit
together rings the reconciler, which looks at the backend instead of guessing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q

from synnefo.core import job_errors, naming
from synnefo.core.job_errors import JobError
from synnefo.core.messages import ImageProgress, OpStatus
from synnefo.core.server_actions import ACTIONS
from synnefo.core.server_states import STATE_AFTER, JobStatus, ServerState
from synnefo.db import rings
from synnefo.db.models import ConsoleToken, Intent, Port, Server, Volume
from synnefo.db.transactions import writing
from synnefo.observations import endings, intents, nics, quota

Changes = dict[str, Any]  # columns of a server
Seen = tuple[int, int, int]  # job, opcode, status rank
CREATE, REMOVE = "OP_INSTANCE_CREATE", "OP_INSTANCE_REMOVE"


def apply(message: OpStatus, now: datetime) -> bool:
    """Take in what is said about an instance; whether that changed anything.

    An opcode that is still under way says nothing that is not known.
    """
    server_id = naming.server_id(settings.SYNNEFO_INSTANCE_PREFIX, message.instance)
    if server_id is None or not message.final:
        return False
    with writing():
        server = _locked(server_id)
        if server is None or server.backend is None:
            return False
        if message.cluster and message.cluster != server.backend.name:
            return False
        error = _error(message)
        if error is not None and message.operation == REMOVE and error.code == "unknown_entity":
            # Perhaps it is gone already: the reconciler looks, and ends the intent.
            rings.doubt(server.backend_id, server.pk)
            return False
        ended, freed = _end_intent(server, message, error, now)
        moved = _move(server, message, error, now, freed)
        if freed and not moved:
            Server.objects.filter(pk=server.pk).update(**freed, updated_at=now)
        if ended or moved:
            rings.changed(server.project_id, "server", server.uuid)
        return ended or moved


def _seen(server: Server) -> Seen:
    return server.seen_job, server.seen_op, server.seen_rank


def _locked(server_id: int) -> Server | None:
    rows = Server.objects.select_for_update(of=("self",)).select_related("backend")
    return rows.filter(pk=server_id).first()


def _error(message: OpStatus) -> JobError | None:
    if message.status == JobStatus.SUCCESS:
        return None
    return job_errors.read(message.result, canceled=message.status == JobStatus.CANCELED)


# --- intents --------------------------------------------------------------------------------------


def _end_intent(
    server: Server, message: OpStatus, error: JobError | None, now: datetime
) -> tuple[bool, Changes]:
    """Whether something ended by this, and what that changes of the server."""
    intent = intents.of_message(message, server.pk)
    cause = error.sentence if error else ""
    if intent is None:
        return intents.note_foreign_job(message, server, cause, now), {}
    state = intents.ENDS[JobStatus(message.status)]
    if not intents.end(intent, state, now, cause=cause, job_id=message.job_id):
        return False, {}
    return True, _freed(server, intent.action)


def _freed(server: Server, action: str) -> Changes:
    """Whoever ends an action takes its task away; another task means that an intent waited."""
    if server.task == ACTIONS[action].task:
        return {"task": None}
    if server.task is not None:
        rings.intents_recorded()
    return {}


def clear_task(server: Server, action: str, now: datetime) -> None:
    """The action has ended without a report of the backend."""
    if freed := _freed(server, action):
        Server.objects.filter(pk=server.pk).update(**freed, updated_at=now)


# --- states ---------------------------------------------------------------------------------------


def _move(
    server: Server, message: OpStatus, error: JobError | None, now: datetime, freed: Changes
) -> bool:
    target = STATE_AFTER.get(message.operation, {}).get(JobStatus(message.status))
    if target is None:
        return _match_cards(server, message, now)
    if error is not None:
        if error.code == "already_exists":
            return False  # Somebody built it before: this job says nothing about it.
        placed = not error.nothing_was_done
        return endings.build_failed(server, error.sentence, now, placed=placed, **freed)
    if server.state == ServerState.DELETED:
        if target is not ServerState.DELETED:
            rings.doubt(server.backend_id, server.pk)
        return False
    built = _built(server, now) if message.operation == CREATE else {}
    moved = _advance(server, message, target, now, freed | built)
    if built and not moved:
        changes = freed | built
        moved = bool(Server.objects.filter(pk=server.pk).update(**changes, updated_at=now))
    if not moved and target != server.state:
        rings.doubt(server.backend_id, server.pk)
    return moved | _match_cards(server, message, now)


def _advance(
    server: Server, message: OpStatus, target: ServerState, now: datetime, more: Changes
) -> bool:
    job, op, rank, _ = message.order
    older = Q(seen_job__lt=job) | Q(seen_job=job, seen_op__lt=op)
    older |= Q(seen_job=job, seen_op=op, seen_rank__lt=rank)
    seen = {"seen_job": job, "seen_op": op, "seen_rank": rank}
    newer = Server.objects.filter(older, pk=server.pk)
    if target is ServerState.DELETED:
        return newer.exists() and endings.gone(server, now, **seen)
    return bool(newer.update(**seen, **_becoming(server, target, now) | more))


def _becoming(server: Server, target: ServerState, now: datetime) -> Changes:
    """The columns of a server that exists; one that was given up is charged again."""
    if server.state == ServerState.ERROR:
        quota.charge(server, now)
    elif server.state == ServerState.BUILD:
        quota.accept(server.pk, now)
    elif server.state == ServerState.ACTIVE:
        # It stopped or began anew: its console's port may be another guest's from now on.
        ConsoleToken.objects.filter(server=server).delete()
    return {"state": target, "fault": None, "placed": True, "updated_at": now}


def _built(server: Server, now: datetime) -> Changes:
    """What a finished build means besides the state, also when later reports came before it."""
    if server.launched_at is not None:
        return {}
    Port.objects.filter(server=server).update(status="ACTIVE", updated_at=now)
    Volume.objects.filter(server=server).update(status="in-use")
    return {"launched_at": now, "progress": 100, "placed": True}


def _match_cards(server: Server, message: OpStatus, now: datetime) -> bool:
    if message.nics is None or server.state == ServerState.DELETED:
        return False
    if message.job_id < server.seen_job:
        return False
    return nics.match(server, [nics.Seen.of(nic) for nic in message.nics], now)


# --- progress -------------------------------------------------------------------------------------


def progressed(message: ImageProgress, now: datetime) -> bool:
    """An image is being copied; progress only grows, so its order does not matter."""
    server_id = naming.server_id(settings.SYNNEFO_INSTANCE_PREFIX, message.instance)
    percent = max(0, min(99, int(message.progress)))
    if server_id is None:
        return False
    with writing():
        rows = Server.objects.filter(pk=server_id, state=ServerState.BUILD, progress__lt=percent)
        if not rows.update(progress=percent, updated_at=now):
            return False
        project_id, uuid = Server.objects.values_list("project_id", "uuid").get(pk=server_id)
        rings.changed(project_id, "server", uuid)
        return True


# --- answers to a submission ----------------------------------------------------------------------


def refused(intent: Intent, sentence: str, now: datetime) -> bool:
    """No job came of an intent and none will: a build has failed, all else stays as it is."""
    with writing():
        server = _locked(intent.server_id)
        if server is None or not intents.end(intent, Intent.State.FAILED, now, cause=sentence):
            return False
        clear_task(server, intent.action, now)
        if intent.action == "create":
            endings.build_failed(server, sentence, now, placed=False)
        rings.changed(server.project_id, "server", server.uuid)
        return True


def vanished(server_id: int, now: datetime, seen: Seen | None = None) -> bool:
    """There is no instance of a server that somebody wants removed, or that existed.

    With `seen`, it counts only if nothing was heard of the server since then.
    """
    with writing():
        server = _locked(server_id)
        if server is None or (seen is not None and _seen(server) != seen):
            return False
        return endings.gone(server, now)


def lost(server_id: int, sentence: str, now: datetime) -> bool:
    """Nobody builds this server any more, and there is no instance of it."""
    with writing():
        server = _locked(server_id)
        if server is None or not endings.build_failed(server, sentence, now, placed=False):
            return False
        for intent in Intent.objects.filter(
            server=server, action="create", state__in=Intent.UNFINISHED
        ):
            intents.end(intent, Intent.State.FAILED, now, cause=sentence)
        clear_task(server, "create", now)
        return True


def cards_found(server_id: int, cards: Sequence[nics.Seen], now: datetime) -> bool:
    """The backend was looked at and has these cards."""
    with writing():
        server = _locked(server_id)
        if server is None or server.state == ServerState.DELETED:
            return False
        if not nics.match(server, cards, now):
            return False
        rings.changed(server.project_id, "server", server.uuid)
        return True


def job_unknown(intent: Intent, now: datetime) -> bool:
    """The backend has forgotten the job of an intent on an instance that exists."""
    state, cause = Intent.State.SUCCEEDED, ""
    if intent.action != "create":
        state = Intent.State.FAILED
        cause = "The backend no longer knows the job; look at the server's state."
    with writing():
        if not intents.end(intent, state, now, cause=cause):
            return False
        clear_task(intent.server, intent.action, now)
        rings.changed(intent.server.project_id, "server", intent.server.uuid)
        return True


def found(server_id: int, state: ServerState, seen: Seen, now: datetime) -> bool:
    """The backend was looked at and has it in this state.

    Counts only if nothing was heard since the look began (`seen`) and nothing is under way.
    """
    with writing():
        server = _locked(server_id)
        if server is None or _seen(server) != seen:
            return False
        if Intent.objects.filter(server=server, state__in=Intent.UNFINISHED).exists():
            return False
        if server.state in {state, ServerState.DELETED}:
            return False
        built = _built(server, now) if server.state == ServerState.BUILD else {}
        changes = _becoming(server, state, now) | built
        Server.objects.filter(pk=server.pk).update(task=None, **changes)
        rings.changed(server.project_id, "server", server.uuid)
        return True
