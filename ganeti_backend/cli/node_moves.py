"""gnt-node evacuate, migrate and failover: instances leave a node."""

import argparse
from typing import Any

from ganeti_backend.cli import following
from ganeti_backend.cli.program import (
    FAILURE,
    NODE_NOT_CONFIRMED,
    NOT_CONFIRMED,
    SUCCESS,
    USAGE,
    Failure,
    Session,
    confirm,
)


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NODE")
    parser.add_argument("-f", "--force", action="store_true", help="do not ask")
    parser.add_argument("-I", "--iallocator", metavar="NAME", help="chooses the new nodes")


def configure_evacuate(parser: argparse.ArgumentParser) -> None:
    _configure(parser)
    parser.add_argument("-n", "--new-secondary", metavar="NODE")
    parser.add_argument("-p", "--primary-only", action="store_true")
    parser.add_argument("-s", "--secondary-only", action="store_true")
    parser.add_argument("--early-release", action="store_true")
    parser.add_argument("--ignore-soft-errors", action="store_true", default=None)
    following.add_submit_options(parser)


def evacuate(args: argparse.Namespace, session: Session) -> int:
    if args.primary_only and args.secondary_only:
        raise Failure("Only one of --primary-only and --secondary-only can be passed.", USAGE)
    mode = "primary-only" if args.primary_only else "all"
    if args.secondary_only or args.new_secondary:
        mode = "secondary-only"
    names = _instances(session, args.name, mode)
    if not names:
        following.say(f"No instances to evacuate on node(s) {args.name}, exiting.")
        return SUCCESS
    question = f"Relocate instance(s) {','.join(names)} from node {args.name}?"
    confirm(question, agreed=args.force or args.dry_run, code=NOT_CONFIRMED)
    op = following.opcode(
        "OP_NODE_EVACUATE",
        args,
        session,
        node_name=args.name,
        mode=mode,
        remote_node=args.new_secondary,
        iallocator=args.iallocator,
        early_release=args.early_release,
        ignore_soft_errors=args.ignore_soft_errors,
    )
    return with_jobs(args, session, op)


def _instances(session: Session, name: str, mode: str) -> list[str]:
    names = ["pinst_list", "sinst_list"]
    rows = session.call("Query", resource="node", names=names, qfilter=["=", "name", name])["data"]
    if not rows:
        raise Failure(f"There is no node '{name}'.")
    (_, primary), (_, secondary) = rows[0]
    found = {"primary-only": primary, "secondary-only": secondary}
    return list(found.get(mode, primary + secondary))


def configure_migrate(parser: argparse.ArgumentParser) -> None:
    _configure(parser)
    parser.add_argument("-n", "--target-node", metavar="NODE")
    parser.add_argument("--non-live", action="store_true")
    parser.add_argument("--migration-mode", choices=["live", "non-live"])
    parser.add_argument("--ignore-ipolicy", action="store_true")
    parser.add_argument("--no-runtime-changes", action="store_true")
    following.add_submit_options(parser)


def migrate(args: argparse.Namespace, session: Session) -> int:
    if not _instances(session, args.name, "primary-only"):
        print(f"No primary instances on node {args.name}, exiting.")
        return SUCCESS
    if args.non_live and args.migration_mode:
        raise Failure("Only one of the --non-live and --migration-mode can be given.", USAGE)
    question = f"Migrate instance(s) of node {args.name}?"
    confirm(question, agreed=args.force or args.dry_run, code=NOT_CONFIRMED)
    op = following.opcode(
        "OP_NODE_MIGRATE",
        args,
        session,
        node_name=args.name,
        mode="non-live" if args.non_live else args.migration_mode,
        target_node=args.target_node,
        iallocator=args.iallocator,
        ignore_ipolicy=args.ignore_ipolicy,
        allow_runtime_changes=not args.no_runtime_changes,
    )
    return with_jobs(args, session, op)


def configure_failover(parser: argparse.ArgumentParser) -> None:
    _configure(parser)
    parser.add_argument("--ignore-consistency", action="store_true")
    following.add_submit_options(parser)


def failover(args: argparse.Namespace, session: Session) -> int:
    """A job for each primary instance; Ganeti has no opcode for all of them either."""
    names = _instances(session, args.name, "primary-only")
    if not names:
        following.say(f"No primary instances on node {args.name}, exiting.")
        return SUCCESS
    question = f"Fail over instance(s) {','.join(names)}?"
    confirm(question, agreed=args.force or args.dry_run, code=NODE_NOT_CONFIRMED)
    jobs = [
        (
            name,
            following.opcode(
                "OP_INSTANCE_FAILOVER",
                args,
                session,
                instance_name=name,
                ignore_consistency=args.ignore_consistency,
                iallocator=args.iallocator,
            ),
        )
        for name in names
    ]
    return following.run_each(args, session, jobs)


def with_jobs(args: argparse.Namespace, session: Session, op: dict[str, Any]) -> int:
    """Run an opcode that makes jobs, then follow those; unsuccessful if any of them is."""
    if args.submit or args.dry_run:
        return following.run(args, session, op)
    outcomes = following.run_family(args, session, op)
    failed = sum(outcome["status"] != "success" for outcome in outcomes)
    if failed:
        following.say(f"There were {failed} errors during the moves.")
        return FAILURE
    following.say("All instances moved successfully.")
    return SUCCESS
