"""Jobs as frozen values: Ganeti's JSON, the status computed from the opcodes, the legal steps.

Nothing here touches a file or a thread: `job_queue` stores these, `processor` moves them on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from ganeti_backend import errors, opcodes

Timestamp = tuple[int, int]  # seconds, microseconds
LogEntry = tuple[int, Timestamp, str, Any]  # serial, when, type, message

LOG_MESSAGE = "message"
INTERRUPTED = "interrupted by a restart of the master"


class JobStatus(StrEnum):
    QUEUED = "queued"
    WAITING = "waiting"
    CANCELING = "canceling"
    RUNNING = "running"
    CANCELED = "canceled"
    SUCCESS = "success"
    ERROR = "error"


FINALIZED = frozenset({JobStatus.CANCELED, JobStatus.SUCCESS, JobStatus.ERROR})
UNFINISHED = frozenset(JobStatus) - FINALIZED


def timestamp(nanoseconds: int) -> Timestamp:
    return nanoseconds // 1_000_000_000, nanoseconds // 1000 % 1_000_000


def calculate_status(statuses: Sequence[JobStatus]) -> JobStatus:
    """The job's status from its opcodes': the first bad one wins, else the last one under way."""
    status = JobStatus.QUEUED
    for current in statuses:
        if current in (JobStatus.CANCELING, JobStatus.CANCELED, JobStatus.ERROR):
            return current
        if current in (JobStatus.WAITING, JobStatus.RUNNING):
            status = current
    if statuses and all(current == JobStatus.SUCCESS for current in statuses):
        return JobStatus.SUCCESS
    return status


@dataclass(frozen=True, kw_only=True)
class Op:
    """One opcode of a job with what became of it."""

    input: opcodes.OpCode
    status: JobStatus = JobStatus.QUEUED
    result: Any = None
    log: tuple[LogEntry, ...] = ()
    priority: int = 0
    start_timestamp: Timestamp | None = None
    exec_timestamp: Timestamp | None = None
    end_timestamp: Timestamp | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "input": self.input.to_dict(),
            "status": self.status.value,
            "result": self.result,
            "log": self.log,
            "start_timestamp": self.start_timestamp,
            "exec_timestamp": self.exec_timestamp,
            "end_timestamp": self.end_timestamp,
            "priority": self.priority,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            input=opcodes.from_dict(data["input"]),
            status=JobStatus(data["status"]),
            result=data["result"],
            log=tuple((entry[0], stamp(entry[1]), entry[2], entry[3]) for entry in data["log"]),
            priority=data["priority"],
            start_timestamp=stamp(data["start_timestamp"]),
            exec_timestamp=stamp(data["exec_timestamp"]),
            end_timestamp=stamp(data["end_timestamp"]),
        )


def stamp(value: Any) -> Any:
    return None if value is None else (int(value[0]), int(value[1]))


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job. `livelock` and `process_id` appear in the file once a process took it on."""

    id: int
    ops: tuple[Op, ...]
    received_timestamp: Timestamp
    start_timestamp: Timestamp | None = None
    end_timestamp: Timestamp | None = None
    livelock: str | None = None
    process_id: int | None = None
    archived: bool = False

    @property
    def status(self) -> JobStatus:
        return calculate_status([op.status for op in self.ops])

    @property
    def finalized(self) -> bool:
        return self.status in FINALIZED

    @property
    def priority(self) -> int:
        """The most urgent of the opcodes that are not done; 0 for a finished job."""
        return min((op.priority for op in self.ops if op.status not in FINALIZED), default=0)

    @property
    def log_serial(self) -> int:
        """The serial number of the newest log entry, counted over the whole job."""
        return max((op.log[-1][0] for op in self.ops if op.log), default=0)

    @property
    def summary(self) -> list[str]:
        return [op.input.summary.removeprefix("OP_") for op in self.ops]

    def with_op(self, index: int, **changes: Any) -> Job:
        ops = list(self.ops)
        ops[index] = dataclasses.replace(ops[index], **changes)
        return dataclasses.replace(self, ops=tuple(ops))

    def replace(self, **changes: Any) -> Job:
        return dataclasses.replace(self, **changes)

    def logged(self, index: int, now: Timestamp, kind: str, message: Any) -> Job:
        entry: LogEntry = (self.log_serial + 1, now, kind, message)
        return self.with_op(index, log=(*self.ops[index].log, entry))

    def ended(self, index: int, now: Timestamp, status: JobStatus, result: Any) -> Job:
        """The opcode is over. After a bad end the later ones end the same way without running."""
        job = self.with_op(index, status=status, result=result, end_timestamp=now)
        if status != JobStatus.SUCCESS:
            for later in range(index + 1, len(job.ops)):
                job = job.with_op(later, status=status, result=result, end_timestamp=now)
        if job.status in FINALIZED:
            job = job.replace(end_timestamp=now)
        return job

    def canceling(self) -> Job:
        """Asked to stop, and not there yet."""
        job = self
        for index, op in enumerate(self.ops):
            if op.status not in FINALIZED:
                job = job.with_op(index, status=JobStatus.CANCELING)
        return job

    def canceled(self, now: Timestamp) -> Job:
        """Every opcode that is not done is canceled."""
        if self.finalized:
            return self
        job = self
        for index, op in enumerate(self.ops):
            if op.status not in FINALIZED:
                job = job.with_op(index, status=JobStatus.CANCELED, end_timestamp=now)
        return job.replace(end_timestamp=now)

    def interruptions(self, index: int) -> int:
        """How often this opcode was cut short by the end of the master."""
        texts = (entry[3] for entry in self.ops[index].log)
        return sum(isinstance(text, str) and text.startswith(INTERRUPTED) for text in texts)

    def to_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "id": self.id,
            "ops": [op.to_dict() for op in self.ops],
            "start_timestamp": self.start_timestamp,
            "end_timestamp": self.end_timestamp,
            "received_timestamp": self.received_timestamp,
        }
        if self.process_id is not None:
            data["livelock"] = self.livelock
            data["process_id"] = self.process_id
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            id=int(data["id"]),
            ops=tuple(Op.from_dict(op) for op in data["ops"]),
            received_timestamp=stamp(data["received_timestamp"]),
            start_timestamp=stamp(data["start_timestamp"]),
            end_timestamp=stamp(data["end_timestamp"]),
            livelock=data.get("livelock"),
            process_id=data.get("process_id"),
        )


