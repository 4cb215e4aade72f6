"""gnt-node add, remove and modify."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from ganeti_backend.cli import following, parameters
from ganeti_backend.cli.connection import socket_path
from ganeti_backend.cli.program import SUCCESS, Failure, Session, confirm

SETTINGS_VARIABLE = "GANETI_CONFIG"
DEFAULT_PORT = 1811


def yes_no(text: str) -> bool:
    """The value of an option that is yes or no."""
    if text.lower() not in ("yes", "no", "true", "false"):
        raise argparse.ArgumentTypeError(f"'{text}' is neither yes nor no")
    return text.lower() in ("yes", "true")


def add_flag(parser: argparse.ArgumentParser, *names: str, help: str) -> None:
    """An option that takes yes or no."""
    parser.add_argument(*names, type=yes_no, metavar="yes|no", help=help)


def add_node_parameters(parser: argparse.ArgumentParser) -> None:
    """What `add` and `modify` can set alike."""
    parser.add_argument("-s", "--secondary-ip", metavar="ADDRESS")
    add_flag(parser, "--master-capable", help="whether it can become master")
    add_flag(parser, "--vm-capable", help="whether it can host instances")
    parser.add_argument("--node-parameters", type=parameters.pairs, metavar="KEY=VALUE,…")
    parameters.add_state_options(parser)


def configure_add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NODE")
    parser.add_argument("--address", metavar="ADDRESS", help="where its daemon listens")
    parser.add_argument("--port", type=int, help=f"and on which port; default {DEFAULT_PORT}")
    parser.add_argument("-g", "--node-group", metavar="GROUP", help="needed if there are several")
    parser.add_argument("--readd", action="store_true", help="take a node of the cluster back in")
    parser.add_argument("--bundle-only", action="store_true", help="only make what it needs")
    # Ganeti's commands log in at the node; here its daemon is all that is needed.
    for name in ("--no-ssh-key-check", "--no-node-setup", "--force-join", "--verbose"):
        parser.add_argument(name, action="store_true", help=argparse.SUPPRESS)
    add_node_parameters(parser)
    following.add_submit_options(parser)


def add(args: argparse.Namespace, session: Session) -> int:
    """Make the node's bundle if there is none, then take it in when its daemon answers."""
    known = session.call("Query", resource="node", names=["name"], qfilter=_named(args.name))
    if known["data"] and not args.readd:
        raise Failure(f"Node {args.name} already in the cluster - please retry with '--readd'")
    if not known["data"] or args.address or args.bundle_only:
        path = bundle(args)
        following.say(f"What the daemon of {args.name} needs is in {path.parent}")
        following.say(f"Start it there: {start_line(args.name, path)}")
        if args.bundle_only:
            print(path)
            return SUCCESS
    op = following.opcode(
        "OP_NODE_ADD",
        args,
        session,
        node_name=args.name,
        primary_ip=args.address,
        secondary_ip=args.secondary_ip,
        port=args.port,
        group=args.node_group,
        readd=args.readd,
        master_capable=args.master_capable,
        vm_capable=args.vm_capable,
        ndparams=args.node_parameters,
        **parameters.states(args),
    )
    return following.run(args, session, op)


def _named(name: str) -> list[Any]:
    return ["=", "name", name]


def bundle(args: argparse.Namespace) -> Path:
    """The settings file in the node's bundle."""
    # Imported here, because they take longer to load than the other commands to run.
    from ganeti_backend import installation, settings

    path = Path(os.environ.get(SETTINGS_VARIABLE) or socket_path().with_name("cluster.json"))
    try:
        found = settings.load(path)
        known = _place(found, args.name)
        address = args.address or (known.address if known else args.name)
        port = args.port or (known.port if known else DEFAULT_PORT)
        node = settings.NodeSettings(args.name, address, port, Path("node"))
        return installation.bundle(found, node)
    except (OSError, ValueError, settings.SettingsError) as error:
        raise Failure(f"Cannot make what {args.name} needs: {error}") from error


def _place(found: Any, name: str) -> Any:
    """Where the node was until now, from its bundle or as one of the first nodes."""
    from ganeti_backend import installation, settings

    earlier = installation.bundle_folder(found, name) / installation.SETTINGS_FILE
    source = settings.load(earlier) if earlier.exists() else found
    return next((node for node in source.nodes if node.name == name), None)


def start_line(name: str, path: Path) -> str:
    """What starts the daemon."""
    program = f"{sys.executable} -m ganeti_backend.daemons.node"
    return f"GANETI_CONFIG={path} GANETI_NODE={name} {program}"


def configure_remove(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NODE")
    following.add_submit_options(parser)


def remove(args: argparse.Namespace, session: Session) -> int:
    op = following.opcode("OP_NODE_REMOVE", args, session, node_name=args.name)
    return following.run(args, session, op)


def configure_modify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NODE")
    parser.add_argument("-f", "--force", action="store_true")
    add_flag(parser, "-C", "--master-candidate", help="keeps a copy of the configuration")
    add_flag(parser, "-D", "--drained", help="takes no new instances")
    add_flag(parser, "-O", "--offline", help="is not spoken with")
    parser.add_argument("--auto-promote", action="store_true", help="fill gaps among candidates")
    add_flag(parser, "--node-powered", help="mend what is recorded of its power")
    add_node_parameters(parser)
    following.add_submit_options(parser)


def modify(args: argparse.Namespace, session: Session) -> int:
    wanted = {
        "master_candidate": args.master_candidate,
        "drained": args.drained,
        "offline": args.offline,
        "master_capable": args.master_capable,
        "vm_capable": args.vm_capable,
        "secondary_ip": args.secondary_ip,
        "ndparams": args.node_parameters,
        "powered": args.node_powered,
        **parameters.states(args),
    }
    if all(value is None for value in wanted.values()):
        raise Failure("Please give at least one of the parameters.")
    if args.offline is False and not args.force and not args.dry_run:
        _ask_before_return(args.name, session)
    fields = {"node_name": args.name, "force": args.force, "auto_promote": args.auto_promote}
    op = following.opcode("OP_NODE_SET_PARAMS", args, session, **fields, **wanted)
    return following.run_and_show_changes(args, session, op, "node", args.name)


def _ask_before_return(name: str, session: Session) -> None:
    """A node that was away may have missed changes; `gnt-node add --readd` brings it up to date."""
    rows = session.call("Query", resource="node", names=["offline"], qfilter=_named(name))["data"]
    if rows and rows[0][0][1]:
        text = "Transitioning node from offline to online without using re-add. Please make sure"
        confirm(f"{text} the node is healthy! Continue?", agreed=False)
