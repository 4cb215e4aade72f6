"""A world for the rules: a backend that runs jobs, messages that get lost, and what is known.

The backend is the truth. What is known of the one server moves by verdicts only, as rows do; no
database, no clock, no thread, so that thousands of histories take seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from synnefo.core import drift, server_reports
from synnefo.core.drift import Drift, Kind
from synnefo.core.job_errors import JobError
from synnefo.core.server_actions import ACTIONS
from synnefo.core.server_reports import Charge, Forgotten, Known, Report, Seen, Verdict
from synnefo.core.server_states import JobStatus, ServerState, ServerTask

SERVER = 1
POWER = {"OP_INSTANCE_STARTUP": True, "OP_INSTANCE_REBOOT": True, "OP_INSTANCE_SHUTDOWN": False}
OF_ACTION = {name: action.operation for name, action in ACTIONS.items()}


class Job(NamedTuple):
    """`outcome`: does it, fails first, fails leaving what it did, is canceled, is forgotten."""

    id: int
    operation: str
    intent: int | None
    outcome: str


class Message(NamedTuple):
    job: Job
    status: JobStatus
    error: JobError | None


class Look(NamedTuple):
    """What a reconciliation found, and how far the server had been told of before."""

    drifts: list[Drift]
    seen: Seen


@dataclass
class Backend:
    """One instance, or none; `running` is what its hypervisor says."""

    exists: bool = False
    running: bool = False
    ended: dict[int, Message] = field(default_factory=dict)

    def run(self, job: Job) -> Message:
        """Do it; what the event daemon has to say of it."""
        error = self._error(job)
        if job.outcome == "canceled":
            message = Message(job, JobStatus.CANCELED, JobError("JobCanceled", None, "canceled"))
        elif error is not None:
            message = Message(job, JobStatus.ERROR, error)
        else:
            self._do(job.operation)
            message = Message(job, JobStatus.SUCCESS, None)
        self.ended[job.id] = message
        return message

    def _error(self, job: Job) -> JobError | None:
        creating = job.operation == server_reports.CREATE
        if job.outcome == "canceled":
            return None
        if creating and self.exists:
            return JobError("OpPrereqError", "already_exists", "it is there")
        if not creating and not self.exists:
            return JobError("OpPrereqError", "unknown_entity", "it is not there")
        if job.outcome == "refused":
            return JobError("OpPrereqError", "insufficient_resources", "memory")
        if job.outcome == "broken":
            self.exists = True  # A half-built instance lies there; a known one still does.
            return JobError("OpExecError", None, "the disk is damaged")
        return None

    def _do(self, operation: str) -> None:
        if operation == server_reports.CREATE:
            self.exists = self.running = True
        elif operation == server_reports.REMOVE:
            self.exists = self.running = False
        else:
            self.running = POWER.get(operation, self.running)


@dataclass
class Frontend:
    """What is known, by the rules alone."""

    known: Known
    charged: str = "issued"
    intents: dict[int, str] = field(default_factory=dict)  # unfinished ones with their actions
    ends: dict[int, str] = field(default_factory=dict)
    jobs: dict[int, int] = field(default_factory=dict)  # intent → job, once submitted
    doubted: bool = False

    # --- users

    def wish(self, intent: int, action: str) -> None:
        self.intents[intent] = action
        self.known = replace(self.known, task=ACTIONS[action].task)

    # --- events

    @staticmethod
    def report(message: Message) -> Report:
        return Report(message.job.operation, message.status, (message.job.id, 0, 4), message.error)

    def deliver(self, message: Message) -> None:
        report, intent = self.report(message), message.job.intent
        if report.conclusive and intent in self.intents:
            report = replace(report, action=self._end(intent, message.status.value))
        self.take(server_reports.of_report(self.known, report))

    def _end(self, intent: int, how: str) -> str:
        assert intent not in self.ends, "an intent ends once"
        self.ends[intent] = how
        return self.intents.pop(intent)

    def take(self, verdict: Verdict) -> None:
        """What `observations/servers.py` does with rows."""
        before = self.known.state
        self.known = server_reports.after(self.known, verdict)
        self.doubted |= verdict.doubt
        assert not (before is ServerState.DELETED and self.known.state is not before)
        if verdict.charge is not None:
            self._charge(verdict.charge)
        if verdict.state is ServerState.DELETED:
            for intent in list(self.intents):
                self._end(intent, "gone")

    def _charge(self, charge: Charge) -> None:
        match charge:
            case Charge.ACCEPT:
                assert self.charged == "issued"
                self.charged = "accepted"
            case Charge.AGAIN:
                assert self.charged == "none", "nothing is charged twice"
                self.charged = "accepted"
            case Charge.REJECT | Charge.RELEASE:
                self.charged = "none"

    # --- looks

    def look(self, backend: Backend) -> Look:
        """As `reconciler/looking.py` reads both sides."""
        if self.known.state is ServerState.DELETED:
            return Look([], self.known.seen)
        expected = drift.Expected(
            SERVER,
            self.known.state,
            self.known.placed,
            busy=bool(self.intents),
            removing=any(
                action == "delete" and intent in self.jobs
                for intent, action in self.intents.items()
            ),
            task=self.known.task,
        )
        actual = {SERVER: drift.Actual(SERVER, backend.running)} if backend.exists else {}
        return Look(drift.compare([expected], actual), self.known.seen)

    def repair(self, look: Look) -> None:
        """As `reconciler/repairing.py` does; what was heard meanwhile wins."""
        for one in look.drifts:
            match one.kind, one.state:
                case Kind.STALE, _:
                    self.take(server_reports.of_absence(self.known, look.seen))
                case Kind.LOST_BUILD, ServerState.ERROR:
                    self._lost()
                case Kind.TASK, _:
                    self.take(server_reports.of_idle(self.known, busy=bool(self.intents)))
                case _, ServerState() as state:
                    busy = bool(self.intents)
                    self.take(server_reports.of_look(self.known, state, look.seen, busy=busy))

    def _lost(self) -> None:
        verdict = server_reports.of_failed_build(self.known, "lost", placed=False)
        self.take(verdict)
        if verdict.writes:
            for intent in [one for one, action in self.intents.items() if action == "create"]:
                self.take(server_reports.of_end(self.known, self._end(intent, "lost")))

    def settle(self, backend: Backend, forgotten: set[int]) -> None:
        """As `reconciler/overdue.py` asks for the jobs of intents that have not ended."""
        for intent, job in list(self.jobs.items()):
            if intent not in self.intents:
                continue
            ended = None if job in forgotten else backend.ended.get(job)
            if ended is not None and self.report(ended).conclusive:
                self.deliver(ended)
            elif ended is not None or job in forgotten:
                self._without_job(intent, backend)

    def _without_job(self, intent: int, backend: Backend) -> None:
        action = self.intents[intent]
        match server_reports.of_forgotten_job(self.known, action, exists=backend.exists):
            case Forgotten.LOST:
                self._lost()
            case Forgotten.GONE:
                self.take(server_reports.of_absence(self.known))
            case Forgotten.DONE | Forgotten.UNKNOWN as how:
                self.take(server_reports.of_end(self.known, self._end(intent, how.value)))

    def give_up(self, which: int) -> None:
        """As `reconciler/deadlines.py` does; the job, if there is one, goes on."""
        if self.intents:
            intent = sorted(self.intents)[which % len(self.intents)]
            action = self._end(intent, "given up")
            self.take(server_reports.of_overrun(self.known, action, "it takes too long"))

    def turn(self, backend: Backend, forgotten: set[int] | None = None) -> list[Drift]:
        """A whole turn of the reconciler; what it found."""
        self.settle(backend, forgotten or set())
        look = self.look(backend)
        self.repair(look)
        return look.drifts


def new() -> Frontend:
    """A server whose creation was just recorded."""
    known = Known(ServerState.BUILD, task=ServerTask.SPAWNING, placed=True)
    return Frontend(known, intents={0: "create"}, jobs={0: 1})


def at_rest(frontend: Frontend, backend: Backend) -> None:
    """What must hold when things have calmed down: the database is as the backend."""
    state = frontend.known.state
    if backend.exists and state is not ServerState.DELETED:
        allowed = {ServerState.ACTIVE} if backend.running else {ServerState.STOPPED}
        if not backend.running:
            allowed.add(ServerState.ERROR)  # What a failed build left lies there stopped.
        assert state in allowed
    elif not backend.exists:
        assert state in {ServerState.DELETED, ServerState.ERROR}
    assert not frontend.intents
    assert frontend.known.task is None
    charged = state in {ServerState.ACTIVE, ServerState.STOPPED}
    assert frontend.charged == ("accepted" if charged else "none")
