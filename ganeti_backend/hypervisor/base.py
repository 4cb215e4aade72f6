"""What a hypervisor driver does for the instances of one node.

Instances are the dictionaries of node calls. An operation that finds its work done already
succeeds, because the master may repeat a call after a node daemon was restarted.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ganeti_backend.errors import HypervisorError
from ganeti_backend.hypervisor.devices import Attachment, Devices
from ganeti_backend.hypervisor.migration import Migration


@dataclass(frozen=True)
class Capabilities:
    """What the node daemon need not do or must not offer for this hypervisor."""

    reads_disks: bool = True
    hotplug: bool = True


@dataclass(frozen=True)
class Place:
    """Where a hypervisor works: the node's folder, its name and how guests are run."""

    folder: Path
    node: str
    uri: str = ""
    accelerator: str = "qemu"
    address: str = "127.0.0.1"  # where other nodes reach this one
    certificates: Path | None = None  # of the emulator, in the names it looks for

    @property
    def consoles(self) -> Path:
        """One file for each instance with what its serial console has said."""
        return self.folder / "console"

    def console(self, name: str) -> Path:
        """The console file of an instance."""
        return self.consoles / f"{name}.log"


class Hypervisor(ABC):
    """Runs the guests of one node. All methods may be called from several threads."""

    capabilities: ClassVar[Capabilities]

    def __init__(self, place: Place) -> None:
        self.place = place

    @abstractmethod
    def host(self) -> dict[str, int]:
        """Memory (MiB) and processors of the node, with the keys of the call node_info."""

    @abstractmethod
    def instances(self) -> dict[str, dict[str, Any]]:
        """All guests with state, memory and vcpus.

        A guest that stopped by itself is listed as "shutdown", one whose memory was saved as
        "suspended"; one that was stopped is not listed.
        """

    @abstractmethod
    def start(self, instance: Mapping[str, Any], devices: Devices, *, paused: bool) -> None:
        """Start the guest with the parameters given now; nothing happens if it runs.

        One whose memory was saved goes on where it was instead.
        """

    @abstractmethod
    def shutdown(self, name: str, timeout: float, *, force: bool) -> None:
        """Ask the guest to power off, and cut the power after `timeout` seconds or with force."""

    @abstractmethod
    def reboot(self, name: str, timeout: float, *, hard: bool) -> None:
        """Let the guest reboot by itself, and reset it after `timeout` seconds or if hard."""

    @abstractmethod
    def forget(self, name: str) -> None:
        """Remove every trace of the instance, running or not; it may be unknown."""

    @abstractmethod
    def console(self, name: str) -> dict[str, Any]:
        """How to reach the guest's screen."""

    @abstractmethod
    def attach_nic(
        self, instance: Mapping[str, Any], nic: Mapping[str, Any], attachment: Attachment
    ) -> None:
        """Plug an interface into the running guest."""

    @abstractmethod
    def detach_nic(self, instance: Mapping[str, Any], nic: Mapping[str, Any]) -> None:
        """Unplug an interface, known by its MAC, from the running guest."""

    @abstractmethod
    def attach_disk(self, instance: Mapping[str, Any], disk: Mapping[str, Any], path: str) -> None:
        """Plug a disk into the running guest; nothing happens if the guest has it."""

    @abstractmethod
    def detach_disk(self, name: str, disk: Mapping[str, Any]) -> None:
        """Unplug a disk; when this returns no guest uses it. It may be gone, and so may the guest.

        HypervisorError if the guest does not let go of it.
        """

    @abstractmethod
    def set_memory(self, name: str, memory: int) -> None:
        """Ask the running guest to make do with so many MiB, or give it more up to its maximum."""

    @abstractmethod
    def hold(self, name: str) -> bool:
        """Let the running guest stand still with all it wrote in its disks.

        False if there was nothing to do: it stands still already, or does not run here.
        """

    @abstractmethod
    def let_go(self, name: str) -> None:
        """Let the guest go on; nothing happens if it does or is not here any more."""

    @abstractmethod
    def suspend(self, name: str) -> None:
        """Save the guest's memory and end it; nothing happens if that was done."""

    @abstractmethod
    def disk_grown(self, path: str, size: int) -> None:
        """Tell the guest that uses this disk, if one does, its new size in MiB."""

    @property
    @abstractmethod
    def migration(self) -> "Migration":
        """This node's end of migrations."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the hypervisor; guests run on."""


def memory_of(instance: Mapping[str, Any]) -> int:
    """The memory to start with, in MiB."""
    parameters = instance["beparams"]
    return int(parameters.get("maxmem") or parameters.get("memory") or 128)


def vcpus_of(instance: Mapping[str, Any]) -> int:
    """The number of virtual processors."""
    return int(instance["beparams"].get("vcpus") or 1)


def instance_name(instance: Mapping[str, Any]) -> str:
    """The instance's name, which becomes a file name; HypervisorError if it cannot."""
    name = instance.get("name")
    if not isinstance(name, str) or not name or "/" in name or name.startswith("."):
        raise HypervisorError(f"{name!r} is no instance name")
    return name
