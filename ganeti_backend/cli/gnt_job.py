"""gnt-job: look at jobs, follow, cancel and archive them."""

import argparse
import sys
from typing import Any

from ganeti_backend.cli import following, listing, report
from ganeti_backend.cli.program import (
    FAILURE,
    SUCCESS,
    USAGE,
    Command,
    Failure,
    Program,
    Session,
)

INFO_FIELDS = (
    "id", "status", "received_ts", "start_ts", "end_ts", "priority", "archived", "ops",
    "opresult", "opstatus", "oplog", "opstart", "opexec", "opend",
)  # fmt: skip
AGES = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def _one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", type=int, metavar="JOB")


def _several(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("jobs", type=int, nargs="+", metavar="JOB")


def _query(session: Session, job_id: int) -> dict[str, Any]:
    qfilter = ["=", "id", job_id]
    answer = session.call("Query", resource="job", names=INFO_FIELDS, qfilter=qfilter)
    if not answer["data"]:
        raise Failure(f"Job ID {job_id} not found")
    return dict(zip(INFO_FIELDS, (value for _status, value in answer["data"][0]), strict=True))


def _info(args: argparse.Namespace, session: Session) -> int:
    for job_id in args.jobs:
        job = _query(session, job_id)
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
            "Execution log": [following.log_line(entry) for entry in job["oplog"][index]],
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


def _cancel(args: argparse.Namespace, session: Session) -> int:
    code = SUCCESS
    for job_id in args.jobs:
        done, text = session.call("CancelJob", job_id=job_id)
        print(text, file=sys.stdout if done else sys.stderr)
        code = code if done else FAILURE
    return code


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
    print(f"Archived {archived} jobs, {left} left")
    return SUCCESS


def _age(text: str) -> float:
    if text == "all":
        return 0.0
    number, unit = (text[:-1], text[-1]) if text[-1:] in AGES else (text, "s")
    if not number.isdigit():
        raise Failure(f"'{text}' is not an age such as 'all', 30s or 6h.", USAGE)
    return float(int(number) * AGES[unit])


PROGRAM = Program(
    "gnt-job",
    "the jobs of the cluster",
    (
        *listing.commands("job", "id,status,summary", key="id", noun="JOB"),
        Command(("info", "show"), "print everything about jobs", _several, _info),
        Command(("watch",), "follow a job's log until its end", _one, _watch),
        Command(("wait",), "wait for the end of jobs", _several, _wait),
        Command(("cancel",), "cancel jobs that do not run yet", _several, _cancel),
        Command(("archive",), "archive finished jobs", _several, _archive),
        Command(("autoarchive",), "archive old jobs", _configure_autoarchive, _autoarchive),
    ),
)


def main() -> int:
    """The console script."""
    return PROGRAM.main()


if __name__ == "__main__":
    sys.exit(main())
