"""One line in the master's log for what a client has done, the same through either door.

The door itself stands in the job's reason trail. What a client of the remote API gave as its
reason stands beside the line: with it one request is followed from a frontend to its job.
"""

import logging
from collections.abc import Sequence

from prometheus_client import Counter

from ganeti_backend.opcodes import OpCode
from ganeti_backend.telemetry import logs

log = logging.getLogger("ganeti_backend.clients")

USER_SOURCE = "gnt:user"
SUBMITTED = Counter(
    "ganeti_opcodes_submitted_total", "Opcodes of jobs that were taken in, by name.", ("opcode",)
)


def submitted(job_id: int, ops: Sequence[OpCode], who: str) -> None:
    """A job was taken in."""
    for op in ops:
        SUBMITTED.labels(op.OP_ID).inc()
    facts = logs.about(job=job_id, reason=_said(ops))
    log.info("job %d: %s by %s", job_id, ", ".join(op.summary for op in ops), who, extra=facts)


def asked(job_id: int, what: str, who: str, answer: str) -> None:
    """Something was asked of a job, and the answer."""
    log.info("job %d: %s by %s: %s", job_id, what, who, answer)


def _said(ops: Sequence[OpCode]) -> str | None:
    """The reason that the client gave, if any."""
    trail = ops[0].reason if ops else ()
    return next((str(text) for source, text, _ in trail if source == USER_SOURCE and text), None)
