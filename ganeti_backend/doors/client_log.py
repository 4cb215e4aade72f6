"""One line in the master's log for what a client has done, the same through either door.

The door itself stands in the job's reason trail.
"""

import logging
from collections.abc import Sequence

from ganeti_backend.opcodes import OpCode

log = logging.getLogger("ganeti_backend.clients")


def submitted(job_id: int, ops: Sequence[OpCode], who: str) -> None:
    """A job was taken in."""
    log.info("job %d: %s by %s", job_id, ", ".join(op.summary for op in ops), who)


def asked(job_id: int, what: str, who: str, answer: str) -> None:
    """Something was asked of a job, and the answer."""
    log.info("job %d: %s by %s: %s", job_id, what, who, answer)
