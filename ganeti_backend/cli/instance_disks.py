"""gnt-instance's commands about disks: grow, replace, recreate, make usable, snapshots."""

import argparse
import time
from typing import Any

from ganeti_backend.cli import following, parameters, report
from ganeti_backend.cli.program import SUCCESS, USAGE, Command, Failure, Session, confirm

ONE_OF = "One and only one of the -p, -s, -a, -n and -I options must be passed"


def _name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="INSTANCE")


def _send(args: argparse.Namespace, session: Session, op_id: str, **fields: Any) -> int:
    op = following.opcode(op_id, args, session, instance_name=args.name, **fields)
    return following.run(args, session, op)


def _index(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"unknown/invalid disk index: {text}")
    return int(text)


def _indexes(text: str) -> list[int]:
    return [_index(part) for part in text.split(",") if part]


def _configure_grow(parser: argparse.ArgumentParser) -> None:
    _name(parser)
    parser.add_argument("disk", type=_index, metavar="DISK")
    parser.add_argument("amount", type=parameters.size, metavar="SIZE", help="how much more")
    parser.add_argument("--absolute", action="store_true", help="SIZE is the new size")
    parser.add_argument("--ignore-ipolicy", action="store_true")
    _no_wait(parser)
    following.add_submit_options(parser)


def _no_wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-wait-for-sync", dest="wait_for_sync", action="store_false",
        help="do not wait until mirrors are in sync",
    )  # fmt: skip


def _grow(args: argparse.Namespace, session: Session) -> int:
    return _send(
        args,
        session,
        "OP_INSTANCE_GROW_DISK",
        disk=args.disk,
        amount=args.amount,
        absolute=args.absolute,
        ignore_ipolicy=args.ignore_ipolicy,
        wait_for_sync=args.wait_for_sync,
    )


def _configure_replace(parser: argparse.ArgumentParser) -> None:
    _name(parser)
    parser.add_argument("-p", "--on-primary", action="store_true", help="new copies on the primary")
    parser.add_argument("-s", "--on-secondary", action="store_true")
    parser.add_argument("-a", "--auto", action="store_true", help="replace what is faulty")
    parser.add_argument("-n", "--new-secondary", metavar="NODE")
    parser.add_argument("-I", "--iallocator", metavar="NAME", help="chooses the new secondary")
    parser.add_argument("--disks", type=_indexes, default=[], metavar="N,…")
    parser.add_argument("--early-release", action="store_true")
    parser.add_argument("--ignore-ipolicy", action="store_true")
    following.add_submit_options(parser)


def _replace(args: argparse.Namespace, session: Session) -> int:
    modes = {
        "replace_on_primary": args.on_primary,
        "replace_on_secondary": args.on_secondary,
        "replace_auto": args.auto,
    }
    moving = [value for value in (args.new_secondary, args.iallocator) if value is not None]
    chosen = [mode for mode, wanted in modes.items() if wanted]
    if len(chosen) + len(moving) != 1:
        raise Failure(ONE_OF, USAGE)
    return _send(
        args,
        session,
        "OP_INSTANCE_REPLACE_DISKS",
        mode=chosen[0] if chosen else "replace_new_secondary",
        disks=args.disks,
        remote_node=args.new_secondary,
        iallocator=args.iallocator if args.iallocator != "." else None,
        early_release=args.early_release,
        ignore_ipolicy=args.ignore_ipolicy,
    )


def _configure_recreate(parser: argparse.ArgumentParser) -> None:
    _name(parser)
    parser.add_argument(
        "--disk", action="append", type=parameters.indexed, default=[], metavar="N[:size=SIZE,…]"
    )
    place = parser.add_mutually_exclusive_group()
    place.add_argument("-n", "--node", metavar="NODE[:SECONDARY]", help="make them there")
    place.add_argument("-I", "--iallocator", metavar="NAME")
    following.add_submit_options(parser)


def _recreate(args: argparse.Namespace, session: Session) -> int:
    disks = []
    for head, values in args.disk:
        if not head.isdigit():
            raise Failure(f"--disk: '{head}' is not a disk's number.", USAGE)
        disks.append([int(head), values])
    return _send(
        args,
        session,
        "OP_INSTANCE_RECREATE_DISKS",
        disks=disks,
        nodes=[part for part in (args.node or "").split(":") if part],
        iallocator=args.iallocator,
    )


def _configure_activate(parser: argparse.ArgumentParser) -> None:
    _name(parser)
    parser.add_argument("--ignore-size", action="store_true", help="believe the disk's own size")
    parser.add_argument("--wait-for-sync", action="store_true", help="wait for mirrors")
    following.add_submit_options(parser)


def _activate(args: argparse.Namespace, session: Session) -> int:
    fields = {"ignore_size": args.ignore_size, "wait_for_sync": args.wait_for_sync}
    op_id = "OP_INSTANCE_ACTIVATE_DISKS"
    if args.submit or args.json or args.dry_run:
        return _send(args, session, op_id, **fields)
    op = following.opcode(op_id, args, session, instance_name=args.name, **fields)
    for node, disk, path in following.run_and_get(args, session, op):
        print(f"{node}:{disk}:{path}")
    return SUCCESS


def _configure_deactivate(parser: argparse.ArgumentParser) -> None:
    _name(parser)
    parser.add_argument("-f", "--force", action="store_true", help="also under a running guest")
    following.add_submit_options(parser)


def _deactivate(args: argparse.Namespace, session: Session) -> int:
    return _send(args, session, "OP_INSTANCE_DEACTIVATE_DISKS", force=args.force)


def _configure_snapshot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["create", "list", "revert", "remove"])
    _name(parser)
    parser.add_argument("snapshot", nargs="?", metavar="SNAPSHOT")
    parser.add_argument("-f", "--force", action="store_true", help="do not ask before a revert")
    following.add_submit_options(parser)


def _snapshot(args: argparse.Namespace, session: Session) -> int:
    if args.action == "list":
        return _list_snapshots(args, session)
    if not args.snapshot:
        raise Failure(f"Which snapshot? Name the one to {args.action}.", USAGE)
    if args.action == "revert":
        question = (
            f"This takes the disks of {args.name} back to snapshot {args.snapshot}; "
            "what was written since is lost. Continue?"
        )
        confirm(question, agreed=args.force or args.dry_run)
    fields = {"action": args.action, "snapshot_name": args.snapshot}
    return _send(args, session, "OP_INSTANCE_SNAPSHOT", **fields)


def _list_snapshots(args: argparse.Namespace, session: Session) -> int:
    fields = {"instances": [args.name], "static": True}
    op = following.opcode("OP_INSTANCE_QUERY_DATA", args, session, **fields)
    (found,) = following.run_and_get(args, session, op).values()
    if args.json:
        return report.as_json(found.get("snapshots", {}))
    for name, kept in sorted(found.get("snapshots", {}).items()):
        made = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(kept["ctime"]))
        print(f"{name:<20} {made} {len(kept['disks'])} disk(s)")
    return SUCCESS


COMMANDS = (
    Command(("grow-disk",), "give a disk more room", _configure_grow, _grow),
    Command(("replace-disks",), "make copies of mirrored disks anew", _configure_replace, _replace),
    Command(("recreate-disks",), "make lost disks anew, empty", _configure_recreate, _recreate),
    Command(("activate-disks",), "make disks usable and say where", _configure_activate, _activate),
    Command(("deactivate-disks",), "let go of disks", _configure_deactivate, _deactivate),
    Command(
        ("snapshot",), "keep or bring back what is on the disks", _configure_snapshot, _snapshot
    ),
)
