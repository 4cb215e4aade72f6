"""The cluster's settings file: where things are and on which ports, read by every daemon.

`write` makes the whole folder tree once (settings, certificates, RAPI users) and may be repeated;
what the cluster *contains* (instances, networks) is not here but in `config.py`.
"""

import argparse
import json
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ganeti_backend.errors import ConfigurationError

DIRECTORY_MODE = 0o750
SECRET_MODE = 0o600
EMBEDDED_LIBVIRT = "qemu:///embed?root={node_dir}/libvirt"
RAPI_USER = "synnefo"
NODE_FOLDERS = ("disks", "instances", "console", "seeds", "tasks")


class SettingsError(ConfigurationError):
    """The settings file is missing, is not JSON or lacks something; the text names the file."""


@dataclass(frozen=True)
class NodeSettings:
    """One node: its name, where its daemon listens, the folder of its disks and guests."""

    name: str
    address: str
    port: int
    dir: Path


@dataclass(frozen=True)
class RapiSettings:
    """Where the remote API listens and what it proves itself with."""

    host: str
    port: int
    users_file: Path
    certificate: Path
    key: Path


@dataclass(frozen=True)
class TlsSettings:
    """The cluster's authority and the one certificate that nodes and master show each other."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True)
class Settings:
    """Everything a daemon of the cluster manager is told."""

    cluster_name: str
    master: str
    data_dir: Path
    queue_dir: Path
    config_dir: Path
    hooks_dir: Path
    command_socket: Path
    rapi: RapiSettings
    tls: TlsSettings
    hypervisor: str
    libvirt_uri: str
    accelerator: str
    network: str
    disk_templates: tuple[str, ...]
    image_dir: Path
    nodes: tuple[NodeSettings, ...]

    def node(self, name: str) -> NodeSettings:
        """The settings of one node, or KeyError."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)


@dataclass(frozen=True)
class Drivers:
    """The choices that differ between a laptop, a test and a machine with KVM."""

    hypervisor: str = "fake"
    accelerator: str = "qemu"
    network: str = "fake"
    libvirt_uri: str = EMBEDDED_LIBVIRT
    disk_templates: tuple[str, ...] = ("file", "diskless")


def for_state(
    state: Path,
    rapi_port: int,
    node_ports: Sequence[int],
    drivers: Drivers | None = None,
    cluster_name: str = "cluster.local",
) -> Settings:
    """The usual layout of an embedded cluster: one folder, one node on loopback for each port."""
    drivers = drivers or Drivers()
    data = state / "cluster"
    ssl = data / "ssl"
    nodes = tuple(
        NodeSettings(f"node{i}.local", "127.0.0.1", port, state / "nodes" / f"node{i}")
        for i, port in enumerate(node_ports, start=1)
    )
    return Settings(
        cluster_name=cluster_name,
        master=nodes[0].name,
        data_dir=data,
        queue_dir=data / "queue",
        config_dir=data / "config",
        hooks_dir=data / "hooks",
        command_socket=data / "master.sock",
        rapi=RapiSettings(
            "127.0.0.1", rapi_port, data / "rapi_users", ssl / "rapi.pem", ssl / "rapi.key"
        ),
        tls=TlsSettings(ssl / "ca.pem", ssl / "node.pem", ssl / "node.key"),
        hypervisor=drivers.hypervisor,
        libvirt_uri=drivers.libvirt_uri,
        accelerator=drivers.accelerator,
        network=drivers.network,
        disk_templates=drivers.disk_templates,
        image_dir=state / "images",
        nodes=nodes,
    )


def load(path: Path | str) -> Settings:
    """Read the settings file."""
    try:
        return _from_dict(json.loads(Path(path).read_text()))
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{path} is not a settings file: {error}") from error
    except KeyError as error:
        raise SettingsError(f"{path} lacks {error}") from error


