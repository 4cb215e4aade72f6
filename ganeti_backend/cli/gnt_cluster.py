"""gnt-cluster: make a cluster, look at it as a whole, close and open its queue."""

import argparse
import sys
from pathlib import Path
from typing import Any

from ganeti_backend.cli import (
    cluster_crypto,
    cluster_modify,
    cluster_nodes,
    cluster_report,
    cluster_state,
    cluster_verify,
    cluster_watcher,
    report,
    running,
    self_description,
    tagging,
)
from ganeti_backend.cli.program import (
    SUCCESS,
    USAGE,
    Command,
    Failure,
    Program,
    Session,
    no_options,
)

DEFAULT_NODE_PORTS = (1811, 1812, 1813)
DEFAULT_RAPI_PORT = 5080

VERSIONS = (
    "software_version",
    "vcs_version",
    "protocol_version",
    "config_version",
    "os_api_version",
    "export_version",
)


def _configure_init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", default="cluster.local", metavar="CLUSTER")
    parser.add_argument("--state-dir", type=Path, required=True, help="folder of the whole cloud")
    parser.add_argument(
        "--node", action="append", default=[], metavar="NAME:ADDRESS:PORT", help="one per node"
    )
    parser.add_argument(
        "--node-port", action="append", type=int, default=[], help="one per node on loopback"
    )
    parser.add_argument("--hypervisor", choices=["fake", "libvirt"], default="fake")
    parser.add_argument("--libvirt-uri", help="the default is an embedded one for each node")
    parser.add_argument("--accelerator", choices=["kvm", "qemu"], default="qemu")
    parser.add_argument("--network", choices=["fake", "user"], default="fake")
    parser.add_argument("--enabled-disk-templates", default="file,diskless", metavar="NAME,…")
    parser.add_argument("--image-dir", type=Path)
    parser.add_argument("--rapi-host", default="127.0.0.1")
    parser.add_argument("--rapi-port", type=int, default=DEFAULT_RAPI_PORT)
    parser.add_argument("--rapi-user", help="with --rapi-password-file: who may use RAPI")
    # A file and not an option's value, which every user of the machine could read.
    parser.add_argument("--rapi-password-file", type=Path, metavar="FILE")
    cluster_modify.add_parameters(parser)
    # Ganeti changes the machine for these; here nothing of it is touched.
    for name in ("--no-etc-hosts", "--no-ssh-init"):
        parser.add_argument(name, action="store_true", help=argparse.SUPPRESS)


def _init(args: argparse.Namespace, _session: Session) -> int:
    from ganeti_backend import installation
    from ganeti_backend.durable import SECRET_MODE, replace
    from ganeti_backend.errors import GenericError

    if bool(args.rapi_user) != bool(args.rapi_password_file):
        raise Failure("--rapi-user and --rapi-password-file go together.", USAGE)
    try:
        wanted = _settings(args)
        path = wanted.data_dir / "cluster.json"
        if args.rapi_user:
            wanted.data_dir.mkdir(parents=True, exist_ok=True)
            password = args.rapi_password_file.read_text().strip()
            line = f"{args.rapi_user} {password} write\n"
            replace(wanted.rapi.users_file, line.encode(), SECRET_MODE)
        installation.write(path, wanted)
        _set_parameters(args, wanted)
    except (OSError, GenericError) as error:
        raise Failure(f"Cannot make the cluster: {getattr(error, 'message', error)}") from error
    print(path)
    return SUCCESS


def _set_parameters(args: argparse.Namespace, made: Any) -> None:
    """What the master finds when it starts for the first time."""
    fields = cluster_modify.wanted(args)
    fields.pop("shared_file_storage_dir", None)  # Is in the settings.
    if not fields:
        return
    from ganeti_backend import opcodes
    from ganeti_backend.master import first_cluster

    first_cluster.prepare(made, opcodes.OpClusterSetParams(**fields))


def _settings(args: argparse.Namespace) -> Any:
    import dataclasses

    from ganeti_backend import settings

    drivers = settings.Drivers(
        hypervisor=args.hypervisor,
        accelerator=args.accelerator,
        network=args.network,
        libvirt_uri=args.libvirt_uri or settings.EMBEDDED_LIBVIRT,
        disk_templates=tuple(args.enabled_disk_templates.split(",")),
    )
    state = args.state_dir.resolve()
    ports = args.node_port or list(DEFAULT_NODE_PORTS)
    wanted = settings.for_state(state, args.rapi_port, ports, drivers, args.name)
    changes: dict[str, Any] = {"rapi": dataclasses.replace(wanted.rapi, host=args.rapi_host)}
    if args.shared_file_storage_dir:
        changes["shared_dir"] = Path(args.shared_file_storage_dir).resolve()
    if args.image_dir:
        changes["image_dir"] = args.image_dir.resolve()
    if args.node:
        nodes = tuple(_node(text, state) for text in args.node)
        changes |= {"nodes": nodes, "master": nodes[0].name}
    return dataclasses.replace(wanted, **changes)


def _node(text: str, state: Path) -> Any:
    from ganeti_backend.settings import NodeSettings

    name, _, rest = text.partition(":")
    address, _, port = rest.rpartition(":")
    if not (name and address and port.isdigit()):
        raise Failure(f"--node: '{text}' is not NAME:ADDRESS:PORT.", USAGE)
    return NodeSettings(name, address, int(port), state / "nodes" / name.partition(".")[0])


def _getmaster(_args: argparse.Namespace, session: Session) -> int:
    print(session.call("QueryClusterInfo")["master"])
    return SUCCESS


def _version(args: argparse.Namespace, session: Session) -> int:
    info = session.call("QueryClusterInfo")
    if args.json:
        return report.as_json({name: info[name] for name in VERSIONS})
    print(f"Software version: {info['software_version']}")
    print(f"Internode protocol: {info['protocol_version']}")
    print(f"Configuration format: {info['config_version']}")
    print(f"OS api version: {info['os_api_version']}")
    print(f"Export interface: {info['export_version']}")
    print(f"VCS version: {info['vcs_version']}")
    return SUCCESS


def _configure_queue(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["drain", "undrain", "info"])


def _queue(args: argparse.Namespace, session: Session) -> int:
    wanted = {"drain": True, "undrain": False, "info": None}[args.action]
    drained = session.call("SetDrainFlag", drained=wanted)
    if args.action == "info":
        print(f"The drain flag is {'set' if drained else 'unset'}")
    return SUCCESS


PROGRAM = Program(
    "gnt-cluster",
    "the cluster as a whole",
    (
        Command(("init",), "make a cluster's folders and settings", _configure_init, _init),
        *cluster_report.COMMANDS,
        Command(("getmaster",), "print the name of the master node", no_options, _getmaster),
        Command(("version",), "print versions", report.add_json_option, _version),
        Command(("queue",), "close and open the queue for new jobs", _configure_queue, _queue),
        *cluster_verify.COMMANDS,
        *cluster_modify.COMMANDS,
        *cluster_watcher.COMMANDS,
        *cluster_nodes.COMMANDS,
        *cluster_state.COMMANDS,
        *self_description.COMMANDS,
        *cluster_crypto.COMMANDS,
        *tagging.commands("cluster", None),
    ),
)


def main() -> int:
    """The console script."""
    return running.main(PROGRAM)


if __name__ == "__main__":
    sys.exit(main())