def new_job(job_id: int, ops: Sequence[opcodes.OpCode], nanoseconds: int) -> Job:
    """A queued job; each opcode's reason trail gets the queue's entry."""
    if not ops:
        raise errors.GenericError("A job needs at least one opcode")
    wrapped = []
    for index, op in enumerate(ops):
        source = f"gnt:opcode:{op.OP_ID.removeprefix('OP_').lower()}"
        entry = [source, f"job={job_id};index={index}", nanoseconds]
        wrapped.append(Op(input=op.replace(reason=[*op.reason, entry]), priority=op.priority))
    return Job(id=job_id, ops=tuple(wrapped), received_timestamp=timestamp(nanoseconds))


FIELDS: dict[str, Any] = {
    "id": lambda job: job.id,
    "status": lambda job: job.status.value,
    "priority": lambda job: job.priority,
    "archived": lambda job: job.archived,
    "ops": lambda job: [op.input.to_dict() for op in job.ops],
    "opresult": lambda job: [op.result for op in job.ops],
    "opstatus": lambda job: [op.status.value for op in job.ops],
    "oplog": lambda job: [[list(entry) for entry in op.log] for op in job.ops],
    "opstart": lambda job: [op.start_timestamp for op in job.ops],
    "opexec": lambda job: [op.exec_timestamp for op in job.ops],
    "opend": lambda job: [op.end_timestamp for op in job.ops],
    "oppriority": lambda job: [op.priority for op in job.ops],
    "summary": lambda job: job.summary,
    "received_ts": lambda job: job.received_timestamp,
    "start_ts": lambda job: job.start_timestamp,
    "end_ts": lambda job: job.end_timestamp,
}


def field_values(job: Job, fields: Sequence[str]) -> list[Any]:
    """The named fields; an unknown one is refused as Ganeti's queries refuse it."""
    unknown = [name for name in fields if name not in FIELDS]
    if unknown:
        text = f"Unknown output fields selected: {','.join(unknown)}"
        raise errors.OpPrereqError(text, errors.ECODE_INVAL)
    return [listed(FIELDS[name](job)) for name in fields]


def listed(value: Any) -> Any:
    """Tuples as lists, so that a comparison with values that came as JSON is fair."""
    if isinstance(value, (list, tuple)):
        return [listed(item) for item in value]
    return value
