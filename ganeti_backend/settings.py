"""The cluster's settings file: where things are and on which ports, read by every daemon.

`installation.py` writes it and makes what it names; what the cluster *contains* (instances,
networks) is not here but in `configuration`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ganeti_backend.disk_templates import TEMPLATES
from ganeti_backend.errors import ConfigurationError

SHARED_DIR = Path("/srv/ganeti/shared-file-storage")
REAL = ("file", "sharedfile", "diskless")  # What guests that read their disks can have.
ALL = (*(name for name in TEMPLATES if name != "diskless"), "diskless")
# Where OS definitions lie that were installed for Ganeti; a node's own folder `os` comes before.
OS_DIRS = (Path("/srv/ganeti/os"), Path("/usr/local/share/ganeti/os"), Path("/usr/share/ganeti/os"))
NODE_FOLDERS = ("disks", "instances", "console", "seeds", "tasks")
FOLDER_MODE = 0o750
SSL = "ssl"
LOOPBACK = "127.0.0.1"
EMBEDDED_LIBVIRT = "qemu:///embed?root={node_dir}/libvirt"

Place = Callable[[str], Path]  # What a path of the file means.


class SettingsError(ConfigurationError):
    """The settings file is missing, is not JSON or lacks something; the text names the file."""


@dataclass(frozen=True)
class NodeSettings:
    """One node: its name, where its daemon listens, the folder of its disks and guests.

    The hooks that it runs are those of its machine, unless it has a folder of its own for them.
    """

    name: str
    address: str
    port: int
    dir: Path
    hooks_dir: Path | None = None

    @classmethod
    def usual(cls, number: int, port: int, state: Path) -> Self:
        """On loopback, with a folder below the state's; the first is the master's."""
        folder = state / "nodes" / f"node{number}"
        hooks = folder / "hooks" if number > 1 else None
        return cls(f"node{number}.local", LOOPBACK, port, folder, hooks)

    @classmethod
    def read(cls, found: Mapping[str, Any], at: Place) -> Self:
        """From its part of the file."""
        name, address, port = str(found["name"]), str(found["address"]), int(found["port"])
        hooks = found.get("hooks_dir")
        return cls(name, address, port, at(found["dir"]), at(hooks) if hooks else None)

    @property
    def folders(self) -> list[Path]:
        """What its daemon expects to be there."""
        own_hooks = [self.hooks_dir] if self.hooks_dir else []
        return [self.dir, *(self.dir / name for name in NODE_FOLDERS), *own_hooks]


@dataclass(frozen=True)
class RapiSettings:
    """Where the remote API listens and what it proves itself with."""

    host: str
    port: int
    users_file: Path
    certificate: Path
    key: Path

    @classmethod
    def usual(cls, port: int, data: Path) -> Self:
        """On loopback, with everything in the cluster's folder."""
        ssl = data / SSL
        return cls(LOOPBACK, port, data / "rapi_users", ssl / "rapi.pem", ssl / "rapi.key")

    @classmethod
    def read(cls, found: Mapping[str, Any], at: Place) -> Self:
        """From its part of the file."""
        return cls(
            host=str(found["host"]),
            port=int(found["port"]),
            users_file=at(found["users_file"]),
            certificate=at(found["certificate"]),
            key=at(found["key"]),
        )


@dataclass(frozen=True)
class TlsSettings:
    """The cluster's authority and the one certificate that nodes and master show each other."""

    ca: Path
    certificate: Path
    key: Path

    @classmethod
    def usual(cls, data: Path) -> Self:
        """In the cluster's folder."""
        ssl = data / SSL
        return cls(ssl / "ca.pem", ssl / "node.pem", ssl / "node.key")

    @classmethod
    def read(cls, found: Mapping[str, Any], at: Place) -> Self:
        """From its part of the file."""
        return cls(at(found["ca"]), at(found["certificate"]), at(found["key"]))


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
    shared_dir: Path = SHARED_DIR  # Every node sees this folder.
    os_dirs: tuple[Path, ...] = OS_DIRS

    def node(self, name: str) -> NodeSettings:
        """The settings of one node, or KeyError."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)

    def hooks_of(self, node: NodeSettings) -> Path:
        """The folder of the hooks that a node runs."""
        return node.hooks_dir or self.hooks_dir


@dataclass(frozen=True)
class Drivers:
    """The choices that differ between a laptop, a test and a machine with KVM."""

    hypervisor: str = "fake"
    accelerator: str = "qemu"
    network: str = "fake"
    libvirt_uri: str = EMBEDDED_LIBVIRT
    disk_templates: tuple[str, ...] = ()  # Empty: all that the hypervisor can use.

    @property
    def templates(self) -> tuple[str, ...]:
        """Guests on paper use any kind of storage's twin."""
        return self.disk_templates or (ALL if self.hypervisor == "fake" else REAL)


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
    nodes = tuple(NodeSettings.usual(i, port, state) for i, port in enumerate(node_ports, start=1))
    return Settings(
        cluster_name=cluster_name,
        master=nodes[0].name,
        data_dir=data,
        queue_dir=data / "queue",
        config_dir=data / "config",
        hooks_dir=data / "hooks",
        command_socket=data / "master.sock",
        rapi=RapiSettings.usual(rapi_port, data),
        tls=TlsSettings.usual(data),
        hypervisor=drivers.hypervisor,
        libvirt_uri=drivers.libvirt_uri,
        accelerator=drivers.accelerator,
        network=drivers.network,
        disk_templates=drivers.templates,
        image_dir=state / "images",
        nodes=nodes,
        shared_dir=state / "shared",
    )


def load(path: Path | str) -> Settings:
    """Read the settings file. Relative paths in it begin where the file is, so that it can move."""
    try:
        return _from_dict(json.loads(Path(path).read_text()), Path(path).absolute().parent)
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{path} is not a settings file: {error}") from error
    except KeyError as error:
        raise SettingsError(f"{path} lacks {error}") from error


def _from_dict(data: Mapping[str, Any], base: Path) -> Settings:
    at = base.joinpath
    nodes = tuple(NodeSettings.read(node, at) for node in data["nodes"])
    return Settings(
        cluster_name=str(data["cluster_name"]),
        master=str(data["master"]),
        data_dir=at(data["data_dir"]),
        queue_dir=at(data["queue_dir"]),
        config_dir=at(data["config_dir"]),
        hooks_dir=at(data["hooks_dir"]),
        command_socket=at(data["command_socket"]),
        rapi=RapiSettings.read(data["rapi"], at),
        tls=TlsSettings.read(data["tls"], at),
        hypervisor=str(data["hypervisor"]),
        libvirt_uri=str(data["libvirt_uri"]),
        accelerator=str(data["accelerator"]),
        network=str(data["network"]),
        disk_templates=tuple(data["disk_templates"]),
        image_dir=at(data["image_dir"]),
        nodes=nodes,
        shared_dir=at(data.get("shared_dir", SHARED_DIR)),
        os_dirs=tuple(at(folder) for folder in data.get("os_dirs", OS_DIRS)),
    )
