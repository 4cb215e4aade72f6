"""gnt-backup: export instances to folders on nodes, and make instances of what is there."""

import argparse
import sys

from ganeti_backend.cli import (
    following,
    instance_creation,
    listing,
    running,
)
from ganeti_backend.cli.program import (
    FAILURE,
    SUCCESS,
    UNKNOWN_FIELD,
    USAGE,
    Command,
    Failure,
    Program,
    Session,
)

DEFAULT = "node,export"
TIMEOUT = 120


def _configure_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="INSTANCE")
    parser.add_argument("-n", "--node", required=True, help="the node that keeps the export")
    parser.add_argument("-f", "--force", action="store_true", help="has no effect")
    parser.add_argument("--shutdown-timeout", type=int, default=TIMEOUT)
    parser.add_argument("--noshutdown", dest="shutdown", action="store_false", help="let it run")
    parser.add_argument("--remove-instance", action="store_true", help="remove it afterwards")
    parser.add_argument("--ignore-remove-failures", action="store_true")
    parser.add_argument("--transport-compression", default="none", metavar="none|gzip")
    parser.add_argument("--zero-free-space", action="store_true")
    parser.add_argument("--zeroing-timeout-fixed", type=int)
    parser.add_argument("--zeroing-timeout-per-mib", type=float)
    parser.add_argument(
        "--long-sleep", action="store_true", help="make no copies: it is down until the end"
    )
    following.add_submit_options(parser)


def _export(args: argparse.Namespace, session: Session) -> int:
    op = following.opcode(
        "OP_BACKUP_EXPORT",
        args,
        session,
        instance_name=args.name,
        target_node=args.node,
        mode="local",
        compress=args.transport_compression,
        shutdown=args.shutdown,
        shutdown_timeout=args.shutdown_timeout,
        remove_instance=args.remove_instance,
        ignore_remove_failures=args.ignore_remove_failures,
        zero_free_space=args.zero_free_space,
        zeroing_timeout_fixed=args.zeroing_timeout_fixed,
        zeroing_timeout_per_mib=args.zeroing_timeout_per_mib,
        long_sleep=args.long_sleep,
    )
    if args.submit or args.json or args.print_jobid or args.dry_run:
        return following.run(args, session, op)
    finished, disks = following.run_and_get(args, session, op)
    if finished and all(disks):
        return SUCCESS
    failed = ", ".join(str(place) for place, done in enumerate(disks) if not done)
    print(f"The export is not complete, failed disks: {failed or 'none'}", file=sys.stderr)
    return FAILURE


def _configure_import(parser: argparse.ArgumentParser) -> None:
    instance_creation.add_options(parser)
    parser.add_argument("--src-node", help="the node that has the export")
    parser.add_argument("--src-dir", help="the export's name there, if not the instance's")
    parser.add_argument(
        "--identify-defaults", action="store_true", help="do not keep what is equal"
    )
    parser.add_argument("--compress", default="none", metavar="none|gzip")
    following.add_submit_options(parser)


def _import(args: argparse.Namespace, session: Session) -> int:
    if args.no_nics:
        raise Failure("An import keeps its interfaces; remove them with 'modify --net'.", USAGE)
    op = instance_creation.opcode(
        args,
        session,
        mode="import",
        src_node=args.src_node,
        src_path=args.src_dir,
        identify_defaults=args.identify_defaults,
        compress=args.compress,
        disk_template=args.disk_template,
        disks=instance_creation.disks(args),
        nics=instance_creation.nics(args),
        start=False,  # As Ganeti does: first a look, then a start.
    )
    return following.run(args, session, op)


def _configure_list(parser: argparse.ArgumentParser) -> None:
    listing.add_list_options(parser, DEFAULT)
    parser.add_argument("-n", "--node", action="append", default=[], help="only of this node")


def _list(args: argparse.Namespace, session: Session) -> int:
    qfilter = ["|", *(["=", "node", node] for node in args.node)] if args.node else None
    names = listing.chosen(args.output, DEFAULT)
    answer = session.call("Query", resource="export", names=names, qfilter=qfilter)
    listing.show(args, answer)
    unknown = [f["name"] for f in answer["fields"] if f["kind"] == "unknown"]
    if unknown:
        print(f"Unknown fields: {', '.join(unknown)}", file=sys.stderr)
        return UNKNOWN_FIELD
    return SUCCESS


def _configure_remove(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="INSTANCE")
    following.add_submit_options(parser)


def _remove(args: argparse.Namespace, session: Session) -> int:
    op = following.opcode("OP_BACKUP_REMOVE", args, session, instance_name=args.name)
    return following.run(args, session, op)


_LIST_FIELDS = listing.commands("export", DEFAULT, key="export", noun="EXPORT")[1]
PROGRAM = Program(
    "gnt-backup",
    "exports of instances, and imports",
    (
        Command(("export",), "export an instance to a node", _configure_export, _export),
        Command(("import",), "make an instance of an export", _configure_import, _import),
        Command(("list",), "list exports", _configure_list, _list),
        _LIST_FIELDS,
        Command(("remove",), "remove the export of an instance", _configure_remove, _remove),
    ),
)


def main() -> int:
    """The console script."""
    return running.main(PROGRAM)


if __name__ == "__main__":
    sys.exit(main())
