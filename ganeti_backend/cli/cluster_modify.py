"""gnt-cluster: modify, rename, redist-conf, destroy and show-ispecs-cmd."""

import argparse
import sys
from pathlib import Path
from typing import Any

from ganeti_backend.cli import following, instance_policies, parameters
from ganeti_backend.cli.connection import MasterAwayError, socket_path
from ganeti_backend.cli.program import FAILURE, SUCCESS, Command, Failure, Session, confirm

DESTROYED = "destroyed"  # This file says that nothing in the folder is needed any more.
YES_NO = {"yes": True, "no": False, "true": True, "false": False}
TEXTS = (
    "vg-name", "drbd-usermode-helper", "file-storage-dir", "shared-file-storage-dir",
    "gluster-storage-dir", "install-image", "instance-communication-network", "zeroing-image",
    "master-netdev",
)  # fmt: skip
NUMBERS = ("max-running-jobs", "max-tracked-jobs", "master-netmask")
SWITCHES = {
    "maintain-node-health": "maintain_node_health",
    "prealloc-wipe-disks": "prealloc_wipe_disks",
    "use-external-mip-script": "use_external_mip_script",
    "user-shutdown": "enabled_user_shutdown",
    "modify-etc-hosts": "modify_etc_hosts",
}
LISTS = ("enabled-hypervisors", "reserved-lvs", "compression-tools")


def switch(text: str) -> bool:
    if text.lower() not in YES_NO:
        raise argparse.ArgumentTypeError(f"'{text}' is neither yes nor no")
    return YES_NO[text.lower()]


def words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def of_kind(text: str) -> tuple[str, dict[str, Any]]:
    """HYPERVISOR:key=value,… or TEMPLATE:key=value,…"""
    kind, colon, rest = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME:KEY=VALUE,…")
    return kind, parameters.typed(parameters.pairs(rest))


def typed_pairs(text: str) -> dict[str, Any]:
    return parameters.typed(parameters.pairs(text))


def numbers(text: str) -> dict[str, int]:
    try:
        return {name: int(value) for name, value in parameters.pairs(text).items()}
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=NUMBER,…") from None


def add_parameters(parser: argparse.ArgumentParser) -> None:
    """The parameters that can be set from the first day on."""
    add = parser.add_argument
    add("-B", "--backend-parameters", type=parameters.backend, metavar="KEY=VALUE,…")
    add(
        "-H",
        "--hypervisor-parameters",
        type=of_kind,
        action="append",
        default=[],
        metavar="HYPERVISOR:KEY=VALUE,…",
    )
    add(
        "-D",
        "--disk-parameters",
        type=of_kind,
        action="append",
        default=[],
        metavar="TEMPLATE:KEY=VALUE,…",
    )
    add("-N", "--nic-parameters", type=parameters.pairs, metavar="KEY=VALUE,…")
    add("--node-parameters", type=parameters.pairs, metavar="KEY=VALUE,…")
    add("-C", "--candidate-pool-size", type=int, metavar="NUMBER", help="of master candidates")
    add("-I", "--default-iallocator", metavar="NAME", help="'' is the built-in one")
    add("--default-iallocator-params", type=typed_pairs, metavar="KEY=VALUE,…")
    add("-m", "--mac-prefix", metavar="XX:XX:XX")
    for name in TEXTS:
        add(f"--{name}", metavar="TEXT")
    for name in NUMBERS:
        add(f"--{name}", type=int, metavar="NUMBER")
    for name in SWITCHES:
        add(f"--{name}", type=switch, metavar="yes|no")
    for name in LISTS:
        add(f"--{name}", type=words, metavar="NAME,…")
    add("--enabled-data-collectors", type=typed_pairs, metavar="NAME=BOOL,…")
    add("--data-collector-interval", type=numbers, metavar="NAME=SECONDS,…")
    add("--uid-pool", type=parameters.id_ranges, metavar="FIRST-LAST,…")
    parameters.add_state_options(parser)
    instance_policies.add_options(parser, std=True)


def _configure(parser: argparse.ArgumentParser) -> None:
    add_parameters(parser)
    parser.add_argument("--enabled-disk-templates", type=words, metavar="NAME,…")
    for name in ("--add-uids", "--remove-uids"):
        parser.add_argument(name, type=parameters.id_ranges, metavar="FIRST-LAST,…")
    parser.add_argument("-f", "--force", action="store_true")
    following.add_submit_options(parser)


