"""What a cluster is made of, as frozen snapshots: readers keep them as long as they like.

Dictionaries inside are never changed in place, only replaced with the object. `to_dict` is the form
on disk and on the wire, `from_dict` its inverse; unknown keys are dropped so that older masters
read newer files.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

BE_DEFAULTS: dict[str, Any] = {
    "minmem": 128,
    "maxmem": 128,
    "vcpus": 1,
    "auto_balance": True,
    "always_failover": False,
    "spindle_use": 1,
}
NIC_DEFAULTS = {"mode": "bridged", "link": "br0", "vlan": ""}
ADMIN_UP = "up"
ADMIN_DOWN = "down"
ADMIN_OFFLINE = "offline"


@dataclass(frozen=True, kw_only=True)
class Thing:
    """What every object has besides its name; times are seconds since 1970."""

    KIND: ClassVar[str] = ""

    name: str | None
    uuid: str
    ctime: float = 0.0
    mtime: float = 0.0
    serial_no: int = 1
    tags: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        # A frozen dataclass without slots keeps exactly its fields in its dictionary.
        return {key: plain(value) for key, value in vars(self).items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        known = {item.name for item in dataclasses.fields(cls)}
        values = {key: value for key, value in data.items() if key in known}
        values["tags"] = tuple(values.get("tags", ()))
        return cls(**values)

    def replace(self, **changes: Any) -> Self:
        return dataclasses.replace(self, **changes)

    def touched(self, now: float, **changes: Any) -> Self:
        """A changed copy with its serial number raised, as each change of the configuration is."""
        return dataclasses.replace(self, mtime=now, serial_no=self.serial_no + 1, **changes)


def plain(value: Any) -> Any:
    """The value with tuples and objects turned into what JSON knows."""
    if isinstance(value, (Disk, Nic)):
        return value.to_dict()
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


@dataclass(frozen=True, kw_only=True)
class Cluster(Thing):
    KIND = "cluster"

    name: str
    master: str = ""
    mac_prefix: str = "aa:00:00"
    enabled_hypervisors: tuple[str, ...] = ("fake",)
    enabled_disk_templates: tuple[str, ...] = ("file", "diskless")
    hvparams: dict[str, dict[str, Any]] = field(default_factory=dict)
    beparams: dict[str, dict[str, Any]] = field(default_factory=lambda: {"default": BE_DEFAULTS})
    nicparams: dict[str, dict[str, Any]] = field(default_factory=lambda: {"default": NIC_DEFAULTS})
    osparams: dict[str, dict[str, Any]] = field(default_factory=dict)
    osparams_private_cluster: dict[str, dict[str, Any]] = field(default_factory=dict)
    os_hvp: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    hidden_os: tuple[str, ...] = ()
    blacklisted_os: tuple[str, ...] = ()
    ipolicy: dict[str, Any] = field(default_factory=dict)
    default_iallocator: str = ""
    candidate_pool_size: int = 10
    ndparams: dict[str, Any] = field(default_factory=dict)
    diskparams: dict[str, dict[str, Any]] = field(default_factory=dict)
    removed_nodes: tuple[str, ...] = ()  # Which the settings file may still name.
    disabled_disk_templates: tuple[str, ...] = ()  # The same for what a command disabled.
    parameters: dict[str, Any] = field(default_factory=dict)  # See `cluster_parameters.py`.
    hv_state: dict[str, Any] = field(default_factory=dict)  # See `static_state.py`.
    disk_state: dict[str, Any] = field(default_factory=dict)
    domain_secret: str = ""  # Shared with the clusters that instances are moved to and from.

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        lists = (
            "enabled_hypervisors", "enabled_disk_templates", "removed_nodes", "hidden_os",
            "blacklisted_os", "disabled_disk_templates",
        )  # fmt: skip
        return super().from_dict(
            {**data, **{key: tuple(data[key]) for key in lists if key in data}}
        )

    @property
    def hypervisor(self) -> str:
        """The default hypervisor: the first of the enabled ones."""
        return self.enabled_hypervisors[0]

    def fill_beparams(self, custom: Mapping[str, Any]) -> dict[str, Any]:
        filled = {**BE_DEFAULTS, **self.beparams.get("default", {}), **custom}
        # Ganeti's clients still read the old single value, which is the upper bound.
        return {**filled, "memory": filled["maxmem"]}

    def fill_hvparams(
        self, hypervisor: str, custom: Mapping[str, Any], os_name: str = ""
    ) -> dict[str, Any]:
        """Of the hypervisor, of the OS under it, and the given ones over both."""
        of_os = self.os_hvp.get(os_name.partition("+")[0], {}).get(hypervisor, {})
        return {**self.hvparams.get(hypervisor, {}), **of_os, **custom}

    def fill_nicparams(self, custom: Mapping[str, Any]) -> dict[str, Any]:
        return {**NIC_DEFAULTS, **self.nicparams.get("default", {}), **custom}

    def fill_osparams(
        self, os_name: str, *custom: Mapping[str, Any], private: bool = True
    ) -> dict[str, Any]:
        """What the scripts of an OS get: of the OS, of its variant, and the given ones over it.

        Without `private` it is what people may see.
        """
        filled: dict[str, Any] = {}
        for name in dict.fromkeys((os_name.partition("+")[0], os_name)):
            filled.update(self.osparams.get(name, {}))
            filled.update(self.osparams_private_cluster.get(name, {}) if private else {})
        for given in custom:
            filled.update(given)
        return filled


@dataclass(frozen=True, kw_only=True)
class Node(Thing):
    KIND = "node"

    name: str
    primary_ip: str = ""
    secondary_ip: str = ""
    group: str = ""  # uuid of its node group
    master_candidate: bool = True
    master_capable: bool = True
    vm_capable: bool = True
    offline: bool = False
    drained: bool = False
    powered: bool = True  # As far as we switched it.
    port: int = 0  # Of its daemon; 0: the one that the settings file says.
    ndparams: dict[str, Any] = field(default_factory=dict)
    hv_state: dict[str, Any] = field(default_factory=dict)  # See `static_state.py`.
    disk_state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NodeGroup(Thing):
    KIND = "nodegroup"

    name: str
    alloc_policy: str = "preferred"
    networks: dict[str, dict[str, str]] = field(default_factory=dict)  # uuid: {mode, link, vlan}
    ndparams: dict[str, Any] = field(default_factory=dict)
    diskparams: dict[str, Any] = field(default_factory=dict)
    ipolicy: dict[str, Any] = field(default_factory=dict)
    hv_state: dict[str, Any] = field(default_factory=dict)  # See `static_state.py`.
    disk_state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Disk:
    """One disk of an instance. `path` is what the node answered when it made the disk."""

    uuid: str
    size: int  # MiB
    template: str
    name: str | None = None
    mode: str = "rw"
    path: str | None = None
    spindles: int | None = None
    params: dict[str, Any] = field(default_factory=dict)  # what only its kind of storage knows

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        known = {item.name for item in dataclasses.fields(cls)}
        return cls(**{key: value for key, value in data.items() if key in known})


@dataclass(frozen=True, kw_only=True)
class Nic:
    """One network interface. `network` is the network's uuid; mode, link and vlan are filled in."""

    uuid: str
    mac: str
    name: str | None = None
    ip: str | None = None
    network: str | None = None
    mode: str = "bridged"
    link: str = ""
    vlan: str = ""

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        known = {item.name for item in dataclasses.fields(cls)}
        return cls(**{key: value for key, value in data.items() if key in known})


