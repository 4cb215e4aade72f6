"""gnt-backup: export instances to folders on nodes, and make instances of what is there."""

import argparse
import sys
from typing import Any

from ganeti_backend.cli import (
    following,
    instance_changes,
    instance_install,
    listing,
    parameters,
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
    parser.add_argument("name", metavar="INSTANCE")
    parser.add_argument("--src-node", help="the node that has the export")
    parser.add_argument("--src-dir", help="the export's name there, if not the instance's")
    parser.add_argument(
        "--identify-defaults", action="store_true", help="do not keep what is equal"
    )
    parser.add_argument("--compress", default="none", metavar="none|gzip")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("-n", "--node", help="NODE, or NODE:SECONDARY for mirrored disks")
    place.add_argument("-I", "--iallocator", help="the allocator that chooses; '.' is the default")
    parser.add_argument("-g", "--node-group", help="choose a node of this group")
    parser.add_argument(
        "--opportunistic-locking", action="store_true", help="choose among nodes that are free now"
    )
    parser.add_argument("--tags", type=lambda text: text.split(","), metavar="TAG,…")
    parser.add_argument("-t", "--disk-template")
    parser.add_argument("-o", "--os-type", help="another OS definition than the exported one")
    instance_install.add_os_options(parser)
    parser.add_argument("--disk", action="append", type=parameters.indexed, default=[])
    parser.add_argument("-s", "--os-size", type=parameters.size, help="size of the only disk")
    parser.add_argument("--net", action="append", type=parameters.indexed, default=[])
    parser.add_argument("--no-nics", action="store_true")
    instance_changes.add_parameter_options(parser)
    for name, dest in (
        ("--no-name-check", "name_check"),
        ("--no-ip-check", "ip_check"),
        ("--no-conflicts-check", "conflicts_check"),
        ("--no-wait-for-sync", "wait_for_sync"),
    ):
        parser.add_argument(name, dest=dest, action="store_false")
    parser.add_argument("--ignore-ipolicy", action="store_true")
    parser.add_argument("--file-driver")
    parser.add_argument("--file-storage-dir")
    parser.add_argument("--force-variant", action="store_true")
    following.add_submit_options(parser)


def _import(args: argparse.Namespace, session: Session) -> int:
    hypervisor, hvparams = args.hypervisor
    if args.no_nics:
        raise Failure("An import keeps its interfaces; remove them with 'modify --net'.", USAGE)
    op = following.opcode(
        "OP_INSTANCE_CREATE",
        args,
        session,
        mode="import",
        instance_name=args.name,
        src_node=args.src_node,
        src_path=args.src_dir,
        identify_defaults=args.identify_defaults,
        compress=args.compress,
        **instance_changes.placement(args),
        tags=args.tags,
        file_storage_dir=args.file_storage_dir,
        disk_template=args.disk_template,
        os_type=args.os_type,
        osparams=args.os_parameters,
        osparams_private=args.os_private,
        osparams_secret=args.os_secret,
        disks=_disks(args),
        nics=_ordered(args.net, "--net"),
        beparams=args.backend,
        hypervisor=hypervisor,
        hvparams=hvparams,
        start=False,  # As Ganeti does: first a look, then a start.
        name_check=args.name_check,
        ip_check=args.ip_check and args.name_check,
        conflicts_check=args.conflicts_check,
        wait_for_sync=args.wait_for_sync,
        ignore_ipolicy=args.ignore_ipolicy,
        file_driver=args.file_driver,
        force_variant=args.force_variant,
    )
    return following.run(args, session, op)


def _disks(args: argparse.Namespace) -> list[dict[str, Any]]:
    if args.os_size is not None:
        if args.disk:
            raise Failure("Give --disk or --os-size, not both.", USAGE)
        return [{"size": args.os_size}]
    return _ordered(args.disk, "--disk")


def _ordered(given: list[tuple[str, dict[str, Any]]], what: str) -> list[dict[str, Any]]:
    try:
        return parameters.in_order(given, what.removeprefix("--"))
    except argparse.ArgumentTypeError as error:
        raise Failure(f"{what}: {error}", USAGE) from error


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
