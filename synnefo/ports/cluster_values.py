"""What crosses the port Cluster: wishes as `…Spec` and `…Change`, looks as `…Report`.

The words are the backend's. None of it does anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class DiskSpec:
    """A disk to be made; the size is in MiB.

    An extension: `fill` is a file of the images' folder whose bytes it gets, and `keep_as` the one
    that it is saved as before it goes.
    """

    name: str
    size: int
    fill: str | None = None
    fill_format: str = "raw"
    keep_as: str | None = None


@dataclass(frozen=True, slots=True)
class NicSpec:
    """A network card to be made; no address or MAC means that the cluster chooses."""

    name: str
    network: str | None = None
    ip: str | None = None
    mac: str | None = None


@dataclass(frozen=True, slots=True)
class InstanceSpec:
    """An instance to be made; memory is in MiB."""

    name: str
    vcpus: int
    memory: int
    disk_template: str
    os: str
    disks: tuple[DiskSpec, ...] = ()
    nics: tuple[NicSpec, ...] = ()
    osparams: Mapping[str, str] = field(default_factory=dict)
    hvparams: Mapping[str, Any] = field(default_factory=dict)
    hypervisor: str | None = None
    tags: tuple[str, ...] = ()
    start: bool = True
    install: bool = True  # whether the OS definition fills the first disk
    node: str | None = None  # without one the cluster chooses
    second_node: str | None = None  # of disks on two nodes, where the first one is chosen


@dataclass(frozen=True, slots=True)
class InstanceChange:
    """What to change of an instance; what is absent stays as it is.

    Cards and disks go by name; those that are to get one, by their uuid.
    """

    vcpus: int | None = None
    memory: int | None = None
    add_nics: tuple[NicSpec, ...] = ()
    remove_nics: tuple[str, ...] = ()
    add_disks: tuple[DiskSpec, ...] = ()
    add_first_disk: DiskSpec | None = None  # before all others
    remove_disks: tuple[str, ...] = ()
    name_nics: Mapping[str, NicSpec] = field(default_factory=dict)
    name_disks: Mapping[str, str] = field(default_factory=dict)
    hvparams: Mapping[str, Any] = field(default_factory=dict)
    osparams: Mapping[str, str] = field(default_factory=dict)
    hotplug: bool = True


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """A network to be made in the cluster; `cidr` and `cidr6` are in slash notation."""

    name: str
    cidr: str
    gateway: str | None = None
    cidr6: str | None = None
    gateway6: str | None = None
    mac_prefix: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NicReport:
    """A network card as the cluster knows it."""

    name: str | None
    uuid: str
    mac: str
    ip: str | None
    network: str | None
    mode: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class DiskReport:
    """A disk as the cluster knows it; the size is in MiB."""

    name: str | None
    uuid: str
    size: int


@dataclass(frozen=True, slots=True)
class InstanceReport:
    """An instance as the cluster knows it.

    `status` is Ganeti's: running, ADMIN_down, ERROR_down, ERROR_up, ERROR_nodedown,
    ERROR_nodeoffline, …; our backend also says paused and suspended. `running` is what the
    hypervisor says, or None where its node could not be asked.
    """

    name: str
    uuid: str
    status: str
    admin_state: str
    running: bool | None
    memory: int
    vcpus: int
    pnode: str
    disk_template: str
    nics: tuple[NicReport, ...] = ()
    disks: tuple[DiskReport, ...] = ()
    hypervisor: str = ""
    os: str = ""
    tags: tuple[str, ...] = ()
    created: float = 0.0
    serial: int = 0


@dataclass(frozen=True, slots=True)
class NodeReport:
    """A node and its capacity in MiB; None where the node could not be asked."""

    name: str
    offline: bool
    drained: bool
    vm_capable: bool
    memory_total: int | None
    memory_free: int | None
    disk_total: int | None
    disk_free: int | None
    cpus: int | None
    instances: int = 0
    address: str = ""
    master: bool = False


@dataclass(frozen=True, slots=True)
class NetworkReport:
    """A network as the cluster knows it; `groups` are the node groups it is connected to.

    `external` are the addresses that are kept from instances.
    """

    name: str
    uuid: str
    cidr: str
    gateway: str | None
    mac_prefix: str | None
    free: int
    reserved: int
    groups: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    external: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpReport:
    """One opcode of a job: `input` holds its parameters, `log` its entries (serial, time, kind,
    text).
    """

    opcode: str
    status: str
    input: Mapping[str, Any] = field(default_factory=dict)
    result: Any = None
    log: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class JobReport:
    """A job as the cluster knows it, finished and archived ones included."""

    id: int
    status: str
    ops: tuple[OpReport, ...]
    received: tuple[int, int] | None = None
    started: tuple[int, int] | None = None
    ended: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    """The cluster itself."""

    name: str
    master: str
    version: str
    default_hypervisor: str
    enabled_hypervisors: tuple[str, ...]
    enabled_disk_templates: tuple[str, ...]
    tags: tuple[str, ...] = ()
    nic_mode: str = "bridged"  # How cards are connected unless somebody says otherwise.
    nic_link: str = ""
    features: tuple[str, ...] = ()  # What it announces beyond Ganeti's own abilities.


@dataclass(frozen=True, slots=True)
class ConsoleReport:
    """How to reach a console: `vnc` has host and port, `msg` has only a message."""

    kind: str
    host: str | None = None
    port: int | None = None
    message: str = ""
