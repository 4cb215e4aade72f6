"""gnt-debug: try the machinery: wait on purpose, submit opcodes from files, look at locks."""

import argparse
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from ganeti_backend.cli import debug_iallocator, following, listing, queue_trial, running
from ganeti_backend.cli.program import FAILURE, SUCCESS, USAGE, Command, Failure, Program, Session

LOCK_FIELDS = "name,mode,owner,pending"


def _configure_delay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("duration", type=float, metavar="SECONDS")
    parser.add_argument("--no-master", action="store_true", help="do not wait on the master")
    parser.add_argument("-n", "--node", action="append", default=[], metavar="NODE")
    parser.add_argument("-r", "--repeat", type=int, default=0, help="do it so often")
    parser.add_argument("-l", "--no-locks", action="store_true", help="take no locks")
    parser.add_argument(
        "-i", "--interruptible", action="store_true", help="may be canceled while it runs"
    )
    following.add_submit_options(parser)


def _delay(args: argparse.Namespace, session: Session) -> int:
    op = following.opcode(
        "OP_TEST_DELAY",
        args,
        session,
        duration=args.duration,
        on_master=not args.no_master,
        on_nodes=args.node,
        repeat=args.repeat,
        interruptible=args.interruptible,
        no_locks=args.no_locks,
    )
    return following.run(args, session, op)


def _configure_submit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="a list of opcodes")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="print the jobs and their progress"
    )
    parser.add_argument("--timing-stats", action="store_true", help="print how long it took")
    parser.add_argument("--job-repeat", type=int, default=1, metavar="N")
    parser.add_argument("--op-repeat", type=int, default=1, metavar="N")
    parser.add_argument("--each", action="store_true", help="submit the jobs one by one")


def _submit(args: argparse.Namespace, session: Session) -> int:
    jobs = [_opcodes(path) * args.op_repeat for path in args.files] * args.job_repeat
    begun = time.monotonic()
    if args.each:
        ids = [session.call("SubmitJob", ops=ops) for ops in jobs]
    else:
        ids = session.call("SubmitManyJobs", jobs=jobs)
    submitted = time.monotonic()
    if args.verbose:
        print(f"Submitted jobs {', '.join(map(str, ids))}", flush=True)
    code = SUCCESS
    for job_id in ids:
        try:
            following.follow(session, job_id, quiet=not args.verbose)
        except following.JobFailed as error:
            print(f"Job {job_id}: {error}", file=sys.stderr)
            code = FAILURE
    if args.timing_stats:
        ended = time.monotonic()
        print(f"C:op     {sum(map(len, jobs)):>8}")
        print(f"C:job    {len(jobs):>8}")
        print(f"T:submit {submitted - begun:>8.3f}")
        print(f"T:exec   {ended - submitted:>8.3f}")
        print(f"T:total  {ended - begun:>8.3f}")
    return code


def _opcodes(path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(path.read_text())
    except OSError as error:
        raise Failure(f"Cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise Failure(f"{path} is not JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(op, dict) for op in found):
        raise Failure(f"{path} does not hold a list of opcodes")
    return found


def _configure_locks(parser: argparse.ArgumentParser) -> None:
    listing.add_list_options(parser, LOCK_FIELDS)
    parser.add_argument("--interval", type=float, metavar="SECONDS", help="list again and again")


def _locks(args: argparse.Namespace, session: Session) -> int:
    if args.interval is not None and args.interval <= 0:
        raise Failure("--interval must be more than nothing.", USAGE)
    fields = listing.chosen(args.output, LOCK_FIELDS)
    pause = threading.Event()
    while True:
        answer = session.call("Query", resource="lock", names=fields, qfilter=None)
        listing.show(args, answer)
        if args.interval is None:
            return SUCCESS
        sys.stdout.flush()
        pause.wait(args.interval)
        print()


COMMANDS = (
    Command(("delay",), "wait on the master and on nodes", _configure_delay, _delay),
    Command(("submit-job",), "submit opcodes from files", _configure_submit, _submit),
    Command(("locks",), "show who holds locks and who waits", _configure_locks, _locks),
    *debug_iallocator.COMMANDS,
    Command(("test-jobqueue",), "try the job queue", queue_trial.configure, queue_trial.run),
)
PROGRAM = Program("gnt-debug", "trying the machinery", COMMANDS)


def main() -> int:
    """The console script."""
    return running.main(PROGRAM)


if __name__ == "__main__":
    sys.exit(main())
