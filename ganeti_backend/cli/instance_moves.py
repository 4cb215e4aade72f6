"""gnt-instance migrate, failover, move, change-group and batch-create: instances go elsewhere."""

import argparse
import json
from typing import Any

from ganeti_backend.cli import following, node_moves
from ganeti_backend.cli.program import (
    FAILURE,
    SUCCESS,
    USAGE,
    Command,
    Failure,
    Session,
    confirm,
)

TIMEOUT = 120


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="INSTANCE")
    parser.add_argument("-f", "--force", action="store_true", help="do not ask")


def _add_place(parser: argparse.ArgumentParser) -> None:
    place = parser.add_mutually_exclusive_group()
    place.add_argument("-n", "--target-node", metavar="NODE", help="where to go")
    place.add_argument("-I", "--iallocator", metavar="NAME", help="chooses the new node")


def _ask(args: argparse.Namespace, question: str) -> None:
    confirm(question, agreed=args.force or args.dry_run)


def _configure_migrate(parser: argparse.ArgumentParser) -> None:
    _configure(parser)
    _add_place(parser)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--non-live", action="store_true", help="pause it while it is sent")
    mode.add_argument("--migration-mode", choices=["live", "non-live"])
    parser.add_argument("--cleanup", action="store_true", help="end a migration that broke")
    parser.add_argument(
        "--allow-failover", action="store_true", help="fail over if it cannot migrate"
    )
    parser.add_argument("--ignore-ipolicy", action="store_true")
    parser.add_argument("--ignore-hvversions", action="store_true")
    parser.add_argument("--no-runtime-changes", action="store_true", help="leave its memory alone")
    following.add_submit_options(parser)


def _migrate(args: argparse.Namespace, session: Session) -> int:
    if args.cleanup:
        _ask(args, f"Find out where {args.name} runs and end its broken migration. Continue?")
    else:
        _ask(args, f"{args.name} will go to another node while it runs. Continue?")
    op = following.opcode(
        "OP_INSTANCE_MIGRATE",
        args,
        session,
        instance_name=args.name,
        mode="non-live" if args.non_live else args.migration_mode,
        cleanup=args.cleanup,
        allow_failover=args.allow_failover,
        target_node=args.target_node,
        iallocator=args.iallocator,
        ignore_ipolicy=args.ignore_ipolicy,
        ignore_hvversions=args.ignore_hvversions,
        allow_runtime_changes=not args.no_runtime_changes,
    )
    return following.run(args, session, op)


def _configure_failover(parser: argparse.ArgumentParser) -> None:
    _configure(parser)
    _add_place(parser)
    parser.add_argument(
        "--ignore-consistency", action="store_true", help="also if its node or a mirror is broken"
    )
    parser.add_argument("--shutdown-timeout", type=int, default=TIMEOUT)
    parser.add_argument("--ignore-ipolicy", action="store_true")
    parser.add_argument("--cleanup", action="store_true", help="end a failover that broke")
    following.add_submit_options(parser)


def _failover(args: argparse.Namespace, session: Session) -> int:
    _ask(args, f"{args.name} will be shut down and started on another node. Continue?")
    op = following.opcode(
        "OP_INSTANCE_FAILOVER",
        args,
        session,
        instance_name=args.name,
        ignore_consistency=args.ignore_consistency,
        shutdown_timeout=args.shutdown_timeout,
        target_node=args.target_node,
        iallocator=args.iallocator,
        ignore_ipolicy=args.ignore_ipolicy,
        cleanup=args.cleanup,
    )
    return following.run(args, session, op)


def _configure_move(parser: argparse.ArgumentParser) -> None:
    _configure(parser)
    parser.add_argument(
        "-n", "--node", "--new-node", required=True, metavar="NODE", help="where to go"
    )
    parser.add_argument("--ignore-consistency", action="store_true")
    parser.add_argument("--shutdown-timeout", type=int, default=TIMEOUT)
    parser.add_argument("--compress", default="none", metavar="TOOL", help="how to send its disks")
    parser.add_argument("--ignore-ipolicy", action="store_true")
    following.add_submit_options(parser)


