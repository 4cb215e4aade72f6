"""Submitting opcodes and following the jobs they become, as the user asked for it."""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any

from ganeti_backend.cli.program import (
    FAILURE,
    SUCCESS,
    Failure,
    Session,
)
from ganeti_backend.cli.progress import Screen
from ganeti_backend.cli.wording import describe_result

PRIORITIES = {"low": 10, "normal": 0, "high": -10}
FINISHED = frozenset({"success", "error", "canceled"})
STATES = {
    "queued": "is waiting in queue",
    "waiting": "is trying to acquire all necessary locks",
}


def add_submit_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command that makes jobs."""
    group = parser.add_argument_group("job options")
    group.add_argument("--submit", action="store_true", help="print the job's id and do not wait")
    group.add_argument("--print-jobid", action="store_true", help="first print the job's id")
    group.add_argument("--dry-run", action="store_true", help="check only, change nothing")
    group.add_argument("--priority", choices=list(PRIORITIES), help="how urgent the job is")
    group.add_argument("--reason", help="why; stays with the job")
    group.add_argument("--json", action="store_true", help="print the jobs and results as JSON")


def opcode(op_id: str, args: argparse.Namespace, session: Session, **fields: Any) -> dict[str, Any]:
    """An opcode with what the common options say of it. Fields that are None are left out."""
    trail = [["gnt:user", args.reason, time.time_ns()]] if args.reason else []
    trail.append([f"gnt:client:{session.program}", session.command, time.time_ns()])
    common: dict[str, Any] = {"OP_ID": op_id, "reason": trail}
    if args.dry_run:
        common["dry_run"] = True
    if args.priority:
        common["priority"] = PRIORITIES[args.priority]
    return common | {name: value for name, value in fields.items() if value is not None}


def run(args: argparse.Namespace, session: Session, op: dict[str, Any]) -> int:
    """Submit one opcode and follow it, unless told not to."""
    job_id = session.call("SubmitJob", ops=[op])
    if args.submit:
        return _tell([job_id], [f"JobID: {job_id}"], args.json)
    if args.print_jobid:
        print(job_id, flush=True)
    results = follow(session, job_id)
    if args.json:
        _print_json([{"id": job_id, "status": "success", "result": results}])
    return SUCCESS


def run_and_get(args: argparse.Namespace, session: Session, op: dict[str, Any]) -> Any:
    """Submit one opcode, follow it, and give its result."""
    job_id = session.call("SubmitJob", ops=[op])
    if args.print_jobid:
        print(job_id, flush=True)
    return follow(session, job_id)[0]


def run_family(
    args: argparse.Namespace, session: Session, op: dict[str, Any]
) -> list[dict[str, Any]]:
    """Run an opcode whose result names further jobs, and follow those: how each of them ended."""
    made = run_and_get(args, session, op)["jobs"]
    if submitted := [str(job_id) for good, job_id in made if good]:
        say(f"Submitted jobs {', '.join(submitted)}")
    outcomes = [_followed(session, good, found) for good, found in made]
    if args.json:
        _print_json(outcomes)
    return outcomes


def _followed(session: Session, submitted: bool, found: Any) -> dict[str, Any]:
    if not submitted:
        say(f"Not submitted: {found}")
        return {"id": None, "status": "error", "result": str(found)}
    say(f"Waiting for job {found} ...")
    try:
        return {"id": found, "status": "success", "result": follow(session, found)}
    except JobFailed as error:
        say(f"Job {found} has failed: {error}")
        return {"id": found, "status": "error", "result": str(error)}


def run_each(
    args: argparse.Namespace, session: Session, ops: Sequence[tuple[str, dict[str, Any]]]
) -> int:
    """One job for each (name, opcode); all are submitted before the first is waited for."""
    job_ids = session.call("SubmitManyJobs", jobs=[[op] for _name, op in ops])
    if args.submit:
        lines = [f"{i}: {name}" for i, (name, _op) in zip(job_ids, ops, strict=True)]
        return _tell(job_ids, lines, args.json)
    outcomes = []
    for (name, _op), job_id in zip(ops, job_ids, strict=True):
        if args.print_jobid:
            print(job_id, flush=True)
        say(f"Waiting for job {job_id} for {name} ...")
        try:
            results = follow(session, job_id)
            outcomes.append({"id": job_id, "name": name, "status": "success", "result": results})
        except JobFailed as error:
            print(f"Job {job_id} for {name} has failed: {error}", file=sys.stderr)
            outcomes.append({"id": job_id, "name": name, "status": "error", "result": str(error)})
    if args.json:
        _print_json(outcomes)
    return SUCCESS if all(o["status"] == "success" for o in outcomes) else FAILURE


class JobFailed(Failure):
    """A job ended badly."""


def follow(session: Session, job_id: int, *, quiet: bool = False) -> list[Any]:
    """Wait for a job's end, printing its log lines; the opcodes' results, or JobFailed."""
    try:
        status, results = _watch(session, job_id, quiet)
    except KeyboardInterrupt:
        raise Failure(
            f"Interrupted. Job {job_id} goes on: 'gnt-job watch {job_id}' shows it, "
            f"'gnt-job cancel {job_id}' stops it.",
            130,
        ) from None
    if status == "success":
        return list(results)
    if status == "canceled":
        raise JobFailed("Job was cancelled")
    failed = next((r for r in results if _is_error(r)), results[-1] if results else "unknown")
    raise JobFailed(describe_result(failed))


def _is_error(result: Any) -> bool:
    """A failed opcode's result is [class, [arguments]]."""
    if not (isinstance(result, list) and len(result) == 2 and isinstance(result[1], list)):
        return False
    return isinstance(result[0], str) and result[0][:1].isupper()


def _watch(session: Session, job_id: int, quiet: bool) -> tuple[str, list[Any]]:
    known: list[Any] | None = None
    serial: int | None = None
    told = ""
    screen = Screen(sys.stderr)
    while True:
        change = session.call(
            "WaitForJobChange",
            job_id=job_id,
            fields=["status", "opresult"],
            previous_job_info=known,
            previous_log_serial=serial,
            timeout=2.0 if not told else 10.0,
        )
        if change is None:
            status = known[0] if known else "queued"
            if status in STATES and told != status and not quiet:
                say(f"Job {job_id} {STATES[status]}")
                told = status
            continue
        known = change["job_info"]
        for entry in change["log_entries"] or ():
            serial = max(serial or 0, entry[0])
            if not quiet:
                screen.show(entry)
        if known and known[0] in FINISHED:
            screen.end()
            return known[0], known[1]


def say(text: str) -> None:
    """Progress goes to standard error, so that standard output holds results only."""
    print(text, file=sys.stderr, flush=True)


def _tell(job_ids: Sequence[int], lines: Sequence[str], as_json: bool) -> int:
    """Say which jobs were submitted, as scripts for Ganeti expect it."""
    if as_json:
        _print_json([{"id": job_id} for job_id in job_ids])
    else:
        print("\n".join(lines))
    return SUCCESS


def _print_json(value: Any) -> None:
    import json

    print(json.dumps(value, indent=2))


def run_and_show_changes(
    args: argparse.Namespace, session: Session, op: dict[str, Any], what: str, name: str
) -> int:
    """Run a change of a node or group whose result lists what changed, and print that."""
    if args.submit or args.json or args.dry_run:
        return run(args, session, op)
    changes = run_and_get(args, session, op)
    if changes:
        import json

        print(f"Modified {what} {name}")
        for parameter, value in changes:
            shown = json.dumps(value) if isinstance(value, (dict, list)) else value
            print(f" - {parameter:<5} -> {shown}")
    return SUCCESS
