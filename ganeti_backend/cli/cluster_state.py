"""gnt-cluster: back the cluster's state up, put it back, and make a candidate the master.

`restore` and `master-failover` work while no master runs, so they use the files, not the socket.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ganeti_backend.cli.connection import MasterAwayError, socket_path
from ganeti_backend.cli.program import SUCCESS, Command, Failure, Session, confirm

SETTINGS_VARIABLE = "GANETI_CONFIG"
NODE_VARIABLE = "GANETI_NODE"
SETTINGS_FILE = "cluster.json"


def settings_path() -> Path:
    """The settings file: named by the environment, or beside the command socket."""
    named = os.environ.get(SETTINGS_VARIABLE)
    return Path(named) if named else socket_path().parent / SETTINGS_FILE


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")


def _backup(args: argparse.Namespace, session: Session) -> int:
    from ganeti_backend import settings
    from ganeti_backend.replication import backup

    path = settings_path()
    try:
        rows = session.call("StateRows")
    except MasterAwayError:
        rows = _worded(lambda: backup.rows_at_rest(settings.load(path)))
    count = _worded(lambda: backup.write(args.file, rows, settings.load(path), path))
    print(f"{args.file}: {count} things. It holds the cluster's keys, keep it safe")
    return SUCCESS


def _configure_restore(parser: argparse.ArgumentParser) -> None:
    _file(parser)
    parser.add_argument("-f", "--force", "--yes-do-it", action="store_true", help="do not ask")


def _restore(args: argparse.Namespace, _session: Session) -> int:
    from ganeti_backend.replication import backup

    question = "This puts the queue and the configuration back to what they were at the backup."
    confirm(f"{question} Continue?", agreed=args.force)
    for folder in _worded(lambda: backup.restore(args.file, settings_path())):
        print(f"What was there is kept in {folder}")
    print("Restored. Start the master daemon")
    return SUCCESS


def _configure_failover(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--node", help=f"the new master; default: this node, {NODE_VARIABLE}")
    # Nodes that are offline are never asked.
    parser.add_argument("--ignore-offline-nodes", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--no-voting", action="store_true", help="do not ask the other nodes")
    parser.add_argument("-f", "--yes-do-it", action="store_true", help="do not ask for agreement")


def _failover(args: argparse.Namespace, _session: Session) -> int:
    from contextlib import ExitStack, closing

    from ganeti_backend import settings
    from ganeti_backend.node_rpc.client import NodeClient
    from ganeti_backend.replication import failover

    node = args.node or os.environ.get(NODE_VARIABLE)
    if not node:
        raise Failure(f"Which node is to be the master? Give --node or set {NODE_VARIABLE}.")
    if args.no_voting:
        text = "Without a vote a node with an old copy may win, and newer jobs are lost."
        confirm(f"{text} Continue?", agreed=args.yes_do_it)
    path = settings_path()

    with ExitStack() as stack:

        def connect(found: settings.Settings) -> NodeClient:
            return stack.enter_context(closing(NodeClient(found)))

        _worded(lambda: failover.take_over(path, node, connect, print, voting=not args.no_voting))
    return SUCCESS


def _worded(act: Callable[[], Any]) -> Any:
    """Errors of the cluster manager in the commands' form."""
    from ganeti_backend.errors import GenericError

    try:
        return act()
    except GenericError as error:
        raise Failure(f"Failure: {error.message}") from error
    except OSError as error:
        raise Failure(f"Failure: {error}") from error


COMMANDS = (
    Command(("backup",), "save configuration, jobs and keys in a file", _file, _backup),
    Command(("restore",), "put a backup back, the master stopped", _configure_restore, _restore),
    Command(
        ("master-failover",),
        "make a master candidate the master, the old one stopped",
        _configure_failover,
        _failover,
    ),
)
