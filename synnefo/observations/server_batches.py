"""Many reports of servers at once, in one transaction and a few statements.

Only what is plain: successful jobs of servers that are well, except their removal. Everything else
is left to `servers.py`, which does the same for one report; a test compares the two.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from synnefo.core import naming, server_reports
from synnefo.core.messages import OpStatus
from synnefo.core.server_actions import ACTIONS, ACTIVITY_NAMES
from synnefo.core.server_reports import Charge, Known, Report
from synnefo.core.server_states import (
    JobStatus,
    ServerMode,
    ServerState,
    ServerTask,
    state_after,
)
from synnefo.db import rings
from synnefo.db.models import (
    Activity,
    Backend,
    Commission,
    ConsoleToken,
    Intent,
    Port,
    Server,
    Volume,
)
from synnefo.db.transactions import writing
from synnefo.db.updating import update
from synnefo.observations import volumes
from synnefo.observations.chains import EFFECTS

_WRITTEN = (
    "state", "seen_job", "seen_op", "seen_rank", "task", "placed", "progress", "launched_at",
    "node",
)  # fmt: skip


@dataclass(slots=True)
class _Row:
    """A server whose row is locked, and what becomes of it."""

    pk: int
    uuid: uuid.UUID
    project_id: str
    backend_id: int | None
    fault: object
    progress: int
    launched_at: datetime | None
    node: str
    known: Known

    def values(self) -> list[object]:
        known = self.known
        return [
            self.pk, known.state, *known.seen, known.task, known.placed,
            self.progress, self.launched_at, self.node,
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Wish:
    """An intent that a message names."""

    pk: int
    server_id: int
    action: str
    in_chain: bool


@dataclass(slots=True)
class _Plan:
    """What a batch changes besides the servers' own rows; sets of their keys."""

    dirty: dict[int, _Row] = field(default_factory=dict)
    told: dict[int, _Row] = field(default_factory=dict)
    built: set[int] = field(default_factory=set)
    accepted: set[int] = field(default_factory=set)
    without_console: set[int] = field(default_factory=set)


def apply(messages: Sequence[OpStatus], now: datetime) -> list[OpStatus]:
    """Take in what is plain; returns, in their order, the messages that have to go one by one."""
    prefix = settings.SYNNEFO_INSTANCE_PREFIX
    named = ((naming.server_id(prefix, one.instance), one) for one in messages if one.final)
    said = [(server_id, one) for server_id, one in named if server_id is not None]
    if not said:
        return []
    alone = {server_id for server_id, one in said if not _is_plain(one)}
    with writing():
        wishes = _wishes(one for _, one in said)
        alone |= {pk for pk, one in said if not _is_simple(wishes.get(one.intent or ""), one)}
        rows = _locked({server_id for server_id, _ in said} - alone)
        names = dict(Backend.objects.values_list("pk", "name"))
        alone |= {
            server_id
            for server_id, one in said
            if server_id in rows and not _is_well(rows[server_id], one, names)
        }
        plain = [(rows[pk], one) for pk, one in said if pk in rows and pk not in alone]
        _apply(plain, wishes, now)
    return [one for server_id, one in said if server_id in alone]


def _is_plain(message: OpStatus) -> bool:
    after = state_after(message.operation, JobStatus(message.status))
    good = message.status == JobStatus.SUCCESS and after is not ServerState.DELETED
    return good and message.nics is None


def _is_simple(wish: _Wish | None, message: OpStatus) -> bool:
    """Whether the end of the intent, if one is named, is all that comes of it."""
    if wish is None:
        return True
    operation = ACTIONS[wish.action].operation
    return message.operation == operation and not wish.in_chain and wish.action not in EFFECTS


def _is_well(row: _Row, message: OpStatus, backends: dict[int, str]) -> bool:
    name = backends.get(row.backend_id or 0)
    unwell = {ServerState.ERROR, ServerState.DELETED}
    well = row.fault is None and row.known.state not in unwell and row.known.mode is None
    return well and name is not None and message.cluster in {"", name}


def _locked(wanted: set[int]) -> dict[int, _Row]:
    """In the order of their keys, so that two batches never wait for each other."""
    rows = Server.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    found = {}
    columns = ("pk", "uuid", "project_id", "backend_id", "fault", "mode", *_WRITTEN)
    for pk, identity, project, backend, fault, mode, *values in rows.values_list(*columns):
        state, job, op, rank, task, placed, progress, launched_at, node = values
        shown = ServerTask(task) if task else None
        known = Known(
            ServerState(state), (job, op, rank), shown, placed, launched_at is not None,
            ServerMode(mode) if mode else None,
        )  # fmt: skip
        found[pk] = _Row(pk, identity, project, backend, fault, progress, launched_at, node, known)
    return found


def _apply(said: Sequence[tuple[_Row, OpStatus]], wishes: dict[str, _Wish], now: datetime) -> None:
    ended, noted = _end_intents(said, wishes, now), _note_foreign_jobs(said, wishes, now)
    plan = _Plan()
    for place, (row, message) in enumerate(said):
        if place in ended or place in noted:
            plan.told[row.pk] = row
        action = ended[place].action if place in ended else None
        _move(row, message, action, plan, now)
    _write(plan, now)