def write(path: Path | str, settings: Settings) -> None:
    """Write the settings file and make all it names; what is already there is kept."""
    from ganeti_backend import certificates

    for folder in _folders(settings):
        folder.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    certificates.ensure(settings)
    _ensure_rapi_users(settings.rapi.users_file)
    text = json.dumps(asdict(settings), default=str, indent=1, sort_keys=True)
    replace(Path(path), text.encode() + b"\n")


def rapi_password(settings: Settings) -> str:
    """The generated password of the frontend's RAPI user."""
    for line in settings.rapi.users_file.read_text().splitlines():
        fields = line.split()
        if fields and fields[0] == RAPI_USER:
            return fields[1]
    raise SettingsError(f"{settings.rapi.users_file} has no user {RAPI_USER}")


def replace(path: Path, content: bytes, mode: int = SECRET_MODE) -> None:
    """Put a file in place: a reader sees the old one or the new one, also after a power cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _folders(settings: Settings) -> list[Path]:
    folders = [
        settings.data_dir,
        settings.queue_dir,
        settings.queue_dir / "archive",
        settings.config_dir,
        settings.hooks_dir,
        settings.tls.ca.parent,
        settings.image_dir,
    ]
    for node in settings.nodes:
        folders.extend([node.dir, *(node.dir / name for name in NODE_FOLDERS)])
    return folders


def _ensure_rapi_users(path: Path) -> None:
    if not path.exists():
        replace(path, f"{RAPI_USER} {secrets.token_urlsafe(24)} write\n".encode())


def _from_dict(data: Mapping[str, Any]) -> Settings:
    nodes = tuple(
        NodeSettings(str(n["name"]), str(n["address"]), int(n["port"]), Path(n["dir"]))
        for n in data["nodes"]
    )
    rapi, tls = data["rapi"], data["tls"]
    return Settings(
        cluster_name=str(data["cluster_name"]),
        master=str(data["master"]),
        data_dir=Path(data["data_dir"]),
        queue_dir=Path(data["queue_dir"]),
        config_dir=Path(data["config_dir"]),
        hooks_dir=Path(data["hooks_dir"]),
        command_socket=Path(data["command_socket"]),
        rapi=RapiSettings(
            host=str(rapi["host"]),
            port=int(rapi["port"]),
            users_file=Path(rapi["users_file"]),
            certificate=Path(rapi["certificate"]),
            key=Path(rapi["key"]),
        ),
        tls=TlsSettings(Path(tls["ca"]), Path(tls["certificate"]), Path(tls["key"])),
        hypervisor=str(data["hypervisor"]),
        libvirt_uri=str(data["libvirt_uri"]),
        accelerator=str(data["accelerator"]),
        network=str(data["network"]),
        disk_templates=tuple(data["disk_templates"]),
        image_dir=Path(data["image_dir"]),
        nodes=nodes,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m ganeti_backend.settings`: make an embedded cluster's folders and settings."""
    defaults = Drivers()
    parser = argparse.ArgumentParser(prog="ganeti_backend.settings", description=main.__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder of the whole cloud")
    parser.add_argument("--rapi-port", type=int, required=True)
    parser.add_argument("--node-port", type=int, action="append", required=True, dest="node_ports")
    parser.add_argument("--hypervisor", choices=["fake", "libvirt"], default=defaults.hypervisor)
    parser.add_argument("--accelerator", choices=["kvm", "qemu"], default=defaults.accelerator)
    parser.add_argument("--network", choices=["fake", "user"], default=defaults.network)
    parser.add_argument("--libvirt-uri", default=defaults.libvirt_uri)
    parser.add_argument("--cluster-name", default="cluster.local")
    given = parser.parse_args(arguments)
    drivers = Drivers(given.hypervisor, given.accelerator, given.network, given.libvirt_uri)
    settings = for_state(
        given.state.resolve(), given.rapi_port, given.node_ports, drivers, given.cluster_name
    )
    path = settings.data_dir / "cluster.json"
    write(path, settings)
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
