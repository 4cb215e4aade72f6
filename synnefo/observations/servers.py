"""What backends report of servers.

A report moves a row only if it is newer, and the `UPDATE` itself compares: (job, opcode, status
rank), never a clock. Intents end whether or not the report is the newest. What does not fit
together rings the reconciler, which looks at the backend instead of guessing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from synnefo.core import job_errors, naming, server_reports
from synnefo.core.messages import ImageProgress, OpStatus
from synnefo.core.server_reports import Charge, Forgotten, Known, Report, Seen, Verdict
from synnefo.core.server_states import JobStatus, ServerMode, ServerState, ServerTask
from synnefo.db import rings
from synnefo.db.models import ConsoleToken, Intent, Port, Server, Volume
from synnefo.db.transactions import writing
from synnefo.observations import backends, chains, endings, faults, intents, nics, quota, volumes

LOST = "The backend neither builds this server nor has it; delete it and create it again."
FORGOTTEN = "The backend cannot tell how the job went; look at the server's state and try again."


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
            if not backends.is_known(message.cluster):
                # Perhaps it was renamed a moment ago: whoever looks sees.
                rings.doubt(server.backend_id, server.pk)
            return False
        report = report_of(message)
        ended, intent = False, None
        if report.conclusive:
            ended, intent = _end_intent(server, message, report, now)
        if intent is not None:
            report = replace(report, action=intent.action)
        verdict = server_reports.of_report(_known(server), report)
        node = server_reports.node_made(message.operation, message.result)
        moved = _carry_out(server, verdict, now, node)
        if intent is not None:
            good = report.status is JobStatus.SUCCESS
            end = chains.End(good, verdict.frees_task, message.result, report.error)
            chains.go_on(server, intent, end, now)
        if report.error is None or report.operation != server_reports.CREATE:
            moved |= _match_cards(server, message, now)
        if ended or moved:
            rings.changed(server.project_id, "server", server.uuid)
        return ended or moved


def report_of(message: OpStatus) -> Report:
    """What a final message says, in the words of the rules."""
    job, op, rank, _ = message.order
    status = JobStatus(message.status)
    error = None
    if status is not JobStatus.SUCCESS:
        error = job_errors.read(message.result, canceled=status is JobStatus.CANCELED)
    return Report(message.operation, status, (job, op, rank), error)


def _known(server: Server) -> Known:
    return Known(
        state=ServerState(server.state),
        seen=(server.seen_job, server.seen_op, server.seen_rank),
        task=ServerTask(server.task) if server.task else None,
        placed=server.placed,
        launched=server.launched_at is not None,
        mode=ServerMode(server.mode) if server.mode else None,
    )


def _locked(server_id: int) -> Server | None:
    rows = Server.objects.select_for_update(of=("self",)).select_related("backend")
    return rows.filter(pk=server_id).first()


def _end_intent(
    server: Server, message: OpStatus, report: Report, now: datetime
) -> tuple[bool, Intent | None]:
    """Whether something ended by this, and the intent if it was one."""
    intent = intents.of_message(message, server.pk)
    cause = report.error.sentence if report.error else ""
    if intent is None:
        return intents.note_foreign_job(message, server, cause, now), None
    if not server_reports.ends(intent.action, report):
        return False, None
    state = intents.ENDS[report.status]
    if not intents.end(intent, state, now, cause=cause, job_id=message.job_id):
        return False, None
    return True, intent


# --- verdicts -------------------------------------------------------------------------------------


def _carry_out(server: Server, verdict: Verdict, now: datetime, node: str = "") -> bool:
    """Write what the rules say; the caller holds the server's row. Whether anything changed."""
    if verdict.doubt:
        rings.doubt(server.backend_id, server.pk)
    if verdict.wakes:
        rings.intents_recorded()
    if not verdict.writes:
        return False
    seen = _seen_columns(verdict)
    if verdict.state is ServerState.DELETED:
        return _newer(server, verdict).exists() and endings.gone(server, now, **seen)
    changes = _columns(server, verdict, now) | seen
    if verdict.launched and node:
        changes["node"] = node
    if verdict.state is ServerState.ERROR:
        return endings.build_failed(server, verdict.fault or "", now, **changes)
    _settle_quota(server, verdict.charge, now)
    return bool(_newer(server, verdict).update(**changes))


def _seen_columns(verdict: Verdict) -> dict[str, int]:
    columns = ("seen_job", "seen_op", "seen_rank")
    return dict(zip(columns, verdict.seen, strict=True)) if verdict.seen else {}


def _newer(server: Server, verdict: Verdict) -> QuerySet[Server]:
    """The row, if it is still older than what is going to be written."""
    rows = Server.objects.filter(pk=server.pk)
    if verdict.seen is None:
        return rows
    job, op, rank = verdict.seen
    older = Q(seen_job__lt=job) | Q(seen_job=job, seen_op__lt=op)
    return rows.filter(older | Q(seen_job=job, seen_op=op, seen_rank__lt=rank))


def _columns(server: Server, verdict: Verdict, now: datetime) -> dict[str, Any]:
    changes: dict[str, Any] = {"updated_at": now}
    if verdict.placed is not None:
        changes["placed"] = verdict.placed
    if verdict.frees_task:
        changes["task"] = None
    if verdict.ends_mode:
        changes |= chains.NO_MODE
    if verdict.state is not None or verdict.fault is not None:
        changes["fault"] = faults.fault(verdict.fault, now) if verdict.fault else None
    if verdict.state is not None:
        changes["state"] = verdict.state
    if verdict.state is not None and server.state == ServerState.ACTIVE:
        # It stopped or began anew: its console's port may be another guest's from now on.
        ConsoleToken.objects.filter(server=server).delete()
    if verdict.launched:
        changes |= {"launched_at": now, "progress": 100}
        Port.objects.filter(server=server).update(status="ACTIVE", updated_at=now)
        Volume.objects.filter(server=server, local=True).update(status="in-use")
        volumes.built([server.pk], now)
    return changes


