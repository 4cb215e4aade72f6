"""gnt-debug test-jobqueue: a few jobs that wait, depend, fail and are canceled, and what they tell.

It makes failed jobs on purpose; they are of no harm and can be archived.
"""

import argparse
from collections.abc import Callable
from typing import Any

from ganeti_backend.cli import following
from ganeti_backend.cli.program import FAILURE, SUCCESS, Session

FIELDS = ["status", "opstatus", "opexec"]


def configure(_parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(_args: argparse.Namespace, session: Session) -> int:
    """Each trial prints one line."""
    code = SUCCESS
    for trial in TRIALS:
        wrong = trial(session)
        print(f"{(trial.__doc__ or '').rstrip('.')}: {wrong or 'ok'}", flush=True)
        code = FAILURE if wrong else code
    print("All is well." if code == SUCCESS else "The queue does not do what it should.")
    return code


def delay(seconds: float = 0.0, **more: Any) -> dict[str, Any]:
    return {"OP_ID": "OP_TEST_DELAY", "duration": seconds, **more}


def ended(session: Session, job_id: int) -> list[Any]:
    """Status, the opcodes' statuses and when they began, once the job is over."""
    known: Any = None
    while known is None or known[0] not in following.FINISHED:
        change = session.call(
            "WaitForJobChange", job_id=job_id, fields=FIELDS, previous_job_info=known
        )
        known = change["job_info"] if change else known
    return list(known)


def unlike(found: Any, expected: Any) -> str:
    return "" if found == expected else f"expected {expected}, found {found}"


def several_opcodes(session: Session) -> str:
    """A job of three opcodes runs them all."""
    job_id = session.call("SubmitJob", ops=[delay(), delay(), delay()])
    return unlike(ended(session, job_id)[1], ["success"] * 3)


def failing_opcode(session: Session) -> str:
    """The opcodes after one that fails are marked as failed."""
    job_id = session.call("SubmitJob", ops=[delay(), delay(on_nodes=["no.such.node"]), delay()])
    return unlike(ended(session, job_id)[1], ["success", "error", "error"])


def dependencies(session: Session) -> str:
    """Jobs of one submission wait for each other."""
    chain = [[delay(0.05)], [delay(depends=[[-1, ["success"]]])]]
    ids = session.call("SubmitManyJobs", jobs=chain)
    first, second = (ended(session, job_id) for job_id in ids)
    if (first[0], second[0]) != ("success", "success"):
        return f"they ended with {first[0]} and {second[0]}"
    return "" if first[2] < second[2] else "the second began before the first"


def unmet_dependency(session: Session) -> str:
    """A job whose dependency failed fails, or runs where that is accepted."""
    failing = [delay(on_nodes=["no.such.node"])]
    jobs = [failing, [delay(depends=[[-1, ["success"]]])], [delay(depends=[[-2, ["error"]]])]]
    ids = session.call("SubmitManyJobs", jobs=jobs)
    statuses = [ended(session, job_id)[0] for job_id in ids]
    return unlike(statuses, ["error", "error", "success"])


def canceling(session: Session) -> str:
    """A job that does not run yet can be canceled, with those that depend on it."""
    jobs = [
        [delay(30.0, interruptible=True)],
        [delay(depends=[[-1, []]])],
        [delay(depends=[[-1, ["success"]]])],
    ]
    ids = session.call("SubmitManyJobs", jobs=jobs)
    for job_id in (ids[1], ids[0]):
        session.call("CancelJob", job_id=job_id)
    return unlike([ended(session, job_id)[0] for job_id in ids], ["canceled"] * 3)


TRIALS: tuple[Callable[[Session], str], ...] = (
    several_opcodes,
    failing_opcode,
    dependencies,
    unmet_dependency,
    canceling,
)
