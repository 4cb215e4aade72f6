"""gnt-node powercycle, power, health and restricted-command: what is under the operating system."""

import argparse
from collections.abc import Sequence
from typing import Any

from ganeti_backend.cli import following, listing
from ganeti_backend.cli.program import (
    FAILURE,
    NODE_NOT_CONFIRMED,
    SUCCESS,
    USAGE,
    Failure,
    Session,
    confirm,
)

NORMAL = 0
VERBOSE = 1  # Which of a special status's two forms is shown.


def configure_powercycle(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NODE")
    parser.add_argument("-f", "--force", action="store_true", help="also the master")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    following.add_submit_options(parser)


def powercycle(args: argparse.Namespace, session: Session) -> int:
    question = f"Are you sure you want to hard powercycle node {args.name}?"
    confirm(question, agreed=args.yes or args.dry_run, code=NODE_NOT_CONFIRMED)
    fields = {"node_name": args.name, "force": args.force}
    op = following.opcode("OP_NODE_POWERCYCLE", args, session, **fields)
    if args.submit or args.dry_run or args.json:
        return following.run(args, session, op)
    answer = following.run_and_get(args, session, op)
    if answer:
        print(answer)
    return SUCCESS


def configure_power(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["on", "off", "cycle", "status"])
    parser.add_argument("names", nargs="*", metavar="NODE")
    parser.add_argument("-f", "--force", action="store_true", help="do not ask")
    parser.add_argument("--all", action="store_true", help="off and cycle: all but the master")
    parser.add_argument("--ignore-status", action="store_true", help="also nodes that are online")
    parser.add_argument("--power-delay", type=float, default=2.0, metavar="SECONDS")
    parser.add_argument("--auto-promote", action="store_true", help=argparse.SUPPRESS)
    _add_list_options(parser)
    following.add_submit_options(parser)


def _add_list_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-headers", action="store_true")
    parser.add_argument("--separator")
    parser.add_argument("--oob-timeout", type=int, default=60, metavar="SECONDS")


def power(args: argparse.Namespace, session: Session) -> int:
    dangerous = args.what in ("off", "cycle")
    if dangerous and not args.names and not args.all:
        raise Failure(f"Give the nodes to power {args.what}, or --all for all of them.", USAGE)
    if args.what != "status":
        which = ", ".join(args.names) or "all nodes"
        agreed = args.force or args.dry_run
        confirm(f"Do you really want to power {args.what} {which}?", agreed=agreed)
    rows = _ask(args, session, f"power-{args.what}")
    if rows is None:
        return SUCCESS
    lines, failed = [], False
    for (_, name), (status, data) in rows:
        failed = failed or status != NORMAL
        if args.what == "status":
            shown = {True: "powered", False: "unpowered"}[data["powered"]] if data else ""
        else:
            shown = "True" if status == NORMAL else ""
        lines.append([name, shown or listing.SPECIAL[status][VERBOSE]])
    _print(args, ["Node", "Status" if args.what == "status" else "Done"], lines)
    return FAILURE if failed else SUCCESS


def configure_health(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NODE")
    _add_list_options(parser)
    following.add_submit_options(parser)


def health(args: argparse.Namespace, session: Session) -> int:
    rows = _ask(args, session, "health")
    if rows is None:
        return SUCCESS
    lines, failed = [], False
    for (_, name), (status, data) in rows:
        failed = failed or status != NORMAL
        shown = listing.SPECIAL[status][VERBOSE] if status != NORMAL else _items(data)
        lines.append([name, shown])
    _print(args, ["Node", "Status"], lines)
    return FAILURE if failed else SUCCESS


def _items(data: Sequence[Sequence[str]]) -> str:
    return ",".join(f"{item}={state}" for item, state in data)


def _ask(args: argparse.Namespace, session: Session, command: str) -> list[Any] | None:
    """The rows, or None if the job is not waited for."""
    fields: dict[str, Any] = {"node_names": args.names, "timeout": args.oob_timeout}
    if command != "health":
        fields |= {"ignore_status": args.ignore_status, "power_delay": args.power_delay}
    op = following.opcode("OP_OOB_COMMAND", args, session, command=command, **fields)
    if args.submit or args.dry_run or args.json:
        following.run(args, session, op)
        return None
    return list(following.run_and_get(args, session, op))


def _print(args: argparse.Namespace, titles: list[str], lines: list[list[str]]) -> None:
    shown = lines if args.no_headers else [titles, *lines]
    for line in listing.align(shown, [False] * len(titles), args.separator):
        print(line)


def configure_restricted(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("command_name", metavar="COMMAND")
    parser.add_argument("names", nargs="*", metavar="NODE")
    parser.add_argument("-g", "--node-group", metavar="GROUP", help="on all nodes of this group")
    parser.add_argument("-M", "--show-machine-names", action="store_true")
    parser.add_argument("--sync", action="store_true", help="hold the nodes' locks")
    following.add_submit_options(parser)


def restricted(args: argparse.Namespace, session: Session) -> int:
    names = args.names
    if args.node_group:
        qfilter = ["=", "group", args.node_group]
        rows = session.call("Query", resource="node", names=["name"], qfilter=qfilter)["data"]
        names = [row[0][1] for row in rows]
    if not names:
        raise Failure("Give the nodes to run the command on, or a node group with -g.", USAGE)
    fields = {"nodes": names, "command": args.command_name, "use_locking": args.sync}
    op = following.opcode("OP_RESTRICTED_COMMAND", args, session, **fields)
    if args.submit or args.dry_run or args.json:
        return following.run(args, session, op)
    failed = False
    for name, (done, output) in zip(names, following.run_and_get(args, session, op), strict=True):
        failed = failed or not done
        if not done:
            following.say(output)
            continue
        for line in output.splitlines():
            print(f"{name}: {line}" if args.show_machine_names else line)
    return FAILURE if failed else SUCCESS