@dataclass(frozen=True, kw_only=True)
class Instance(Thing):
    """beparams and hvparams hold only what differs from the cluster; `node_payload` fills them."""

    KIND = "instance"

    name: str
    primary_node: str
    secondary_node: str | None = None  # of mirrored disks
    # Where it goes, until it is known to have got there or not; see `units/instances/copies.py`.
    arriving_at: str | None = None
    left_behind: tuple[str, ...] = ()  # Nodes that may still run a copy, to be dropped there.
    os: str = ""
    hypervisor: str = "fake"
    disk_template: str = "diskless"
    admin_state: str = ADMIN_DOWN
    admin_state_source: str = "admin"
    beparams: dict[str, Any] = field(default_factory=dict)
    hvparams: dict[str, Any] = field(default_factory=dict)
    osparams: dict[str, Any] = field(default_factory=dict)
    osparams_private: dict[str, Any] = field(default_factory=dict)  # Stored, but never shown.
    disks: tuple[Disk, ...] = ()
    snapshots: dict[str, Any] = field(default_factory=dict)  # name: {ctime, disks (uuids)}
    nics: tuple[Nic, ...] = ()

    @property
    def nodes(self) -> tuple[str, ...]:
        """Where it lives: the primary node first."""
        return (self.primary_node, *([self.secondary_node] if self.secondary_node else []))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        disks = tuple(Disk.from_dict(item) for item in data.get("disks", ()))
        nics = tuple(Nic.from_dict(item) for item in data.get("nics", ()))
        left = tuple(data.get("left_behind", ()))
        return super().from_dict({**data, "disks": disks, "nics": nics, "left_behind": left})

    def node_payload(self, cluster: Cluster) -> dict[str, Any]:
        """The instance as node daemons get it: every parameter filled in."""
        return {
            **self.to_dict(),
            "beparams": cluster.fill_beparams(self.beparams),
            "hvparams": cluster.fill_hvparams(self.hypervisor, self.hvparams, self.os),
        }


@dataclass(frozen=True, kw_only=True)
class Network(Thing):
    """An address range. Which addresses instances hold is read off their NICs, never stored twice;
    `reserved_ips` are those kept from the pool by hand (Ganeti's external reservations)."""

    KIND = "network"

    name: str
    network: str  # for example 198.18.0.0/20
    gateway: str | None = None
    network6: str | None = None
    gateway6: str | None = None
    mac_prefix: str | None = None
    reserved_ips: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        return super().from_dict({**data, "reserved_ips": tuple(data.get("reserved_ips", ()))})


KINDS: dict[str, type[Thing]] = {
    cls.KIND: cls for cls in (Cluster, Node, NodeGroup, Instance, Network)
}
