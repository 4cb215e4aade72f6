"""Fields of jobs. Their values come from `queue.jobs`, as those of waiting clients do."""

from typing import Any

from ganeti_backend.queries.fields import Field, Kind, Table
from ganeti_backend.queue import jobs
from ganeti_backend.queue.jobs import Job

DESCRIPTIONS = {
    "id": ("ID", Kind.NUMBER, "Job ID"),
    "status": ("Status", Kind.TEXT, "Job status"),
    "priority": ("Priority", Kind.NUMBER, "Current job priority (-20 to 19)"),
    "archived": ("Archived", Kind.BOOL, "Whether job is archived"),
    "ops": ("OpCodes", Kind.OTHER, "List of all opcodes"),
    "opresult": ("OpCode_result", Kind.OTHER, "List of opcodes results"),
    "opstatus": ("OpCode_status", Kind.OTHER, "List of opcodes status"),
    "oplog": ("OpCode_log", Kind.OTHER, "List of opcode output logs"),
    "opstart": (
        "OpCode_start",
        Kind.OTHER,
        "List of opcode start timestamps (before acquiring locks)",
    ),
    "opexec": ("OpCode_exec", Kind.OTHER, "List of opcode execution start timestamps"),
    "opend": ("OpCode_end", Kind.OTHER, "List of opcode execution end timestamps"),
    "oppriority": ("OpCode_prio", Kind.OTHER, "List of opcode priorities"),
    "summary": ("Summary", Kind.OTHER, "List of per-opcode summaries"),
    "received_ts": ("Received", Kind.OTHER, "Timestamp of when job was received"),
    "start_ts": ("Start", Kind.OTHER, "Timestamp of job start"),
    "end_ts": ("End", Kind.OTHER, "Timestamp of job end"),
}
BULK = ("id", "ops", "status", "summary", "opstatus", "received_ts", "start_ts", "end_ts")
SINGLE = (*BULK, "oplog", "opresult")
# Ganeti shows these even where they are not set; other optional fields of an opcode are left out.
ALWAYS_SHOWN = frozenset({"depends", "comment"})


def shown_ops(job: Job, _snapshot: Any = None) -> list[dict[str, Any]]:
    """The opcodes as queries show them: without the optional fields that were not set."""
    return [
        {k: v for k, v in op.input.to_dict().items() if v is not None or k in ALWAYS_SHOWN}
        for op in job.ops
    ]


def _get(name: str) -> Any:
    if name == "ops":
        return shown_ops
    read = jobs.FIELDS[name]
    return lambda job, _snapshot: read(job)


TABLE: Table[Job] = Table(
    [Field(name, *described, _get(name)) for name, described in DESCRIPTIONS.items()],
    bulk=BULK,
    key="id",
)


def show_one(job: Job | None, job_id: int) -> dict[str, Any]:
    """One job as the remote API shows it; of a job nobody knows everything but the id is null."""
    if job is None:
        return {**dict.fromkeys(SINGLE), "id": job_id}
    return {name: TABLE.fields[name].get(job, None) for name in SINGLE}