# --- intents and activities -----------------------------------------------------------------------


def _wishes(messages: Iterable[OpStatus]) -> dict[str, _Wish]:
    """The intents by their uuid as text; text that is no uuid names none."""
    wanted = []
    for message in messages:
        try:
            wanted.append(uuid.UUID(message.intent or ""))
        except ValueError:
            continue
    columns = ("uuid", "pk", "server_id", "action", "first", "then")
    rows = Intent.objects.filter(uuid__in=wanted).values_list(*columns)
    return {
        str(name): _Wish(pk, server_id, action, first is not None or bool(then))
        for name, pk, server_id, action, first, then in rows
    }


def _wish_of(row: _Row, message: OpStatus, wishes: dict[str, _Wish]) -> _Wish | None:
    try:
        wish = wishes.get(str(uuid.UUID(message.intent or "")))
    except ValueError:
        return None
    return wish if wish is not None and wish.server_id == row.pk else None


def _end_intents(
    said: Sequence[tuple[_Row, OpStatus]], wishes: dict[str, _Wish], now: datetime
) -> dict[int, _Wish]:
    """Which message, by its place, ended which intent: each the first one about it."""
    first: dict[int, tuple[int, _Wish]] = {}
    for place, (row, message) in enumerate(said):
        if (wish := _wish_of(row, message, wishes)) is not None:
            first.setdefault(wish.pk, (place, wish))
    jobs = [(pk, said[place][1].job_id) for pk, (place, _) in sorted(first.items())]
    unfinished = " OR ".join(f"state = '{state}'" for state in Intent.UNFINISHED)
    ended = update(
        Intent, "id", ["job_id"], jobs, unfinished,
        state=Intent.State.SUCCEEDED, cause="", finished_at=now, claimed_until=None,
    )  # fmt: skip
    results = [(pk, said[first[pk][0]][1].job_id) for pk in ended]
    update(Activity, "intent", ["job_id"], results, result="Success", message="", finished_at=now)
    return dict(first[pk] for pk in ended)


def _note_foreign_jobs(
    said: Sequence[tuple[_Row, OpStatus]], wishes: dict[str, _Wish], now: datetime
) -> set[int]:
    """Write down what administrators did; the places of the messages that told it first."""
    first: dict[tuple[int, int | None, str], int] = {}
    for place, (row, message) in enumerate(said):
        name = ACTIVITY_NAMES.get(message.operation)
        if name is not None and _wish_of(row, message, wishes) is None:
            first.setdefault((row.pk, message.job_id, name), place)
    if not first:
        return set()
    known = Activity.objects.filter(
        server_id__in={server for server, _, _ in first}, job_id__in={job for _, job, _ in first}
    )
    for told in known.values_list("server_id", "job_id", "action"):
        first.pop(told, None)
    rows = [
        Activity(
            server_id=server, action=name, actor=said[place][1].actor or "administrator",
            job_id=job, result="Success", started_at=now, finished_at=now,
        )
        for (server, job, name), place in first.items()
    ]  # fmt: skip
    Activity.objects.bulk_create(rows, ignore_conflicts=True)
    return set(first.values())


# --- states ---------------------------------------------------------------------------------------


def _move(row: _Row, message: OpStatus, action: str | None, plan: _Plan, now: datetime) -> None:
    order = message.order[:3]
    report = Report(message.operation, JobStatus.SUCCESS, order, action=action)
    verdict = server_reports.of_report(row.known, report)
    if verdict.doubt:
        rings.doubt(row.backend_id, row.pk)
    if verdict.wakes:
        rings.intents_recorded()
    if not verdict.writes:
        return
    if verdict.charge is Charge.ACCEPT:
        plan.accepted.add(row.pk)
    if verdict.state is not None and row.known.state is ServerState.ACTIVE:
        plan.without_console.add(row.pk)
    if verdict.launched:
        row.launched_at, row.progress = now, 100
        row.node = server_reports.node_made(message.operation, message.result) or row.node
        plan.built.add(row.pk)
    row.known = server_reports.after(row.known, verdict)
    plan.dirty[row.pk] = plan.told[row.pk] = row


def _write(plan: _Plan, now: datetime) -> None:
    rows = [plan.dirty[pk].values() for pk in sorted(plan.dirty)]
    update(Server, "id", _WRITTEN, rows, updated_at=now)
    if plan.built:
        Port.objects.filter(server_id__in=plan.built).update(status="ACTIVE", updated_at=now)
        Volume.objects.filter(server_id__in=plan.built, local=True).update(status="in-use")
        volumes.built(plan.built, now)
    if plan.accepted:
        issued = Commission.State.ISSUED
        Commission.objects.filter(server_id__in=plan.accepted, state=issued).update(
            state=Commission.State.ACCEPTED, resolved_at=now
        )
    if plan.without_console:
        ConsoleToken.objects.filter(server_id__in=plan.without_console).delete()
    rings.changed_together("server", [(row.project_id, row.uuid) for row in plan.told.values()])
