"""list-tags, add-tags and remove-tags, which every kind of object has."""

import argparse
from typing import Any

from ganeti_backend.cli import following
from ganeti_backend.cli.program import SUCCESS, Command, Failure, Run, Session


def commands(kind: str, resource: str | None) -> tuple[Command, ...]:
    """The three commands; the cluster (`resource` None) needs no name."""

    def configure_list(parser: argparse.ArgumentParser) -> None:
        if resource:
            parser.add_argument("name", metavar="NAME")

    def configure_change(parser: argparse.ArgumentParser) -> None:
        configure_list(parser)
        parser.add_argument("tags", nargs="+", metavar="TAG")
        following.add_submit_options(parser)

    def change(op_id: str) -> Run:
        def run(args: argparse.Namespace, session: Session) -> int:
            name = args.name if resource else None
            op = following.opcode(op_id, args, session, kind=kind, name=name, tags=args.tags)
            return following.run(args, session, op)

        return run

    return (
        Command(("list-tags",), "list the tags", configure_list, _list(resource)),
        Command(("add-tags",), "add tags", configure_change, change("OP_TAGS_SET")),
        Command(("remove-tags",), "remove tags", configure_change, change("OP_TAGS_DEL")),
    )


def _list(resource: str | None) -> Run:
    def run(args: argparse.Namespace, session: Session) -> int:
        for tag in _tags(args, session, resource):
            print(tag)
        return SUCCESS

    return run


def _tags(args: argparse.Namespace, session: Session, resource: str | None) -> list[Any]:
    if resource is None:
        return list(session.call("QueryClusterInfo")["tags"])
    qfilter = ["=", "name", args.name]
    rows = session.call("Query", resource=resource, names=["tags"], qfilter=qfilter)["data"]
    if not rows:
        raise Failure(f"There is no {resource} '{args.name}'.")
    return list(rows[0][0][1])
