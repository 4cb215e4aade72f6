"""gnt-job: look at jobs, follow, cancel, hurry and archive them."""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from ganeti_backend.cli import following, listing, progress, report, running
from ganeti_backend.cli.program import (
    FAILURE,
    NOT_CONFIRMED,
    SUCCESS,
    USAGE,
    Command,
    Failure,
    Program,
    Session,
    confirm,
    refusal,
)

INFO_FIELDS = (
    "id", "status", "received_ts", "start_ts", "end_ts", "priority", "archived", "ops",
    "opresult", "opstatus", "oplog", "opstart", "opexec", "opend",
)  # fmt: skip
AGES = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
QUEUED, WAITING = ("queued",), ("waiting",)
SELECTIONS = {
    "queued": QUEUED,
    "waiting": WAITING,
    "pending": (*QUEUED, *WAITING, "canceling"),
    "running": ("running",),
    "error": ("error",),
    "finished": ("canceled", "success", "error"),
}
CHOSEN = ("pending", "queued", "waiting")
DEFAULT = "id,status,summary"


def _one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", type=int, metavar="JOB")


def _several(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("jobs", type=int, nargs="+", metavar="JOB")


def _any(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("jobs", type=int, nargs="*", metavar="JOB")


def _configure_info(parser: argparse.ArgumentParser) -> None:
    _any(parser)
    report.add_json_option(parser)


def _add_selections(parser: argparse.ArgumentParser, names: tuple[str, ...]) -> None:
    group = parser.add_mutually_exclusive_group()
    for name in names:
        group.add_argument(
            f"--{name}", dest="selection", action="store_const", const=name,
            help=f"jobs that are {' or '.join(SELECTIONS[name])}",
        )  # fmt: skip


# Looking.


def _listing() -> tuple[Command, ...]:
    """The list every kind of object has, and more ways to choose."""
    plain, fields = listing.commands("job", DEFAULT, key="id", noun="JOB")

    def configure(parser: argparse.ArgumentParser) -> None:
        plain.configure(parser)
        _add_selections(parser, tuple(SELECTIONS))
        parser.add_argument("--archived", action="store_true", help="also archived jobs")

    def run(args: argparse.Namespace, session: Session) -> int:
        parts = [f"({args.filter})"] if args.filter else []
        if args.selection:
            wanted = " or ".join(f'status == "{status}"' for status in SELECTIONS[args.selection])
            parts.append(f"({wanted})")
        if args.archived:
            # Naming the field lets the master look into the archive.
            parts.append("(archived or not archived)")
        args.filter = " and ".join(parts) or None
        return plain.run(args, session)

    return Command(plain.names, plain.help, configure, run), fields


def _query(session: Session, job_id: int) -> dict[str, Any] | None:
    """All about a job, or nothing of one that nobody knows."""
    qfilter = ["=", "id", job_id]
    answer = session.call("Query", resource="job", names=INFO_FIELDS, qfilter=qfilter)
    values = answer["data"][0]
    if values[INFO_FIELDS.index("status")][0] != listing.NORMAL:
        return None
    return dict(zip(INFO_FIELDS, (value for _status, value in answer["data"][0]), strict=True))


def _info(args: argparse.Namespace, session: Session) -> int:
    wanted = args.jobs or [row["id"] for row in _jobs(session, None)]
    found = [_query(session, job_id) for job_id in wanted]
    if args.json:
        return report.as_json([job for job in found if job is not None])
    for job_id, job in zip(wanted, found, strict=True):
        if job is None:
            print(f"- Job ID {job_id} not found")
            continue
        described = {
            "Job ID": job_id,
            "Status": job["status"],
            "Archived": job["archived"],
            "Received": listing.moment(job["received_ts"]),
            "Processing start": listing.moment(job["start_ts"]),
            "Processing end": listing.moment(job["end_ts"]),
            "Total processing time": _duration(job["received_ts"], job["end_ts"]),
            "Opcodes": [_opcode(job, index) for index in range(len(job["ops"]))],
        }
        print("\n".join(report.lines([described])))
    return SUCCESS


def _opcode(job: dict[str, Any], index: int) -> dict[str, Any]:
    given = dict(job["ops"][index])
    return {
        given.pop("OP_ID"): {
            "Status": job["opstatus"][index],
            "Processing start": listing.moment(job["opstart"][index]),
            "Execution start": listing.moment(job["opexec"][index]),
            "Processing end": listing.moment(job["opend"][index]),
            "Input fields": {
                name: listing.flat(value)
                for name, value in sorted(given.items())
                if name != "reason"
            },
            "Reason": [f"{e[0]} {e[1]}".rstrip() for e in given.get("reason", ())],
            "Result": job["opresult"][index],
            "Execution log": [progress.log_line(entry) for entry in job["oplog"][index]],
        }
    }


def _duration(start: Any, end: Any) -> str:
    if not start or not end:
        return "-"
    return f"{end[0] - start[0] + (end[1] - start[1]) / 1e6:.3f} seconds"


def _watch(args: argparse.Namespace, session: Session) -> int:
    print(f"Output from job {args.job} follows", flush=True)
    print("-" * 30, flush=True)
    results = following.follow(session, args.job)
    print(f"Job {args.job} succeeded: {listing.flat(results)}")
    return SUCCESS


def _wait(args: argparse.Namespace, session: Session) -> int:
    code = SUCCESS
    for job_id in args.jobs:
        try:
            following.follow(session, job_id, quiet=True)
        except following.JobFailed as error:
            print(f"Job {job_id}: {error}", file=sys.stderr)
            code = FAILURE
    return code


# Changing.


def _jobs(session: Session, selection: str | None) -> list[dict[str, Any]]:
    """The jobs of a selection, as rows of id, status and summary."""
    wanted = [["=", "status", status] for status in SELECTIONS[selection]] if selection else []
    names = DEFAULT.split(",")
    qfilter = ["|", *wanted] if wanted else None
    answer = session.call("Query", resource="job", names=names, qfilter=qfilter)
    return [dict(zip(names, (v for _s, v in row), strict=True)) for row in answer["data"]]


def _chosen(args: argparse.Namespace, session: Session, act: str) -> list[int]:
    """The named jobs, or after a question those of the selection."""
    if bool(args.jobs) == bool(args.selection):
        raise Failure("Give either job IDs or one of --pending, --queued, --waiting.", USAGE)
    if args.jobs:
        return list(args.jobs)
    found = _jobs(session, args.selection)
    if not found:
        raise refusal("No jobs with the requested status have been found", "wrong_state")
    for job in found:
        print(f"{job['id']} {job['status']} {listing.flat(job['summary'])}")
    confirm(f"{act} job(s) listed above?", agreed=args.force, code=NOT_CONFIRMED)
    return [job["id"] for job in found]


def _each(jobs: list[int], ask: Callable[[int], Any]) -> int:
    """Ask for each job; what could not be done goes to standard error."""
    code = SUCCESS
    for job_id in jobs:
        done, text = ask(job_id)
        print(text, file=sys.stdout if done else sys.stderr)
        code = code if done else FAILURE
    return code


def _configure_cancel(parser: argparse.ArgumentParser) -> None:
    _any(parser)
    _add_selections(parser, CHOSEN)
    parser.add_argument("-f", "--force", "--yes-do-it", action="store_true", help="do not ask")
    parser.add_argument(
        "--kill", action="store_true", help="ask running jobs to stop at their next safe point"
    )


def _cancel(args: argparse.Namespace, session: Session) -> int:
    jobs = _chosen(args, session, "Cancel")
    return _each(jobs, lambda job: session.call("CancelJob", job_id=job, kill=args.kill))


def _configure_priority(parser: argparse.ArgumentParser) -> None:
    _any(parser)
    _add_selections(parser, CHOSEN)
    parser.add_argument("-f", "--force", action="store_true", help="do not ask")
    # Ganeti knows the three words; any number that the queue understands is taken as well.
    parser.add_argument("--priority", required=True, metavar="low|normal|high|-20…19")


def _change_priority(args: argparse.Namespace, session: Session) -> int:
    priority = following.PRIORITIES.get(args.priority)
    if priority is None:
        try:
            priority = int(args.priority)
        except ValueError:
            text = f"'{args.priority}' is no priority such as low, normal, high or a number."
            raise Failure(text, USAGE) from None
    jobs = _chosen(args, session, "Change priority of")
    return _each(jobs, lambda job: session.call("ChangeJobPriority", job_id=job, priority=priority))


def _archive(args: argparse.Namespace, session: Session) -> int:
    code = SUCCESS
    for job_id in args.jobs:
        if not session.call("ArchiveJob", job_id=job_id):
            print(f"Failed to archive job {job_id}: is it finished?", file=sys.stderr)
            code = FAILURE
    return code


def _configure_autoarchive(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("age", metavar="AGE", help="'all', or older than 30s, 10m, 6h, 2d, 1w")


def _autoarchive(args: argparse.Namespace, session: Session) -> int:
    archived, left = session.call("AutoArchiveJobs", age=_age(args.age))
    print(f"Archived {archived} jobs, {left} unchecked left")
    return SUCCESS


def _age(text: str) -> float:
    if text == "all":
        return -1.0
    number, unit = (text[:-1], text[-1]) if text[-1:] in AGES else (text, "s")
    if not number.isdigit():
        raise Failure(f"'{text}' is not an age such as 'all', 30s or 6h.", USAGE)
    return float(int(number) * AGES[unit])


PROGRAM = Program(
    "gnt-job",
    "the jobs of the cluster",
    (
        *_listing(),
        Command(("info", "show"), "print everything about jobs", _configure_info, _info),
        Command(("watch",), "follow a job's log until its end", _one, _watch),
        Command(("wait",), "wait for the end of jobs", _several, _wait),
        Command(("cancel",), "cancel jobs that do not run yet", _configure_cancel, _cancel),
        Command(
            ("change-priority",),
            "make jobs more or less urgent",
            _configure_priority,
            _change_priority,
        ),
        Command(("archive",), "archive finished jobs", _several, _archive),
        Command(("autoarchive",), "archive old jobs", _configure_autoarchive, _autoarchive),
    ),
)


def main() -> int:
    """The console script."""
    return running.main(PROGRAM)


if __name__ == "__main__":
    sys.exit(main())
