"""What a report makes of a server: the rules of the update and the repair path, without rows.

Every rule takes what is `Known` of a server and answers a `Verdict`; `observations/servers.py`
writes verdicts to rows, and `after` says what is known then. A report moves a server only if its
job, opcode and status rank are newer; no clock is asked. What cannot be told from reports is a
doubt: somebody has to look at the backend.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from synnefo.core.job_errors import JobError
from synnefo.core.server_actions import ACTIONS
from synnefo.core.server_modes import contradicts
from synnefo.core.server_states import (
    JobStatus,
    ServerMode,
    ServerState,
    ServerTask,
    state_after,
)

Seen = tuple[int, int, int]  # job, opcode, status rank
NEVER: Seen = (0, 0, 0)
CREATE, REMOVE = "OP_INSTANCE_CREATE", "OP_INSTANCE_REMOVE"
# They leave a state alone but change what else is known of a server: its size, cards, disks, node.
CHANGING = frozenset(
    {
        "OP_INSTANCE_SET_PARAMS",
        "OP_INSTANCE_GROW_DISK",
        "OP_INSTANCE_RECREATE_DISKS",
        "OP_INSTANCE_MIGRATE",
        "OP_INSTANCE_FAILOVER",
        "OP_INSTANCE_MOVE",
        "OP_INSTANCE_CHANGE_GROUP",
        "OP_INSTANCE_RENAME",
    }
)


class Charge(StrEnum):
    """What becomes of the quota that is reserved or used for a server."""

    ACCEPT = "accept"
    REJECT = "reject"
    RELEASE = "release"
    AGAIN = "again"  # It was given up and exists after all.


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows of a server; `seen` is the newest report that moved it."""

    state: ServerState
    seen: Seen = NEVER
    task: ServerTask | None = None
    placed: bool = False
    launched: bool = False
    mode: ServerMode | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """How an opcode on a server ended; `action` is the intent's that this ends, if it ends one."""

    operation: str
    status: JobStatus
    order: Seen
    error: JobError | None = None
    action: str | None = None

    @property
    def conclusive(self) -> bool:
        """A removal that found nothing tells neither who removed it nor whether it is gone."""
        code = self.error.code if self.error else None
        return not (self.operation == REMOVE and code == "unknown_entity")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to write; what is None stays as it is. `wakes` is for an intent that waited."""

    state: ServerState | None = None
    seen: Seen | None = None
    placed: bool | None = None
    fault: str | None = None
    launched: bool = False
    charge: Charge | None = None
    frees_task: bool = False
    ends_mode: bool = False
    doubt: bool = False
    wakes: bool = False

    @property
    def writes(self) -> bool:
        """Whether a row changes by it."""
        parts = (self.state is not None, self.launched, self.frees_task, self.fault is not None)
        return any(parts)


NOTHING = Verdict()


def after(known: Known, verdict: Verdict) -> Known:
    """What is known when the verdict was written."""
    gone = verdict.state is ServerState.DELETED
    return Known(
        state=verdict.state or known.state,
        seen=verdict.seen or known.seen,
        task=None if verdict.frees_task or gone else known.task,
        placed=known.placed if verdict.placed is None else verdict.placed,
        launched=known.launched or verdict.launched,
        mode=None if verdict.ends_mode or gone else known.mode,
    )


# --- reports of jobs ------------------------------------------------------------------------------


def of_report(known: Known, report: Report) -> Verdict:
    """The verdict on the end of an opcode, in whatever order reports come and how often."""
    if not report.conclusive:
        # Perhaps it is gone already: who looks at the backend ends the intent, too.
        return Verdict(doubt=known.state is not ServerState.DELETED)
    return of_end(known, report.action, _moved(known, report))


def of_end(known: Known, action: str | None, verdict: Verdict = NOTHING) -> Verdict:
    """Whoever ends an action takes its task away; another task means that an intent waited."""
    if action is None or known.task is None:
        return verdict
    mine = known.task is ACTIONS[action].task
    return replace(verdict, frees_task=mine, wakes=not mine)


def _moved(known: Known, report: Report) -> Verdict:
    target = state_after(report.operation, report.status)
    if target is None:
        changed = report.operation in CHANGING and known.state is not ServerState.DELETED
        return Verdict(doubt=changed and report.status is not JobStatus.CANCELED)
    if report.error is not None:
        return _failed(known, report.error)
    if known.state is ServerState.DELETED:
        return Verdict(doubt=target is not ServerState.DELETED)
    if report.order > known.seen:
        verdict = replace(_becoming(known, target), seen=report.order)
    else:
        verdict = Verdict(doubt=target is not known.state)
    if report.operation == CREATE and not known.launched:
        # True of a build also when later reports came before it.
        return replace(verdict, launched=True, placed=True)
    return verdict


def _failed(known: Known, error: JobError) -> Verdict:
    if error.code == "already_exists":
        return NOTHING  # Somebody built it before: this job says nothing about it.
    return of_failed_build(known, error.sentence, placed=not error.nothing_was_done)


def of_failed_build(known: Known, sentence: str, *, placed: bool) -> Verdict:
    """Only a server that is being built can fail to be; `placed`: its remains may lie there."""
    if known.state is not ServerState.BUILD:
        return NOTHING
    return Verdict(ServerState.ERROR, placed=placed, fault=sentence, charge=Charge.REJECT)


def _becoming(known: Known, target: ServerState) -> Verdict:
    if target is ServerState.DELETED:
        return of_absence(known)
    charges = {ServerState.ERROR: Charge.AGAIN, ServerState.BUILD: Charge.ACCEPT}
    ends_mode = contradicts(known.mode, target)
    return Verdict(target, placed=True, charge=charges.get(known.state), ends_mode=ends_mode)


# --- looks at the backend -------------------------------------------------------------------------


def of_absence(known: Known, seen: Seen | None = None) -> Verdict:
    """There is no instance; with `seen`, counts only if nothing was heard since then."""
    if known.state is ServerState.DELETED or seen not in {None, known.seen}:
        return NOTHING
    return Verdict(ServerState.DELETED, placed=False, charge=Charge.RELEASE)


def of_look(known: Known, found: ServerState, seen: Seen, *, busy: bool) -> Verdict:
    """The instance was found in a state.

    Counts only if nothing was heard since the look began (`seen`) and nothing is under way.
    """
    if busy or known.seen != seen or known.state in {found, ServerState.DELETED}:
        return NOTHING
    verdict = replace(_becoming(known, found), frees_task=known.task is not None)
    if known.state is ServerState.BUILD and not known.launched:
        return replace(verdict, launched=True)
    return verdict


def of_idle(known: Known, *, busy: bool) -> Verdict:
    """A task is shown; unless something is under way, nobody will ever end it."""
    return Verdict(frees_task=known.task is not None and not busy)


def of_overrun(known: Known, action: str, sentence: str) -> Verdict:
    """An action took longer than its deadline: a build has failed, all else is as it was before.

    Where a backend may have taken it, something may still lie there or come to be there.
    """
    if known.state is ServerState.DELETED:
        return NOTHING
    verdict = Verdict(fault=sentence)
    if action == "create" and known.state is ServerState.BUILD:
        verdict = of_failed_build(known, sentence, placed=known.placed)
    return of_end(known, action, verdict)


def ends(action: str, report: Report) -> bool:
    """Whether the end of this opcode is the end of an intent for that action.

    A job may have several opcodes: the first one that fails ends it, or the one asked for.
    """
    return report.status is not JobStatus.SUCCESS or report.operation == ACTIONS[action].operation


class Forgotten(StrEnum):
    """What it means that a backend no longer knows the job of an intent."""

    LOST = "lost"  # The build left nothing.
    GONE = "gone"
    DONE = "done"
    UNKNOWN = "unknown"  # The instance is there; whether the action was done, nobody can tell.


def of_forgotten_job(known: Known, action: str, *, exists: bool) -> Forgotten:
    """What the backend has of the instance tells how a job went that nobody remembers."""
    if not exists:
        building = action == "create" and known.state is ServerState.BUILD
        return Forgotten.LOST if building else Forgotten.GONE
    return Forgotten.DONE if action == "create" else Forgotten.UNKNOWN


def node_made(operation: str, result: object) -> str:
    """Where a creation that succeeded says the instance is; "" where it names several nodes."""
    if operation != CREATE or not isinstance(result, list | tuple) or len(result) != 1:
        return ""
    return str(result[0])
