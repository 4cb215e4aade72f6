"""`gnt-instance add` and `gnt-instance modify`: from options to opcodes."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from ganeti_backend.cli import following, parameters
from ganeti_backend.cli.program import SUCCESS, USAGE, Failure, Session, refusal

NO_CHANGE = "Please give at least one of the parameters."


def add_parameter_options(parser: argparse.ArgumentParser) -> None:
    """-B and -H."""
    parser.add_argument(
        "-B", "--backend-parameters", dest="backend", type=parameters.backend, default={},
        metavar="memory=2G,vcpus=2",
    )  # fmt: skip
    parser.add_argument(
        "-H", "--hypervisor-parameters", dest="hypervisor", type=parameters.hypervisor,
        default=(None, {}), metavar="[NAME:]key=value,…",
    )  # fmt: skip


def _texts(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


def configure_add(parser: argparse.ArgumentParser) -> None:
    """The options of `add`."""
    parser.add_argument("name", metavar="INSTANCE")
    parser.add_argument("-t", "--disk-template", help="file, diskless …")
    parser.add_argument("-o", "--os-type", help="OS definition, such as image")
    parser.add_argument("-O", "--os-parameters", type=parameters.pairs, default={})
    parser.add_argument("--os-parameters-private", type=parameters.pairs, help="in no log")
    parser.add_argument("--os-parameters-secret", type=parameters.pairs, help="not stored either")
    parser.add_argument("--force-variant", action="store_true", help="also one that is not listed")
    parser.add_argument(
        "--disk", action="append", type=parameters.indexed, default=[], metavar="N:size=SIZE,…"
    )
    parser.add_argument("-s", "--os-size", type=parameters.size, help="size of the only disk")
    parser.add_argument(
        "--net", action="append", type=parameters.indexed, metavar="N:network=NAME,ip=pool,…"
    )
    parser.add_argument("--no-nics", action="store_true", help="no network interface at all")
    add_parameter_options(parser)
    place = parser.add_mutually_exclusive_group()
    place.add_argument(
        "-n", "--node", metavar="NODE[:SECONDARY]", help="where to run, and the mirror's node"
    )
    place.add_argument("-I", "--iallocator", help="the allocator that chooses; '.' is the default")
    parser.add_argument("-g", "--node-group", help="choose a node of this group")
    parser.add_argument(
        "--opportunistic-locking", action="store_true", help="choose among nodes that are free now"
    )
    parser.add_argument("--tags", type=_texts, metavar="TAG,…")
    parser.add_argument("--file-driver")
    parser.add_argument("--file-storage-dir")
    for name, dest, text in (
        ("--no-start", "start", "leave it stopped"),
        ("--no-name-check", "name_check", "do not resolve the name"),
        ("--no-ip-check", "ip_check", "do not look for the address in use"),
        ("--no-conflicts-check", "conflicts_check", "do not check addresses against networks"),
        ("--no-wait-for-sync", "wait_for_sync", "do not wait for disks to be in sync"),
    ):
        parser.add_argument(name, dest=dest, action="store_false", help=text)
    parser.add_argument("--no-install", action="store_true", help="make disks but do not fill them")
    parser.add_argument("--ignore-ipolicy", action="store_true")
    following.add_submit_options(parser)


def add(args: argparse.Namespace, session: Session) -> int:
    """Make an instance."""
    hypervisor, hvparams = args.hypervisor
    op = following.opcode(
        "OP_INSTANCE_CREATE",
        args,
        session,
        instance_name=args.name,
        mode="create",
        disk_template=args.disk_template or _default_template(args, session),
        disks=_disks(args),
        nics=_nics(args),
        **_system(args),
        **placement(args),
        beparams=args.backend,
        hypervisor=hypervisor,
        hvparams=hvparams,
        file_driver=args.file_driver,
        file_storage_dir=args.file_storage_dir,
        tags=args.tags,
        start=args.start,
        name_check=args.name_check,
        # Ganeti's rule: without a resolved name there is no address to look for.
        ip_check=args.ip_check and args.name_check,
        conflicts_check=args.conflicts_check,
        wait_for_sync=args.wait_for_sync,
        no_install=args.no_install or None,
        ignore_ipolicy=args.ignore_ipolicy,
    )
    code = following.run(args, session, op)
    if code == SUCCESS and not args.submit and not args.dry_run and sys.stdout.isatty():
        print(f"'gnt-instance info {args.name}' shows it.")
    return code


def _system(args: argparse.Namespace) -> dict[str, Any]:
    """What is installed, and what it is told."""
    return {
        "os_type": args.os_type,
        "osparams": args.os_parameters,
        "osparams_private": args.os_parameters_private,
        "osparams_secret": args.os_parameters_secret,
        "force_variant": args.force_variant or None,
    }


def placement(args: argparse.Namespace) -> dict[str, Any]:
    """Where a new instance goes, as far as that is told: NODE is one or NODE:SECONDARY."""
    first, _, second = (args.node or "").partition(":")
    return {
        "pnode": first or None,
        "snode": second or None,
        "iallocator": args.iallocator if args.iallocator != "." else None,
        "group_name": args.node_group,
        "opportunistic_locking": args.opportunistic_locking or None,
    }


def _default_template(args: argparse.Namespace, session: Session) -> str:
    if not args.disk and args.os_size is None:
        return "diskless"
    return str(session.call("QueryClusterInfo")["enabled_disk_templates"][0])


def _disks(args: argparse.Namespace) -> list[dict[str, Any]]:
    if args.os_size is not None:
        if args.disk:
            raise Failure("Give --disk or --os-size, not both.", USAGE)
        return [{"size": args.os_size}]
    try:
        disks = parameters.in_order(args.disk, "disk")
    except argparse.ArgumentTypeError as error:
        raise Failure(f"--disk: {error}", USAGE) from error
    if args.disk_template == "diskless" and disks:
        raise Failure("A diskless instance has no --disk.", USAGE)
    if args.disk_template not in (None, "diskless") and not disks:
        raise refusal("No disk information specified")
    for place, disk in enumerate(disks):
        if "size" not in disk and "adopt" not in disk:
            raise Failure(f"Disk {place} needs a size, for example --disk {place}:size=10G.", USAGE)
    return disks


def _nics(args: argparse.Namespace) -> list[dict[str, Any]]:
    if args.no_nics:
        if args.net:
            raise Failure("Give --net or --no-nics, not both.", USAGE)
        return []
    if args.net is None:
        return [{}]  # One interface with the cluster's defaults, as Ganeti makes it.
    try:
        return parameters.in_order(args.net, "interface")
    except argparse.ArgumentTypeError as error:
        raise Failure(f"--net: {error}", USAGE) from error


def configure_modify(parser: argparse.ArgumentParser) -> None:
    """The options of `modify`."""
    parser.add_argument("name", metavar="INSTANCE")
    add_parameter_options(parser)
    parser.add_argument("-O", "--os-parameters", type=parameters.pairs, default={})
    parser.add_argument("--os-parameters-private", type=parameters.pairs, help="in no log")
    parser.add_argument("-o", "--os-type", help="the OS definition it is said to have")
    parser.add_argument("--force-variant", action="store_true", help="also one that is not listed")
    for what, example in (("--disk", "add:size=1G"), ("--net", "0:ip=192.0.2.7")):
        parser.add_argument(
            what,
            action="append",
            type=parameters.modification,
            default=[],
            metavar=f"add:…|N:remove|N:key=value,… ({example})",
        )
    state = parser.add_mutually_exclusive_group()
    state.add_argument("--offline", action="store_true", default=None)
    state.add_argument("--online", action="store_false", dest="offline", default=None)
    parser.add_argument("-m", "--runtime-memory", type=parameters.size, metavar="SIZE")
    _add_template_options(parser)
    parser.add_argument("--hotplug", action="store_true", help="change a running one at once")
    parser.add_argument("--hotplug-if-possible", action="store_true")
    parser.add_argument("--no-conflicts-check", dest="conflicts_check", action="store_false")
    parser.add_argument("--ignore-ipolicy", action="store_true")
    parser.add_argument("-f", "--force", action="store_true")
    following.add_submit_options(parser)


def _add_template_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-t", "--disk-template", help="keep the content in disks of this kind")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("-n", "--node", metavar="NODE", help="has the other copy of mirrored disks")
    place.add_argument("-I", "--iallocator", metavar="NAME", help="chooses that node")
    parser.add_argument("--new-primary", metavar="NODE", help="it was moved there by other means")
    parser.add_argument("--no-wait-for-sync", dest="wait_for_sync", action="store_false")
    parser.add_argument("-e", "--ext-params", type=parameters.pairs, metavar="provider=NAME,…")
    parser.add_argument("--file-driver")
    parser.add_argument("--file-storage-dir")


def modify(args: argparse.Namespace, session: Session) -> int:
    """Change an instance, and say what changed."""
    changes = _changes(args)
    if not changes:
        raise Failure(NO_CHANGE, USAGE)
    op = following.opcode(
        "OP_INSTANCE_SET_PARAMS",
        args,
        session,
        instance_name=args.name,
        hotplug=args.hotplug,
        hotplug_if_possible=args.hotplug_if_possible,
        conflicts_check=args.conflicts_check,
        ignore_ipolicy=args.ignore_ipolicy,
        force=args.force,
        force_variant=args.force_variant or None,
        wait_for_sync=args.wait_for_sync,
        file_driver=args.file_driver,
        file_storage_dir=args.file_storage_dir,
        **changes,
    )
    if args.submit or args.json:
        return following.run(args, session, op)
    _tell(args, following.run_and_get(args, session, op))
    return SUCCESS


def _changes(args: argparse.Namespace) -> dict[str, Any]:
    """What is to be another than before."""
    _hypervisor, hvparams = args.hypervisor
    changes = {
        "beparams": args.backend,
        "hvparams": hvparams,
        "osparams": args.os_parameters,
        "osparams_private": args.os_parameters_private,
        "os_name": args.os_type,
        "disks": args.disk,
        "nics": args.net,
        "offline": args.offline,
        "runtime_mem": args.runtime_memory,
        "disk_template": args.disk_template,
        "remote_node": args.node,
        "iallocator": args.iallocator,
        "pnode": args.new_primary,
        "ext_params": args.ext_params,
    }
    return {name: value for name, value in changes.items() if value not in (None, {}, [])}


def _tell(args: argparse.Namespace, changed: Sequence[tuple[str, Any]]) -> None:
    if not changed:
        return
    print(f"Modified instance {args.name}")
    for parameter, value in changed:
        print(f" - {parameter:<5} -> {value}")
    if not (args.hotplug or args.hotplug_if_possible or args.runtime_memory):
        print("A running instance takes most of this up when it is started anew.")
