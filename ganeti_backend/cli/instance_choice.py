"""Which instances a command is about: named ones, or all of a node, of a tag or of the cluster.

What takes several along asks first, unless --force-multiple is given.
"""

import argparse
from collections.abc import Callable
from typing import Any

from ganeti_backend.cli.program import Session, confirm, refusal

# Each way to choose: what it is called, and what its names are.
MODES = {
    "instance": "the names are instances (default)",
    "node": "the names are nodes: all of their instances",
    "primary": "the names are nodes: what runs on them",
    "secondary": "the names are nodes: what has a second copy there",
    "all": "all instances of the cluster, without names",
    "tags": "the names are tags of instances",
    "node-tags": "the names are tags of nodes: all of their instances",
    "pri-node-tags": "the names are tags of nodes: what runs on them",
    "sec-node-tags": "the names are tags of nodes: what has a second copy there",
}
PLACES = {"node": ("primary", "secondary"), "primary": ("primary",), "secondary": ("secondary",)}
PLACES |= {
    "node-tags": PLACES["node"],
    "pri-node-tags": PLACES["primary"],
    "sec-node-tags": PLACES["secondary"],
}
FIELDS = ("name", "pnode", "snodes", "tags")

Row = dict[str, Any]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The names, and the options that say what they are names of."""
    parser.add_argument("names", nargs="*", metavar="INSTANCE")
    ways = parser.add_mutually_exclusive_group()
    for mode, text in MODES.items():
        ways.add_argument(
            f"--{mode}", dest="mode", action="store_const", const=mode, default="instance",
            help=text,
        )  # fmt: skip
    parser.add_argument("--force-multiple", action="store_true", help="do not ask about several")


def of(args: argparse.Namespace, session: Session) -> list[str]:
    """The names of the chosen instances, at least one."""
    if args.mode == "all" and args.names:
        raise refusal("Cluster filter mode takes no arguments")
    if args.mode != "all" and not args.names:
        raise refusal("No instance names passed")
    if args.mode == "instance":
        return list(args.names)
    matches = _matcher(args, session)
    found = [row["name"] for row in _rows(session, "instance", FIELDS) if matches(row)]
    if not found:
        raise refusal("Selection filter does not match any instances")
    return found


def ask(args: argparse.Namespace, names: list[str], verb: str) -> None:
    """Get the user's agreement where more than one named instance is concerned."""
    if args.mode == "instance" and len(names) == 1:
        return
    question = f"The operation will {verb} {len(names)} instances: {', '.join(names)}. Continue?"
    confirm(question, agreed=args.force_multiple or args.dry_run)


def _matcher(args: argparse.Namespace, session: Session) -> Callable[[Row], bool]:
    names = set(args.names)
    if args.mode == "all":
        return lambda row: True
    if args.mode == "tags":
        return lambda row: bool(names & set(row["tags"]))
    places = PLACES[args.mode]
    known = _rows(session, "node", ("name", "tags"))
    if args.mode.endswith("tags"):
        nodes = {node["name"] for node in known if names & set(node["tags"])}
    else:
        nodes = {n["name"] for n in known if names & {n["name"], n["name"].partition(".")[0]}}
    return lambda row: any(nodes & set(_nodes(row, place)) for place in places)


def _nodes(row: Row, place: str) -> list[str]:
    return [row["pnode"]] if place == "primary" else row["snodes"] or []


def _rows(session: Session, resource: str, fields: tuple[str, ...]) -> list[Row]:
    rows = session.call("Query", resource=resource, names=list(fields), qfilter=None)["data"]
    return [dict(zip(fields, (value for _s, value in row), strict=True)) for row in rows]
