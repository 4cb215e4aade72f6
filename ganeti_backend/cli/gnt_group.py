"""gnt-group: groups of nodes, their parameters and the instances in them."""

import argparse
import sys
from typing import Any

from ganeti_backend.cli import (
    filter_text,
    following,
    instance_policies,
    listing,
    parameters,
    report,
    running,
    tagging,
)
from ganeti_backend.cli.node_moves import with_jobs
from ganeti_backend.cli.program import SUCCESS, Command, Failure, Program, Session

DEFAULT = "name,node_cnt,pinst_cnt,alloc_policy,ndparams"
FIELDS = (
    "name", "uuid", "serial_no", "alloc_policy", "node_list", "pinst_list", "ndparams",
    "custom_ndparams", "diskparams", "ipolicy", "custom_ipolicy", "tags",
)  # fmt: skip
POLICIES = ("preferred", "last_resort", "unallocable")


def _disk_parameters(text: str) -> tuple[str, dict[str, Any]]:
    """TEMPLATE:key=value,…"""
    template, colon, rest = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"'{text}' is not TEMPLATE:KEY=VALUE,…")
    return template, parameters.pairs(rest)


def _add_parameters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--node-parameters", type=parameters.pairs, metavar="KEY=VALUE,…")
    parser.add_argument("--alloc-policy", choices=POLICIES)
    parser.add_argument(
        "-D",
        "--disk-parameters",
        type=_disk_parameters,
        action="append",
        default=[],
        metavar="TEMPLATE:KEY=VALUE,…",
    )
    parameters.add_state_options(parser)
    instance_policies.add_options(parser)
    following.add_submit_options(parser)


def _wanted(args: argparse.Namespace) -> dict[str, Any]:
    return {
        "ndparams": args.node_parameters,
        "alloc_policy": args.alloc_policy,
        "diskparams": dict(args.disk_parameters) or None,
        "ipolicy": instance_policies.given(args),
        **parameters.states(args),
    }


def _configure_change(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="GROUP")
    _add_parameters(parser)


def _add(args: argparse.Namespace, session: Session) -> int:
    op = following.opcode("OP_GROUP_ADD", args, session, group_name=args.name, **_wanted(args))
    return following.run(args, session, op)


def _modify(args: argparse.Namespace, session: Session) -> int:
    wanted = _wanted(args)
    if all(value is None for value in wanted.values()):
        raise Failure("Please give at least one of the parameters.")
    op = following.opcode("OP_GROUP_SET_PARAMS", args, session, group_name=args.name, **wanted)
    return following.run_and_show_changes(args, session, op, "node group", args.name)


def _configure_one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="GROUP")
    following.add_submit_options(parser)


def _remove(args: argparse.Namespace, session: Session) -> int:
    op = following.opcode("OP_GROUP_REMOVE", args, session, group_name=args.name)
    return following.run(args, session, op)


def _configure_rename(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="OLD")
    parser.add_argument("new_name", metavar="NEW")
    following.add_submit_options(parser)


def _rename(args: argparse.Namespace, session: Session) -> int:
    fields = {"group_name": args.name, "new_name": args.new_name}
    op = following.opcode("OP_GROUP_RENAME", args, session, **fields)
    return following.run(args, session, op)


def _configure_assign(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="GROUP")
    parser.add_argument("nodes", nargs="+", metavar="NODE")
    parser.add_argument("-f", "--force", action="store_true", help="also where it splits instances")
    following.add_submit_options(parser)


def _assign(args: argparse.Namespace, session: Session) -> int:
    fields = {"group_name": args.name, "nodes": args.nodes, "force": args.force}
    op = following.opcode("OP_GROUP_ASSIGN_NODES", args, session, **fields)
    return following.run(args, session, op)


def _configure_evacuate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="GROUP")
    parser.add_argument("--to", action="append", default=[], metavar="GROUP", dest="targets")
    parser.add_argument("-I", "--iallocator", metavar="NAME", help="chooses the new nodes")
    parser.add_argument("--sequential", action="store_true", help="one move after the other")
    parser.add_argument("--force-failover", action="store_true", help="do not migrate")
    parser.add_argument("--early-release", action="store_true")
    following.add_submit_options(parser)


def _evacuate(args: argparse.Namespace, session: Session) -> int:
    op = following.opcode(
        "OP_GROUP_EVACUATE",
        args,
        session,
        group_name=args.name,
        target_groups=args.targets or None,
        iallocator=args.iallocator,
        sequential=args.sequential,
        force_failover=args.force_failover,
        early_release=args.early_release,
    )
    return with_jobs(args, session, op)


def _configure_names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="GROUP")


def _configure_info(parser: argparse.ArgumentParser) -> None:
    _configure_names(parser)
    report.add_json_option(parser)


def _groups(args: argparse.Namespace, session: Session) -> list[dict[str, Any]]:
    qfilter = filter_text.of_names(args.names)
    answer = session.call("Query", resource="group", names=FIELDS, qfilter=qfilter)
    found = [dict(zip(FIELDS, (v for _s, v in row), strict=True)) for row in answer["data"]]
    missing = set(args.names) - {group["name"] for group in found}
    if missing and not any(c in name for name in args.names for c in "*?["):
        raise Failure(f"There is no node group '{sorted(missing)[0]}'.")
    return found


def _info(args: argparse.Namespace, session: Session) -> int:
    groups = _groups(args, session)
    if args.json:
        return report.as_json(groups)
    described = [
        {
            "Group name": group["name"],
            "UUID": group["uuid"],
            "Serial number": group["serial_no"],
            "Allocation policy": group["alloc_policy"],
            "Nodes": group["node_list"],
            "Instances": group["pinst_list"],
            "Node parameters": group["ndparams"],
            "Instance policy": group["ipolicy"],
            "Disk parameters": group["diskparams"],
            "Tags": group["tags"],
        }
        for group in groups
    ]
    print("\n".join(report.lines(described)))
    return SUCCESS


def _configure_show(parser: argparse.ArgumentParser) -> None:
    _configure_names(parser)
    parser.add_argument("--include-defaults", action="store_true", help="also what is inherited")


def _show_ispecs(args: argparse.Namespace, session: Session) -> int:
    for group in _groups(args, session):
        policy = group["ipolicy"] if args.include_defaults else group["custom_ipolicy"]
        # A group has no standard specs of its own, so nothing could set them.
        shown = instance_policies.without(policy, ["std"])
        words = ["gnt-group", "add"]
        print(instance_policies.command_line(words, shown, group["name"]))
    return SUCCESS


PROGRAM = Program(
    "gnt-group",
    "groups of nodes",
    (
        Command(("add",), "add a node group", _configure_change, _add),
        *listing.commands("group", DEFAULT, noun="GROUP"),
        Command(("info",), "print everything about node groups", _configure_info, _info),
        Command(("modify",), "change a node group's parameters", _configure_change, _modify),
        Command(("rename",), "give a node group another name", _configure_rename, _rename),
        Command(("remove",), "remove an empty node group", _configure_one, _remove),
        Command(("assign-nodes",), "move nodes into a node group", _configure_assign, _assign),
        Command(
            ("evacuate",),
            "bring a node group's instances to other groups",
            _configure_evacuate,
            _evacuate,
        ),
        Command(
            ("show-ispecs-cmd",),
            "print the commands that set the groups' instance policies",
            _configure_show,
            _show_ispecs,
        ),
        *tagging.commands("nodegroup", "group"),
    ),
)


def main() -> int:
    """The console script."""
    return running.main(PROGRAM)


if __name__ == "__main__":
    sys.exit(main())
