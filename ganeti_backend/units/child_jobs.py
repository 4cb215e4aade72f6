"""Jobs that an opcode makes: submitted once, whatever cuts the opcode short.

A child carries its parent's reason trail, whose last entry names the parent's job and opcode. That
is how an opcode that runs again after a crash finds what it had submitted already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ganeti_backend import errors, opcodes
from ganeti_backend.queue.jobs import Job
from ganeti_backend.units.base import Unit

Submitted = list[list[Any]]  # [True, job id] or [False, why not]


def submit(unit: Unit[Any], wanted: Sequence[Sequence[opcodes.OpCode]]) -> dict[str, Submitted]:
    """Make these jobs and answer as Ganeti does; the answer is also the opcode's receipt."""
    known = children(unit) if unit.job.again else []
    have = {subject(op) for job in known for op in (item.input for item in job.ops)}
    missing = [ops for ops in wanted if not any(subject(op) in have for op in ops)]
    made: Submitted = [[True, job.id] for job in known]
    made += _submitted(unit, [[_with_trail(unit, op) for op in ops] for ops in missing])
    result = {"jobs": made}
    unit.config.commit(receipt=unit.job.receipt(result))
    return result


def children(unit: Unit[Any]) -> list[Job]:
    """The live jobs that this opcode has made before."""
    mark = f"job={unit.job.job_id};index={unit.job.op_index}"
    return sorted(
        (job for job in unit.reach.jobs() if job.id > unit.job.job_id and _marked(job, mark)),
        key=lambda job: job.id,
    )


def subject(op: opcodes.OpCode) -> tuple[str, str | None]:
    """What makes two opcodes the same wish: a second one would do the same thing again."""
    return op.OP_ID if op.target is None else "", op.target


def _marked(job: Job, mark: str) -> bool:
    # The queue's own entry of a child names the child itself, so this finds its parent's only.
    return any(len(entry) > 1 and entry[1] == mark for op in job.ops for entry in op.input.reason)


def _with_trail(unit: Unit[Any], op: opcodes.OpCode) -> opcodes.OpCode:
    return op.replace(reason=[*unit.op.reason, *op.reason], priority=unit.op.priority)


def _submitted(unit: Unit[Any], jobs: Sequence[Sequence[opcodes.OpCode]]) -> Submitted:
    if not jobs:
        return []
    try:
        return [[True, job_id] for job_id in unit.reach.submit(jobs)]
    except errors.JobQueueError as error:
        return [[False, error.message] for _ in jobs]
