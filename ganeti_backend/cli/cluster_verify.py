"""gnt-cluster: verify, verify-disks and repair-disk-sizes."""

import argparse
import sys
from typing import Any

from ganeti_backend.cli import following
from ganeti_backend.cli.program import FAILURE, SUCCESS, Command, Failure, Session


def _configure_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--error-codes", action="store_true", help="lines for a script to read")
    parser.add_argument(
        "-I", "--ignore-errors", action="append", default=[], metavar="CODE",
        help="only a warning; may be given several times",
    )  # fmt: skip
    parser.add_argument("--no-nplus1-mem", action="store_true", help="do not look at N+1 memory")
    parser.add_argument("-g", "--node-group", metavar="GROUP", help="only this one")
    parser.add_argument("--debug-simulate-errors", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--verify-ssh-clutter", action="store_true", help=argparse.SUPPRESS)
    following.add_submit_options(parser)


def _verify(args: argparse.Namespace, session: Session) -> int:
    ignored = [code for codes in args.ignore_errors for code in codes.split(",") if code]
    op = following.opcode(
        "OP_CLUSTER_VERIFY",
        args,
        session,
        verbose=args.verbose,
        error_codes=args.error_codes,
        ignore_errors=ignored,
        skip_checks=["nplusone_mem"] if args.no_nplus1_mem else [],
        group_name=args.node_group,
    )
    if args.submit or args.dry_run:
        return following.run(args, session, op)
    results = children(args, session, op)
    if bad := sum(1 for result in results if result is None):
        print(f"{bad} job(s) failed while verifying the cluster.", file=sys.stderr)
    return SUCCESS if all(results) else FAILURE


def children(args: argparse.Namespace, session: Session, op: dict[str, Any]) -> list[Any]:
    """Results of the jobs that the opcode makes; None for one that failed."""
    outcomes = following.run_family(args, session, op)
    return [one["result"][0] if one["status"] == "success" else None for one in outcomes]


def _configure_disks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-g", "--node-group", metavar="GROUP", help="only this one")
    following.add_submit_options(parser)


def _verify_disks(args: argparse.Namespace, session: Session) -> int:
    op = following.opcode("OP_CLUSTER_VERIFY_DISKS", args, session, group_name=args.node_group)
    if args.submit or args.dry_run:
        return following.run(args, session, op)
    good = True
    for result in children(args, session, op):
        good = result is not None and _tell_disks(args, session, result) and good
    return SUCCESS if good else FAILURE


def _tell_disks(args: argparse.Namespace, session: Session, result: list[Any]) -> bool:
    """Say what was found, and activate what can be; false if something stays broken."""
    silent, inactive, missing = result
    good = not silent and not missing
    for node, text in silent.items():
        print(f"Error gathering data on node {node}: {text}")
    for name in inactive:
        if name in missing:
            continue
        print(f"Activating disks for instance '{name}'", flush=True)
        op = following.opcode("OP_INSTANCE_ACTIVATE_DISKS", args, session, instance_name=name)
        try:
            following.run_and_get(args, session, op)
        except Failure as error:
            print(f"Error activating disks for instance {name}: {error}", file=sys.stderr)
            good = False
    for name, places in missing.items():
        print(f"Instance {name} has missing disks:")
        for node, path in places:
            print(f"\t{node} {path}")
        print(f"'gnt-instance recreate-disks {name}' makes them anew, empty.")
    return good


def _configure_sizes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="INSTANCE", help="default: all")
    following.add_submit_options(parser)


def _repair_sizes(args: argparse.Namespace, session: Session) -> int:
    op = following.opcode("OP_CLUSTER_REPAIR_DISK_SIZES", args, session, instances=args.names)
    return following.run(args, session, op)


COMMANDS = (
    Command(("verify",), "check the cluster", _configure_verify, _verify),
    Command(("verify-disks",), "check disks and activate them", _configure_disks, _verify_disks),
    Command(
        ("repair-disk-sizes",), "correct written sizes of disks", _configure_sizes, _repair_sizes
    ),
)
