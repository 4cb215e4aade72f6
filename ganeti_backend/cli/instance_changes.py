"""`gnt-instance modify`: from options to an opcode, and what it changed."""

import argparse
from collections.abc import Sequence
from typing import Any

from ganeti_backend.cli import following, parameters
from ganeti_backend.cli.program import SUCCESS, USAGE, Command, Failure, Session

NO_CHANGE = "Please give at least one of the parameters."


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="INSTANCE")
    parameters.add_instance_options(parser)
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


def _modify(args: argparse.Namespace, session: Session) -> int:
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


COMMANDS = (Command(("modify",), "change parameters, disks and interfaces", _configure, _modify),)
