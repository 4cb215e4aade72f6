"""gnt-cluster: the watcher's pause, the master's pulse, and searching for tags."""

import argparse
import time

from ganeti_backend.cli import following, report
from ganeti_backend.cli.ganeti_watcher import age
from ganeti_backend.cli.program import FAILURE, SUCCESS, Command, Failure, Session


def _configure_watcher(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["pause", "continue", "info"])
    parser.add_argument("duration", nargs="?", type=age, help="of a pause: 90, 15m, 6h, 2d")


def _watcher(args: argparse.Namespace, session: Session) -> int:
    if args.action == "info":
        return _watcher_info(session)
    if (args.action == "pause") != (args.duration is not None):
        raise Failure("'pause' needs how long, the others need nothing.")
    # The wall clock of this machine is the master's: the socket leads to no other one.
    until = time.time() + args.duration if args.action == "pause" else None
    session.call("SetWatcherPause", until=until)
    if until is None:
        print("The watcher is no longer paused.")
    else:
        print(f"The watcher is paused until {time.ctime(until)}.")
    return SUCCESS


def _watcher_info(session: Session) -> int:
    found = session.call("WatcherInfo")
    until = found["paused_until"]
    paused = f"paused until {time.ctime(until)}" if until is not None else "not paused"
    print(f"The watcher is {paused}.")
    for name in found["given_up"]:
        print(f"Instance {name} does not stay up and is left alone.")
    for name, since in found["silent"].items():
        print(f"Node {name} does not answer since {time.ctime(since)}.")
    return SUCCESS


def _ping(_args: argparse.Namespace, session: Session) -> int:
    session.call("QueryClusterInfo")
    return SUCCESS


def _configure_search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pattern", help="a regular expression, found anywhere in a tag")
    following.add_submit_options(parser)


def _search(args: argparse.Namespace, session: Session) -> int:
    op = following.opcode("OP_TAGS_SEARCH", args, session, pattern=args.pattern)
    if args.submit or args.dry_run:
        return following.run(args, session, op)
    found = following.run_and_get(args, session, op)
    if args.json:
        report.as_json(found)
        return SUCCESS if found else FAILURE
    for path, tag in sorted(found):
        print(f"{path} {tag}")
    return SUCCESS if found else FAILURE


def _none(_parser: argparse.ArgumentParser) -> None:
    """No options."""


COMMANDS = (
    Command(("watcher",), "let the watcher rest or go on", _configure_watcher, _watcher),
    Command(("master-ping",), "succeed if the master answers", _none, _ping),
    Command(("search-tags",), "find tags of all kinds of objects", _configure_search, _search),
)
