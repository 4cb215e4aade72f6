"""Instances to be made: what `gnt-instance add` and `gnt-backup import` ask alike, and `add`.

Both are one opcode, OP_INSTANCE_CREATE; an import only takes from an export what is not given.
"""

import argparse
import sys
from typing import Any

from ganeti_backend.cli import following, instance_install, parameters
from ganeti_backend.cli.program import SUCCESS, USAGE, Command, Failure, Session, refusal

UNCHECKED = (
    ("--no-name-check", "name_check", "do not resolve the name"),
    ("--no-ip-check", "ip_check", "do not look for the address in use"),
    ("--no-conflicts-check", "conflicts_check", "do not check addresses against networks"),
    ("--no-wait-for-sync", "wait_for_sync", "do not wait for disks to be in sync"),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that do not depend on what its disks are filled with."""
    parser.add_argument("name", metavar="INSTANCE")
    _add_system_options(parser)
    _add_part_options(parser)
    parameters.add_instance_options(parser)
    _add_place_options(parser)
    parser.add_argument("--tags", type=parameters.words, metavar="TAG,…")
    for name, dest, text in UNCHECKED:
        parser.add_argument(name, dest=dest, action="store_false", help=text)
    parser.add_argument("--ignore-ipolicy", action="store_true")


def _add_system_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--os-type", help="OS definition, such as image")
    instance_install.add_os_options(parser)
    parser.add_argument("--force-variant", action="store_true", help="also one that is not listed")


def _add_part_options(parser: argparse.ArgumentParser) -> None:
    """Disks and cards."""
    parser.add_argument("-t", "--disk-template", help="file, diskless …")
    parser.add_argument(
        "--disk", action="append", type=parameters.indexed, default=[], metavar="N:size=SIZE,…"
    )
    parser.add_argument("-s", "--os-size", type=parameters.size, help="size of the only disk")
    parser.add_argument("--file-driver")
    parser.add_argument("--file-storage-dir")
    parser.add_argument(
        "--net", action="append", type=parameters.indexed, metavar="N:network=NAME,ip=pool,…"
    )
    parser.add_argument("--no-nics", action="store_true", help="no network interface at all")


def _add_place_options(parser: argparse.ArgumentParser) -> None:
    place = parser.add_mutually_exclusive_group()
    place.add_argument(
        "-n", "--node", metavar="NODE[:SECONDARY]", help="where to run, and the mirror's node"
    )
    place.add_argument("-I", "--iallocator", help="the allocator that chooses; '.' is the default")
    parser.add_argument("-g", "--node-group", help="choose a node of this group")
    parser.add_argument(
        "--opportunistic-locking", action="store_true", help="choose among nodes that are free now"
    )


def opcode(args: argparse.Namespace, session: Session, **fields: Any) -> dict[str, Any]:
    """The creation that the options ask for; `fields` are of one kind of it."""
    hypervisor, hvparams = args.hypervisor
    return following.opcode(
        "OP_INSTANCE_CREATE",
        args,
        session,
        instance_name=args.name,
        os_type=args.os_type,
        **instance_install.os_fields(args),
        force_variant=args.force_variant or None,
        file_driver=args.file_driver,
        file_storage_dir=args.file_storage_dir,
        beparams=args.backend,
        hypervisor=hypervisor,
        hvparams=hvparams,
        **_place(args),
        tags=args.tags,
        name_check=args.name_check,
        # Ganeti's rule: without a resolved name there is no address to look for.
        ip_check=args.ip_check and args.name_check,
        conflicts_check=args.conflicts_check,
        wait_for_sync=args.wait_for_sync,
        ignore_ipolicy=args.ignore_ipolicy,
        **fields,
    )


def _place(args: argparse.Namespace) -> dict[str, Any]:
    """Where a new instance goes, as far as that is told: NODE is one or NODE:SECONDARY."""
    first, _, second = (args.node or "").partition(":")
    return {
        "pnode": first or None,
        "snode": second or None,
        "iallocator": args.iallocator if args.iallocator != "." else None,
        "group_name": args.node_group,
        "opportunistic_locking": args.opportunistic_locking or None,
    }


def disks(args: argparse.Namespace) -> list[dict[str, Any]]:
    """As they were given, by --disk or as the one of --os-size."""
    if args.os_size is None:
        return _in_order(args.disk, "--disk", "disk")
    if args.disk:
        raise Failure("Give --disk or --os-size, not both.", USAGE)
    return [{"size": args.os_size}]


def nics(args: argparse.Namespace) -> list[dict[str, Any]]:
    """As they were given by --net."""
    return _in_order(args.net or [], "--net", "interface")


def _in_order(
    given: list[tuple[str, dict[str, Any]]], option: str, what: str
) -> list[dict[str, Any]]:
    try:
        return parameters.in_order(given, what)
    except argparse.ArgumentTypeError as error:
        raise Failure(f"{option}: {error}", USAGE) from error


# --- add ------------------------------------------------------------------------------------------


def _configure(parser: argparse.ArgumentParser) -> None:
    add_options(parser)
    parser.add_argument("--no-start", dest="start", action="store_false", help="leave it stopped")
    parser.add_argument("--no-install", action="store_true", help="make disks but do not fill them")
    following.add_submit_options(parser)


def _add(args: argparse.Namespace, session: Session) -> int:
    op = opcode(
        args,
        session,
        mode="create",
        disk_template=args.disk_template or _default_template(args, session),
        disks=_new_disks(args),
        nics=_new_nics(args),
        start=args.start,
        no_install=args.no_install or None,
    )
    code = following.run(args, session, op)
    if code == SUCCESS and not args.submit and not args.dry_run and sys.stdout.isatty():
        print(f"'gnt-instance info {args.name}' shows it.")
    return code


def _default_template(args: argparse.Namespace, session: Session) -> str:
    if not args.disk and args.os_size is None:
        return "diskless"
    return str(session.call("QueryClusterInfo")["enabled_disk_templates"][0])


def _new_disks(args: argparse.Namespace) -> list[dict[str, Any]]:
    given = disks(args)
    if args.os_size is not None:
        return given
    if args.disk_template == "diskless" and given:
        raise Failure("A diskless instance has no --disk.", USAGE)
    if args.disk_template not in (None, "diskless") and not given:
        raise refusal("No disk information specified")
    for place, disk in enumerate(given):
        if "size" not in disk and "adopt" not in disk:
            raise Failure(f"Disk {place} needs a size, for example --disk {place}:size=10G.", USAGE)
    return given


def _new_nics(args: argparse.Namespace) -> list[dict[str, Any]]:
    if args.no_nics:
        if args.net:
            raise Failure("Give --net or --no-nics, not both.", USAGE)
        return []
    if args.net is None:
        return [{}]  # One interface with the cluster's defaults, as Ganeti makes it.
    return nics(args)


COMMANDS = (
    Command(
        ("add",),
        "make an instance: NAME -t file -o image --disk 0:size=1G -B memory=512M",
        _configure,
        _add,
    ),
)
