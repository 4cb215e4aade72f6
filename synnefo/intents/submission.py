"""Which intents are to be submitted, by whom, and what came of it.

A claim is a lease: past its deadline another dispatcher takes over. From the claim on a job
may exist, so `looks_needed` says how often the backend has to deny that before one is submitted.
One intent of a server at a time; a deletion cancels the earlier ones that nobody has begun.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from synnefo.core.server_states import ServerState
from synnefo.db.models import Activity, Intent, Server
from synnefo.db.prepared import Prepared, PreparedRows
from synnefo.db.transactions import writing
from synnefo.db.updating import update
from synnefo.intents import claimed_servers, placing

State = Intent.State
LEASE = timedelta(seconds=40)
MOST_AT_ONCE = 32
# The second look is for a request that was still on its way to the backend at the first one.
LOOKS_AFTER_A_CLAIM = 2
# Nobody answered in time, so the backend may accept it any time: about a minute of looks.
LOOKS_AFTER_SILENCE = 11
_OPEN_STILL = f"state = '{State.RECORDED}' OR state = '{State.SUBMITTING}'"


@dataclass(frozen=True, slots=True)
class Claim:
    """An intent to submit, with its server; `no_room` says why no backend was found for it."""

    intent: Intent
    looks_needed: int
    no_room: str = ""


# --- claiming -------------------------------------------------------------------------------------


def _claimable(now: datetime, without: Iterable[int] = ()) -> QuerySet[Intent]:
    earlier = Intent.objects.filter(
        server=OuterRef("server"), pk__lt=OuterRef("pk"), state__in=Intent.UNFINISHED
    )
    due = Q(state=State.RECORDED) & (Q(not_before=None) | Q(not_before__lte=now))
    expired = Q(state=State.SUBMITTING, claimed_until__lt=now)
    rows = Intent.objects.filter(due | expired).exclude(Exists(earlier))
    if without := list(without):
        rows = rows.exclude(backend__in=without, backend__isnull=False)
    return rows.order_by("pk")


def _locked(now: datetime, without: Iterable[int] = ()) -> QuerySet[Intent]:
    rows = _claimable(now, without).select_for_update(skip_locked=True, of=("self",))
    return rows[:MOST_AT_ONCE]


# Mostly all backends can be asked.
_ACTIONS = Prepared(
    lambda: (
        Intent.objects.filter(state__in=[State.RECORDED, State.SUBMITTING])
        .values_list("action")
        .distinct()
    )
)
_ANY = Prepared(lambda now: _claimable(now).values_list("pk")[:1], datetime)
_LOCKED = PreparedRows(Intent, _locked, datetime)


def actions_to_do() -> set[str]:
    """The actions of intents that wait or are claimed: most looks find none, and end so."""
    return {action for (action,) in _ACTIONS.rows()}


def claim(
    worker: str,
    now: datetime,
    limit: int,
    without: Iterable[int] = (),
    again: timedelta = timedelta(seconds=1),
) -> list[Claim]:
    """Take some intents, but none of the backends `without`; several dispatchers may do so.

    Creations that might find room on one of these come up `again` later.
    """
    without = list(without)
    if not (_claimable(now, without).exists() if without else _ANY.rows(now)):
        return []
    with writing():
        rows = (list(_locked(now, without)) if without else _LOCKED.all(now))[:limit]
        if not rows:
            return []
        claimed_servers.load(rows)
        looks = {row.pk: row.looks_needed for row in rows}
        unplaced = placing.place(
            [r for r in rows if r.action == "create" and not r.backend_id], without
        )
        if without and unplaced:
            # Room may be on a backend that cannot be asked just now: that is no reason to refuse.
            waiting = Intent.objects.filter(pk__in=unplaced, state=State.RECORDED)
            waiting.update(not_before=now + again)
            rows = [row for row in rows if row.pk not in unplaced]
        _lease(rows, worker, now)
    claimed_servers.load_parts(rows)
    return [Claim(row, looks[row.pk], unplaced.get(row.pk, "")) for row in rows]


def _lease(rows: Sequence[Intent], worker: str, now: datetime) -> None:
    """Note the claim in the database, and of it in these rows what a submission reads."""
    newest = {
        backend_id: Intent.objects.filter(backend_id=backend_id).aggregate(job=Max("job_id"))["job"]
        for backend_id in {row.backend_id for row in rows if row.backend_id and not row.since_job}
    }
    for row in rows:
        row.attempts += 1
        row.since_job = row.since_job or newest.get(row.backend_id or 0) or 0
        # What an earlier attempt left open is not settled by dying over the next one.
        row.looks_needed = max(row.looks_needed, LOOKS_AFTER_A_CLAIM)
    update(
        Intent, "id", ["attempts", "since_job", "looks_needed"],
        [(row.pk, row.attempts, row.since_job, row.looks_needed) for row in rows],
        state=State.SUBMITTING, claimed_by=worker, claimed_until=now + LEASE, not_before=None,
    )  # fmt: skip
    builds = [row.server for row in rows if row.action == "create" and row.backend_id]
    fresh = [server.pk for server in builds if not server.placed]
    if fresh:
        Server.objects.filter(pk__in=fresh).update(placed=True)
    for server in builds:
        server.placed = True


# --- choosing a backend ---------------------------------------------------------------------------


def place_again(intent: Intent, without: Iterable[int]) -> str:
    """Try once more after the backends were looked at; the text says why there is still no room."""
    with writing():
        unplaced = placing.place([intent], without)
        if intent.backend_id:
            Server.objects.filter(pk=intent.server_id).update(placed=True)
            intent.server.placed = True
    return unplaced.get(intent.pk, "")


# --- what came of it ------------------------------------------------------------------------------


def submitted(jobs: Iterable[tuple[Intent, int]], now: datetime) -> None:
    """The backend has taken these. Where an event came first, the intent has ended: it stays so."""
    made = {intent.pk: job_id for intent, job_id in jobs}
    # Also where the claim has run out meanwhile: that there is a job is a fact.
    changed = update(
        Intent, "id", ["job_id"], sorted(made.items()), _OPEN_STILL,
        state=State.SUBMITTED, submitted_at=now, claimed_until=None, not_before=None,
        looks_needed=0,
    )  # fmt: skip
    update(Activity, "intent", ["job_id"], [(pk, made[pk]) for pk in sorted(changed)])


def _held(intent: Intent, worker: str) -> QuerySet[Intent]:
    """The intent while this very claim holds; each claim counts as one attempt."""
    return Intent.objects.filter(
        pk=intent.pk, state=State.SUBMITTING, claimed_by=worker, attempts=intent.attempts
    )


def holds(intent: Intent, worker: str) -> bool:
    """Whether the claim has not run out; within a transaction it holds to its end."""
    return _held(intent, worker).select_for_update().exists()


def put_back(
    intent: Intent, worker: str, not_before: datetime, looks_needed: int, cause: str
) -> None:
    """Not now; `looks_needed` is 0 when it is certain that no job exists."""
    changed = _held(intent, worker).update(
        state=State.RECORDED,
        not_before=not_before,
        looks_needed=looks_needed,
        claimed_until=None,
        cause=cause,
    )
    if changed and intent.action == "create" and not looks_needed:
        Server.objects.filter(pk=intent.server_id, state=ServerState.BUILD).update(placed=False)


def next_due(now: datetime) -> datetime | None:
    """When the next intent that waits may be tried again."""
    waiting = Intent.objects.filter(state=State.RECORDED, not_before__gt=now)
    return waiting.order_by("not_before").values_list("not_before", flat=True).first()


def expire_claims_of(workers: Iterable[str], now: datetime) -> int:
    """These dispatchers are known to be dead: their claims need not wait for the deadline."""
    return Intent.objects.filter(state=State.SUBMITTING, claimed_by__in=list(workers)).update(
        claimed_until=now - timedelta(seconds=1)
    )


def claimers() -> list[str]:
    """Who holds claims."""
    rows = Intent.objects.filter(state=State.SUBMITTING)
    return list(rows.values_list("claimed_by", flat=True).distinct())


# --- deletions overtake ---------------------------------------------------------------------------


def overtaken(now: datetime) -> list[tuple[int, int]]:
    """Cancel what nobody has begun of servers that are to go.

    Answers (backend, job) of what is under way instead, for the backend to cancel.
    """
    deletions = Intent.objects.filter(action="delete", state=State.RECORDED)
    servers = list(deletions.values_list("server_id", flat=True))
    if not servers:
        return []
    later = deletions.filter(server=OuterRef("server"), pk__gt=OuterRef("pk"))
    earlier = Intent.objects.filter(Exists(later), server__in=servers)
    waiting = earlier.filter(state=State.RECORDED, looks_needed=0).exclude(action="delete")
    if waiting.exists():
        _cancel(waiting, now)
    running = earlier.filter(state=State.SUBMITTED).exclude(job_id=None)
    return [
        (backend_id, job_id)
        for backend_id, job_id in running.values_list("backend_id", "job_id")
        if backend_id is not None and job_id is not None
    ]


def _cancel(waiting: QuerySet[Intent], now: datetime) -> None:
    with writing():
        ids = list(waiting.values_list("pk", flat=True))
        Intent.objects.filter(pk__in=ids, state=State.RECORDED, looks_needed=0).update(
            state=State.CANCELED, cause="The server was deleted before.", finished_at=now
        )
        # Of a part of a chain, that of its first intent.
        parts = Intent.objects.filter(pk__in=ids).values_list("pk", "first_id")
        heads = [first or pk for pk, first in parts]
        Activity.objects.filter(intent__in=heads).update(result="Canceled", finished_at=now)


def counts() -> dict[str, int]:
    """How many intents are in each state that is not final."""
    rows = Intent.objects.filter(state__in=Intent.UNFINISHED).values("state")
    return {row["state"]: row["number"] for row in rows.annotate(number=Count("pk"))}