def wanted(args: argparse.Namespace) -> dict[str, Any]:
    """The fields of a CLUSTER_SET_PARAMS that were given."""
    given = vars(args)
    found: dict[str, Any] = {
        "beparams": args.backend_parameters,
        "hvparams": dict(args.hypervisor_parameters) or None,
        "diskparams": dict(args.disk_parameters) or None,
        "nicparams": args.nic_parameters,
        "ndparams": args.node_parameters,
        "drbd_helper": args.drbd_usermode_helper,
        "ipolicy": instance_policies.given(args),
        "uid_pool": args.uid_pool,
        **parameters.states(args),
    }
    same = (
        "candidate_pool_size", "default_iallocator", "default_iallocator_params", "mac_prefix",
        "enabled_data_collectors", "data_collector_interval",
    )  # fmt: skip
    plain = [name.replace("-", "_") for name in (*TEXTS, *NUMBERS, *LISTS)]
    found |= {name: given[name] for name in (*same, *plain) if name != "drbd_usermode_helper"}
    found |= {field: given[name.replace("-", "_")] for name, field in SWITCHES.items()}
    return {name: value for name, value in found.items() if value is not None}


def _modify(args: argparse.Namespace, session: Session) -> int:
    fields = wanted(args)
    for name in ("enabled_disk_templates", "add_uids", "remove_uids"):
        if getattr(args, name) is not None:
            fields[name] = getattr(args, name)
    if not fields:
        raise Failure("Please give at least one of the parameters.")
    op = following.opcode("OP_CLUSTER_SET_PARAMS", args, session, force=args.force, **fields)
    return following.run(args, session, op)


def _configure_rename(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NEW")
    parser.add_argument("-f", "--force", action="store_true", help="do not ask")
    following.add_submit_options(parser)


def _rename(args: argparse.Namespace, session: Session) -> int:
    old = session.call("QueryClusterInfo")["name"]
    confirm(f"This renames the cluster from '{old}' to '{args.name}'. Continue?", agreed=args.force)
    op = following.opcode("OP_CLUSTER_RENAME", args, session, name=args.name)
    if args.submit or args.dry_run or args.json:
        return following.run(args, session, op)
    result = following.run_and_get(args, session, op)
    print(f"Cluster renamed from '{old}' to '{result}'")
    return SUCCESS


def _configure_redistribute(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes-do-it", action="store_true", help=argparse.SUPPRESS)
    following.add_submit_options(parser)


def _redistribute(args: argparse.Namespace, session: Session) -> int:
    op = following.opcode("OP_CLUSTER_REDIST_CONF", args, session)
    return following.run(args, session, op)


def _configure_destroy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--yes-do-it", "--ya-rly", action="store_true", help="agree, which is needed"
    )
    following.add_submit_options(parser)


def _destroy(args: argparse.Namespace, session: Session) -> int:
    """In two steps: while the master runs nothing can be taken away from under it."""
    if not args.yes_do_it:
        print("Destroying a cluster cannot be undone. If you mean it give --yes-do-it.",
              file=sys.stderr)  # fmt: skip
        return FAILURE
    folder = socket_path().parent
    try:
        following.run_and_get(args, session, following.opcode("OP_CLUSTER_DESTROY", args, session))
        session.call("SetDrainFlag", drained=True)
    except MasterAwayError:
        return _remove(folder)
    if not args.dry_run:
        (folder / DESTROYED).touch()
        print("Nothing is left in the cluster, and it takes no more jobs. Stop its daemons, then")
        print(f"give 'gnt-cluster destroy --yes-do-it' again: it removes {folder}")
    return SUCCESS


def _remove(folder: Path) -> int:
    if not (folder / DESTROYED).exists():
        raise Failure(f"No master answers, so nobody knows if anything of {folder} is needed.")
    import shutil

    shutil.rmtree(folder)
    print(f"Removed {folder}")
    return SUCCESS


def _show_specs(_args: argparse.Namespace, session: Session) -> int:
    policy = session.call("QueryClusterInfo")["ipolicy"]
    print(instance_policies.command_line(["gnt-cluster", "modify"], policy, None))
    return SUCCESS


def _none(_parser: argparse.ArgumentParser) -> None:
    """No options."""


COMMANDS = (
    Command(("modify",), "change the cluster's parameters", _configure, _modify),
    Command(("rename",), "give the cluster another name", _configure_rename, _rename),
    Command(
        ("redist-conf",),
        "give the configuration to all candidates anew",
        _configure_redistribute,
        _redistribute,
    ),
    Command(("destroy",), "end an empty cluster", _configure_destroy, _destroy),
    Command(("show-ispecs-cmd",), "print what sets the instance policy", _none, _show_specs),
)
