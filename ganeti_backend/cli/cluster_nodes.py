"""gnt-cluster: copyfile and command on nodes, and epo, which powers them off and on.

Nodes on this machine are reached directly, others by ssh, as Ganeti does; node daemons run no
commands that somebody wishes.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any

from ganeti_backend.cli import following
from ganeti_backend.cli.program import FAILURE, SUCCESS, Command, Failure, Session, confirm

HERE = re.compile(r"127\.|::1$|localhost$")
SSH = ("-oBatchMode=yes", "-oConnectTimeout=10")


def _configure_where(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-n", "--node", action="append", default=[], metavar="NODE")
    parser.add_argument("-g", "--node-group", "--group", metavar="GROUP", dest="group")


def _chosen(args: argparse.Namespace, session: Session) -> list[tuple[str, str]]:
    """Name and address of the online nodes that are meant; the master comes last."""
    names = ["name", "pip", "group", "offline", "role"]
    rows = session.call("Query", resource="node", names=names)["data"]
    known = [dict(zip(names, (cell[1] for cell in row), strict=True)) for row in rows]
    unknown = set(args.node) - {node["name"] for node in known}
    if unknown:
        raise Failure(f"Node '{sorted(unknown)[0]}' not known")
    chosen = [
        node
        for node in known
        if (not args.node or node["name"] in args.node)
        and (args.group is None or node["group"] == args.group)
        and not node["offline"]
    ]
    chosen.sort(key=lambda node: node["role"] == "M")
    return [(node["name"], node["pip"]) for node in chosen]


def _configure_command(parser: argparse.ArgumentParser) -> None:
    _configure_where(parser)
    parser.add_argument("-M", "--show-machine-names", action="store_true")
    parser.add_argument("--failure-only", action="store_true", help="hide what succeeded")
    parser.add_argument("words", nargs="+", metavar="COMMAND")


def _command(args: argparse.Namespace, session: Session) -> int:
    # Imported here, and below, because the other commands would start later for it.
    import subprocess

    worst, line = SUCCESS, " ".join(args.words)
    for name, address in _chosen(args, session):
        here = HERE.match(address)
        words = ["/bin/sh", "-c", line] if here else ["ssh", *SSH, f"root@{address}", line]
        ran = subprocess.run(
            words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        if args.failure_only and ran.returncode == 0:
            continue
        print("-" * 48)
        print(f"node: {name}")
        for text in (ran.stdout + ran.stderr).splitlines() or [""]:
            print(f"{name}: {text}" if args.show_machine_names else text)
        print(f"return code = {ran.returncode}")
        worst = max(worst, ran.returncode)
    return worst


def _configure_copy(parser: argparse.ArgumentParser) -> None:
    _configure_where(parser)
    parser.add_argument("--use-replication-network", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("file", metavar="FILE")


def _copy(args: argparse.Namespace, session: Session) -> int:
    import shlex
    import subprocess

    try:
        with open(args.file, "rb"):
            pass
    except OSError as error:
        raise Failure(f"Cannot read {args.file}: {error.strerror}") from error
    failed = 0
    for name, address in _chosen(args, session):
        if HERE.match(address):
            continue
        target = f"root@{address}:{shlex.quote(args.file)}"
        ran = subprocess.run(["scp", "-q", *SSH, "-p", args.file, target], check=False)
        if ran.returncode != 0:
            print(f"Copy of file {args.file} to node {name} failed", file=sys.stderr)
            failed += 1
    return FAILURE if failed else SUCCESS


# Power.


def _configure_power(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="nodes, or groups with --groups")
    parser.add_argument("--on", action="store_true", help="bring them back")
    parser.add_argument("--groups", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--power-delay", type=float, default=2.0, metavar="SECONDS")
    parser.add_argument("--oob-timeout", type=int, default=60, metavar="SECONDS")
    parser.add_argument("--shutdown-timeout", type=int, default=120)
    parser.add_argument("-f", "--force", action="store_true", help="do not ask")
    following.add_submit_options(parser)


def _power(args: argparse.Namespace, session: Session) -> int:
    if args.all == bool(args.names):
        raise Failure("Give names, or --all.")
    nodes = _affected(args, session)
    master = session.call("QueryClusterInfo")["master"]
    if master in nodes and not args.all:
        raise Failure(f"{master} is the master node; make another one the master first.")
    word = "on" if args.on else "off"
    confirm(f"Power {word} {', '.join(sorted(nodes))}?", agreed=args.force or args.dry_run)
    nodes.discard(master)
    return _on(args, session, nodes) if args.on else _off(args, session, nodes)


def _affected(args: argparse.Namespace, session: Session) -> set[str]:
    names = ["name", "group"]
    rows = session.call("Query", resource="node", names=names)["data"]
    if args.all:
        return {row[0][1] for row in rows}
    known = {row[1 if args.groups else 0][1] for row in rows}
    if unknown := set(args.names) - known:
        raise Failure(f"'{sorted(unknown)[0]}' is not known.")
    return {row[0][1] for row in rows if row[1 if args.groups else 0][1] in args.names}


def _instances(session: Session, nodes: set[str], field: str, value: Any) -> list[str]:
    names = ["name", "pnode", field]
    rows = session.call("Query", resource="instance", names=names)["data"]
    return [row[0][1] for row in rows if row[1][1] in nodes and row[2][1] == value]


def _each(
    args: argparse.Namespace,
    session: Session,
    op_id: str,
    key: str,
    names: Sequence[str],
    **fields: Any,
) -> int:
    ops = [(n, following.opcode(op_id, args, session, **{key: n}, **fields)) for n in names]
    return following.run_each(args, session, ops) if ops else SUCCESS


def _off(args: argparse.Namespace, session: Session, nodes: set[str]) -> int:
    """Guests first; the cluster goes on to know that they should run."""
    running = _instances(session, nodes, "oper_state", True)
    done = _each(
        args, session, "OP_INSTANCE_SHUTDOWN", "instance_name", running,
        no_remember=True, timeout=args.shutdown_timeout,
    )  # fmt: skip
    if done != SUCCESS:
        raise Failure("Not all instances could be stopped; no node was powered off.")
    offline = _each(
        args, session, "OP_NODE_SET_PARAMS", "node_name", sorted(nodes),
        offline=True, auto_promote=True,
    )  # fmt: skip
    return max(offline, _switch(args, session, nodes, "power-off"))


def _on(args: argparse.Namespace, session: Session, nodes: set[str]) -> int:
    switched = _switch(args, session, nodes, "power-on")
    online = _each(args, session, "OP_NODE_SET_PARAMS", "node_name", sorted(nodes), offline=False)
    wanted = _instances(session, nodes, "admin_state", "up")
    started = _each(args, session, "OP_INSTANCE_STARTUP", "instance_name", wanted)
    return max(switched, online, started)


def _switch(args: argparse.Namespace, session: Session, nodes: set[str], command: str) -> int:
    if not nodes:
        return SUCCESS
    op = following.opcode(
        "OP_OOB_COMMAND", args, session, node_names=sorted(nodes), command=command,
        ignore_status=True, power_delay=args.power_delay, timeout=args.oob_timeout,
    )  # fmt: skip
    return following.run(args, session, op)


COMMANDS = (
    Command(("command",), "run a command on nodes", _configure_command, _command),
    Command(("copyfile",), "copy a file to nodes", _configure_copy, _copy),
    Command(("epo",), "power nodes off in an emergency, or on", _configure_power, _power),
)
