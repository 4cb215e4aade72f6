"""list-tags, add-tags and remove-tags, which every kind of object has."""

import argparse
import json
import sys
from typing import Any

from ganeti_backend.cli import following
from ganeti_backend.cli.program import SUCCESS, Command, Failure, Run, Session, refusal

ADD = "OP_TAGS_SET"


def commands(kind: str, resource: str | None) -> tuple[Command, ...]:
    """The three commands; the cluster (`resource` None) needs no name."""

    def configure_list(parser: argparse.ArgumentParser) -> None:
        if resource:
            parser.add_argument("name", metavar=resource.upper())

    def configure_json(parser: argparse.ArgumentParser) -> None:
        configure_list(parser)
        parser.add_argument("--json", action="store_true", help="print JSON")

    def configure_change(parser: argparse.ArgumentParser) -> None:
        configure_list(parser)
        parser.add_argument("tags", nargs="*", metavar="TAG")
        parser.add_argument(
            "--from", dest="file", metavar="FILE", help="also those of a file, one a line; - reads"
        )
        following.add_submit_options(parser)

    def change(op_id: str) -> Run:
        def run(args: argparse.Namespace, session: Session) -> int:
            name = args.name if resource else None
            tags = [*args.tags, *_of_file(args.file)]
            if not tags:
                raise refusal(f"No tags to be {'added' if op_id == ADD else 'removed'}")
            op = following.opcode(op_id, args, session, kind=kind, name=name, tags=tags)
            return following.run(args, session, op)

        return run

    return (
        Command(("list-tags",), "list the tags", configure_json, _list(resource)),
        Command(("add-tags",), "add tags", configure_change, change(ADD)),
        Command(("remove-tags",), "remove tags", configure_change, change("OP_TAGS_DEL")),
    )


def _of_file(name: str | None) -> list[str]:
    if name is None:
        return []
    try:
        if name == "-":
            text = sys.stdin.read()
        else:
            with open(name) as stream:
                text = stream.read()
    except OSError as error:
        raise Failure(f"Cannot read {name}: {error.strerror}") from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def _list(resource: str | None) -> Run:
    def run(args: argparse.Namespace, session: Session) -> int:
        tags = _tags(args, session, resource)
        if args.json:
            print(json.dumps(tags, indent=2))
            return SUCCESS
        for tag in tags:
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