def _move(args: argparse.Namespace, session: Session) -> int:
    _ask(args, f"{args.name} will be shut down while its disks are copied. Continue?")
    op = following.opcode(
        "OP_INSTANCE_MOVE",
        args,
        session,
        instance_name=args.name,
        target_node=args.node,
        shutdown_timeout=args.shutdown_timeout,
        ignore_consistency=args.ignore_consistency,
        ignore_ipolicy=args.ignore_ipolicy,
        compress=args.compress,
    )
    return following.run(args, session, op)


def _configure_change_group(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="INSTANCE")
    parser.add_argument("-I", "--iallocator", metavar="NAME", help="chooses group and nodes")
    parser.add_argument(
        "--to", action="append", default=[], metavar="GROUP", help="one that it may go to"
    )
    parser.add_argument("--early-release", action="store_true")
    following.add_submit_options(parser)


def _change_group(args: argparse.Namespace, session: Session) -> int:
    op = following.opcode(
        "OP_INSTANCE_CHANGE_GROUP",
        args,
        session,
        instance_name=args.name,
        iallocator=args.iallocator,
        target_groups=args.to or None,
        early_release=args.early_release,
    )
    return node_moves.with_jobs(args, session, op)


def _configure_batch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a JSON list of creations")
    parser.add_argument("-I", "--iallocator", metavar="NAME", help="chooses the nodes")
    following.add_submit_options(parser)


def _batch_create(args: argparse.Namespace, session: Session) -> int:
    op = following.opcode(
        "OP_INSTANCE_MULTI_ALLOC",
        args,
        session,
        instances=[_creation(item) for item in _read(args.file)],
        iallocator=args.iallocator,
    )
    if args.submit or args.dry_run:
        return following.run(args, session, op)
    return _follow_batch(args, session, following.run_and_get(args, session, op))


def _follow_batch(args: argparse.Namespace, session: Session, result: dict[str, Any]) -> int:
    """Wait for all creations, then say which instances are not there."""
    missing = [f"{name}: no room" for name in result["failed"]]
    for (done, found), name in zip(result["jobs"], result["allocatable"], strict=True):
        if not args.json:
            print(f"{found if done else '-'}: {name}", flush=True)
        try:
            if not done:
                raise Failure(str(found))
            following.follow(session, found)
        except Failure as error:
            missing.append(f"{name}: {error}")
    for line in missing:
        following.say(line)
    if args.json:
        print(json.dumps(result, indent=2))
    return FAILURE if missing else SUCCESS


def _read(path: str) -> list[dict[str, Any]]:
    try:
        with open(path) as stream:
            found = json.load(stream)
    except OSError as error:
        raise Failure(f"Cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise Failure(f"{path} is not JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Failure(f"{path} must hold a list with an object for each instance")
    if any("iallocator" in item for item in found):
        text = "An instance cannot have its own iallocator; give --iallocator for all of them."
        raise Failure(text, USAGE)
    return found


def _creation(item: dict[str, Any]) -> dict[str, Any]:
    """The names of fields are the opcode's; those of RAPI's bodies are understood too."""
    names = {"name": "instance_name", "os": "os_type"}
    return {names.get(name, name): value for name, value in item.items() if value is not None}


COMMANDS = (
    Command(("migrate",), "take instances elsewhere while they run", _configure_migrate, _migrate),
    Command(("failover",), "stop one and start it elsewhere", _configure_failover, _failover),
    Command(("move",), "take one elsewhere with its disks", _configure_move, _move),
    Command(
        ("change-group",),
        "take one into another node group",
        _configure_change_group,
        _change_group,
    ),
    Command(("batch-create",), "make all instances of a file", _configure_batch, _batch_create),
)