def _settle_quota(server: Server, charge: Charge | None, now: datetime) -> None:
    """The two ends that give quota back do so themselves."""
    if charge is Charge.ACCEPT:
        quota.accept(server.pk, now)
    elif charge is Charge.AGAIN:
        quota.charge(server, now)


def _ended_unheard(server: Server, intent: Intent, good: bool, now: datetime) -> None:
    """The intent has ended without a report of the backend."""
    verdict = server_reports.of_end(_known(server), intent.action)
    _carry_out(server, verdict, now)
    chains.go_on(server, intent, chains.End(good, verdict.frees_task), now)


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


def growing(messages: Sequence[ImageProgress]) -> list[ImageProgress]:
    """Those about servers that are still being built and have come further: one query tells."""
    prefix = settings.SYNNEFO_INSTANCE_PREFIX
    named = ((naming.server_id(prefix, one.instance), one) for one in messages)
    last = {server_id: one for server_id, one in named if server_id is not None}
    building = Server.objects.filter(pk__in=list(last), state=ServerState.BUILD)
    return [
        last[pk]
        for pk, progress in building.values_list("pk", "progress")
        if min(99, int(last[pk].progress)) > progress
    ]


# --- answers to a submission ----------------------------------------------------------------------


def refused(intent: Intent, sentence: str, now: datetime) -> bool:
    """No job came of an intent and none will: a build has failed, all else stays as it is."""
    with writing():
        server = _locked(intent.server_id)
        if server is None or not intents.end(intent, Intent.State.FAILED, now, cause=sentence):
            return False
        _ended_unheard(server, intent, False, now)
        if intent.action == "create":
            verdict = server_reports.of_failed_build(_known(server), sentence, placed=False)
            _carry_out(server, verdict, now)
        rings.changed(server.project_id, "server", server.uuid)
        return True


def vanished(server_id: int, now: datetime, seen: Seen | None = None) -> bool:
    """There is no instance of a server that somebody wants removed, or that existed.

    With `seen`, it counts only if nothing was heard of the server since then.
    """
    with writing():
        server = _locked(server_id)
        if server is None:
            return False
        return _carry_out(server, server_reports.of_absence(_known(server), seen), now)


def lost(server_id: int, sentence: str, now: datetime) -> bool:
    """Nobody builds this server any more, and there is no instance of it."""
    with writing():
        server = _locked(server_id)
        if server is None:
            return False
        verdict = server_reports.of_failed_build(_known(server), sentence, placed=False)
        if not _carry_out(server, verdict, now):
            return False
        for intent in Intent.objects.filter(
            server=server, action="create", state__in=Intent.UNFINISHED
        ):
            intents.end(intent, Intent.State.FAILED, now, cause=sentence)
        _carry_out(server, server_reports.of_end(_known(server), "create"), now)
        return True


def never_built(server_id: int, now: datetime) -> bool:
    """A look found neither a wish nor an instance; a wish recorded during the look is well."""
    with writing():
        server = _locked(server_id)
        wished = Intent.objects.filter(server=server_id, state__in=Intent.UNFINISHED)
        if server is None or wished.exists():
            return False
        return lost(server_id, LOST, now)


def job_forgotten(intent: Intent, now: datetime, *, exists: bool) -> bool:
    """The backend knows the job of an intent no more: what it has of the instance decides."""
    with writing():
        server = _locked(intent.server_id)
        if server is None:
            return False
        good = False
        match server_reports.of_forgotten_job(_known(server), intent.action, exists=exists):
            case Forgotten.LOST:
                return lost(server.pk, LOST, now)
            case Forgotten.GONE:
                return vanished(server.pk, now)
            case Forgotten.DONE:
                ended = good = intents.end(intent, Intent.State.SUCCEEDED, now)
            case Forgotten.UNKNOWN:
                ended = intents.end(intent, Intent.State.FAILED, now, cause=FORGOTTEN)
        if ended:
            _ended_unheard(server, intent, good, now)
            rings.changed(server.project_id, "server", server.uuid)
        return ended


def found(server_id: int, state: ServerState, seen: Seen, now: datetime) -> bool:
    """The backend was looked at and has it in this state."""
    with writing():
        server = _locked(server_id)
        if server is None:
            return False
        busy = Intent.objects.filter(server=server, state__in=Intent.UNFINISHED).exists()
        verdict = server_reports.of_look(_known(server), state, seen, busy=busy)
        if not _carry_out(server, verdict, now):
            return False
        rings.changed(server.project_id, "server", server.uuid)
        return True


def overran(intent: Intent, sentence: str, now: datetime) -> bool:
    """The action was not done in its time: the wish ends, and the server's fault says why."""
    with writing():
        server = _locked(intent.server_id)
        if server is None or not intents.end(intent, Intent.State.FAILED, now, cause=sentence):
            return False
        verdict = server_reports.of_overrun(_known(server), intent.action, sentence)
        _carry_out(server, verdict, now)
        chains.go_on(server, intent, chains.End(False, verdict.frees_task), now)
        rings.changed(server.project_id, "server", server.uuid)
        return True


def idle(server_id: int, now: datetime) -> bool:
    """Whatever task the server shows, nobody is at it unless an intent has not ended."""
    with writing():
        server = _locked(server_id)
        if server is None:
            return False
        busy = Intent.objects.filter(server=server, state__in=Intent.UNFINISHED).exists()
        if not _carry_out(server, server_reports.of_idle(_known(server), busy=busy), now):
            return False
        rings.changed(server.project_id, "server", server.uuid)
        return True
