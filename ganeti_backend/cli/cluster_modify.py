"""gnt-cluster: modify, rename, redist-conf, destroy and show-ispecs-cmd."""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from ganeti_backend.cli import following, instance_policies, parameters
from ganeti_backend.cli.connection import MasterAwayError, socket_path
from ganeti_backend.cli.program import FAILURE, SUCCESS, Command, Failure, Session, confirm

DESTROYED = "destroyed"  # This file says that nothing in the folder is needed any more.
YES_NO = {"yes": True, "no": False, "true": True, "false": False}


def switch(text: str) -> bool:
    if text.lower() not in YES_NO:
        raise argparse.ArgumentTypeError(f"'{text}' is neither yes nor no")
    return YES_NO[text.lower()]


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


class Parameter(NamedTuple):
    """A field of CLUSTER_SET_PARAMS and the option that sets it, which is named alike by default.

    One with `many` can be given several times, each time for one kind of thing.
    """

    field: str
    type: Callable[[str], Any]
    metavar: str
    option: str = ""
    letter: str = ""
    help: str | None = None
    many: bool = False

    @property
    def names(self) -> list[str]:
        long = self.option or "--" + self.field.replace("_", "-")
        return [self.letter, long] if self.letter else [long]


KEYS = "KEY=VALUE,…"
# Those that can be set from the first day on.
PARAMETERS = (
    Parameter("beparams", parameters.backend, KEYS, "--backend-parameters", "-B"),
    Parameter(
        "hvparams", of_kind, f"HYPERVISOR:{KEYS}", "--hypervisor-parameters", "-H", many=True
    ),
    Parameter("diskparams", of_kind, f"TEMPLATE:{KEYS}", "--disk-parameters", "-D", many=True),
    Parameter("nicparams", parameters.pairs, KEYS, "--nic-parameters", "-N"),
    Parameter("ndparams", parameters.pairs, KEYS, "--node-parameters"),
    Parameter("candidate_pool_size", int, "NUMBER", letter="-C", help="of master candidates"),
    Parameter("default_iallocator", str, "NAME", letter="-I", help="'' is the built-in one"),
    Parameter("default_iallocator_params", typed_pairs, KEYS),
    Parameter("mac_prefix", str, "XX:XX:XX", letter="-m"),
    Parameter("vg_name", str, "TEXT"),
    Parameter("drbd_helper", str, "TEXT", "--drbd-usermode-helper"),
    Parameter("file_storage_dir", str, "TEXT"),
    Parameter("shared_file_storage_dir", str, "TEXT"),
    Parameter("gluster_storage_dir", str, "TEXT"),
    Parameter("install_image", str, "TEXT"),
    Parameter("instance_communication_network", str, "TEXT"),
    Parameter("zeroing_image", str, "TEXT"),
    Parameter("master_netdev", str, "TEXT"),
    Parameter("max_running_jobs", int, "NUMBER"),
    Parameter("max_tracked_jobs", int, "NUMBER"),
    Parameter("master_netmask", int, "NUMBER"),
    Parameter("maintain_node_health", switch, "yes|no"),
    Parameter("prealloc_wipe_disks", switch, "yes|no"),
    Parameter("use_external_mip_script", switch, "yes|no"),
    Parameter("enabled_user_shutdown", switch, "yes|no", "--user-shutdown"),
    Parameter("modify_etc_hosts", switch, "yes|no"),
    Parameter("enabled_hypervisors", parameters.words, "NAME,…"),
    Parameter("reserved_lvs", parameters.words, "NAME,…"),
    Parameter("compression_tools", parameters.words, "NAME,…"),
    Parameter("enabled_data_collectors", typed_pairs, "NAME=BOOL,…"),
    Parameter("data_collector_interval", numbers, "NAME=SECONDS,…"),
    Parameter("uid_pool", parameters.id_ranges, "FIRST-LAST,…"),
)
# Those that change what is there already.
CHANGES = (
    Parameter("enabled_disk_templates", parameters.words, "NAME,…"),
    Parameter("add_uids", parameters.id_ranges, "FIRST-LAST,…"),
    Parameter("remove_uids", parameters.id_ranges, "FIRST-LAST,…"),
)


def _add(parser: argparse.ArgumentParser, options: Iterable[Parameter]) -> None:
    for row in options:
        parser.add_argument(
            *row.names, dest=row.field, type=row.type, metavar=row.metavar, help=row.help,
            action="append" if row.many else "store",
        )  # fmt: skip


def _given(args: argparse.Namespace, options: Iterable[Parameter]) -> dict[str, Any]:
    given = {row.field: getattr(args, row.field) for row in options}
    return {name: value for name, value in given.items() if value is not None}


def add_parameters(parser: argparse.ArgumentParser) -> None:
    """The parameters that can be set from the first day on."""
    _add(parser, PARAMETERS)
    parameters.add_state_options(parser)
    instance_policies.add_options(parser, std=True)


def wanted(args: argparse.Namespace) -> dict[str, Any]:
    """The fields of a CLUSTER_SET_PARAMS that were given."""
    found = _given(args, PARAMETERS)
    found |= {
        row.field: dict(found[row.field]) for row in PARAMETERS if row.many and row.field in found
    }
    others = {"ipolicy": instance_policies.given(args), **parameters.states(args)}
    return found | {name: value for name, value in others.items() if value is not None}


def _configure(parser: argparse.ArgumentParser) -> None:
    add_parameters(parser)
    _add(parser, CHANGES)
    parser.add_argument("-f", "--force", action="store_true")
    following.add_submit_options(parser)


def _modify(args: argparse.Namespace, session: Session) -> int:
    fields = wanted(args) | _given(args, CHANGES)
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
