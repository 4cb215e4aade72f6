"""gnt-node volumes, list-storage, modify-storage and repair-storage."""

import argparse
from typing import Any

from ganeti_backend.cli import following, listing
from ganeti_backend.cli.node_membership import add_flag
from ganeti_backend.cli.program import SUCCESS, Failure, Session

VOLUMES = "node,phys,vg,name,size,instance"
STORAGE = "node,type,name,size,used,free,allocatable"
TYPES = ("file", "sharedfile", "lvm-pv", "lvm-vg", "gluster")
TITLES = {
    "node": "Node",
    "phys": "PhysDev",
    "vg": "VG",
    "name": "Name",
    "size": "Size",
    "instance": "Instance",
    "type": "Type",
    "used": "Used",
    "free": "Free",
    "allocatable": "Allocatable",
}
SIZES = frozenset({"size", "used", "free"})


def _configure_list(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument("names", nargs="*", metavar="NODE")
    parser.add_argument("-o", "--output", metavar="FIELDS", help=f"default {default}; +F adds")
    parser.add_argument("--no-headers", action="store_true")
    parser.add_argument("--separator", help="put this between columns; sizes are mebibytes then")
    parser.add_argument("--units", choices=["h", "m", "g", "t"], help="h: the unit that fits")
    following.add_submit_options(parser)


def configure_volumes(parser: argparse.ArgumentParser) -> None:
    _configure_list(parser, VOLUMES)


def volumes(args: argparse.Namespace, session: Session) -> int:
    return _list(args, session, "OP_NODE_QUERYVOLS", VOLUMES)


def configure_list_storage(parser: argparse.ArgumentParser) -> None:
    _configure_list(parser, STORAGE)
    parser.add_argument("-t", "--storage-type", choices=TYPES)


def list_storage(args: argparse.Namespace, session: Session) -> int:
    kind = args.storage_type
    return _list(args, session, "OP_NODE_QUERY_STORAGE", STORAGE, storage_type=kind)


def _list(
    args: argparse.Namespace, session: Session, op_id: str, default: str, **fields: Any
) -> int:
    names = listing.chosen(args.output, default)
    op = following.opcode(op_id, args, session, output_fields=names, nodes=args.names, **fields)
    if args.submit or args.dry_run or args.json:
        return following.run(args, session, op)
    unit = args.units or ("m" if args.separator else "h")
    lines = [
        [_cell(name, value, unit) for name, value in zip(names, row, strict=True)]
        for row in following.run_and_get(args, session, op)
    ]
    if not args.no_headers:
        lines.insert(0, [TITLES.get(name, name) for name in names])
    for line in listing.align(lines, [name in SIZES for name in names], args.separator):
        print(line)
    return SUCCESS


def _cell(name: str, value: Any, unit: str) -> str:
    if name in SIZES and value is not None:
        return listing.in_units(float(value), unit)
    return listing.flat(value)


def configure_modify(parser: argparse.ArgumentParser) -> None:
    _configure_one(parser)
    add_flag(parser, "--allocatable", help="whether new disks may be put there")
    following.add_submit_options(parser)


def _configure_one(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NODE")
    parser.add_argument("storage_type", metavar="TYPE", choices=TYPES)
    parser.add_argument("unit", metavar="NAME")


def modify(args: argparse.Namespace, session: Session) -> int:
    if args.allocatable is None:
        raise Failure("Please give at least one of the parameters.")
    changes = {"allocatable": args.allocatable}
    fields = {"node_name": args.name, "storage_type": args.storage_type, "name": args.unit}
    op = following.opcode("OP_NODE_MODIFY_STORAGE", args, session, **fields, changes=changes)
    return following.run(args, session, op)


def configure_repair(parser: argparse.ArgumentParser) -> None:
    _configure_one(parser)
    parser.add_argument("--ignore-consistency", action="store_true", help="may lose data")
    following.add_submit_options(parser)


def repair(args: argparse.Namespace, session: Session) -> int:
    fields = {"node_name": args.name, "storage_type": args.storage_type, "name": args.unit}
    consistency = args.ignore_consistency
    op = following.opcode(
        "OP_REPAIR_NODE_STORAGE", args, session, **fields, ignore_consistency=consistency
    )
    return following.run(args, session, op)
