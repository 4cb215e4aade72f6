"""Fields of instances, and the status that an administrator sees."""

from collections.abc import Callable
from typing import Any

from ganeti_backend.objects import Disk, Instance, Nic
from ganeti_backend.queries.fields import (
    NODATA,
    OBJECT_BULK,
    OFFLINE,
    UNAVAILABLE,
    Field,
    Kind,
    Table,
    attribute,
    getter,
    object_fields,
    ordinal,
)
from ganeti_backend.queries.hypervisor_parameters import HYPERVISOR_PARAMETERS
from ganeti_backend.queries.instance_status import status
from ganeti_backend.queries.snapshot import Snapshot

Get = Callable[[Instance, Snapshot], Any]

STATUS_DOC = (
    'Instance status; "running" if instance is set to be running and actually is, '
    '"ADMIN_down" if instance is stopped and is not running, '
    '"ERROR_wrongnode" if instance running, but not on its designated primary node, '
    '"ERROR_up" if instance should be stopped, but is actually running, '
    '"ERROR_down" if instance should run, but doesn\'t, '
    '"ERROR_nodedown" if instance\'s primary node is down, '
    '"ERROR_nodeoffline" if instance\'s primary node is marked offline, '
    '"ADMIN_offline" if instance is offline and does not use dynamic resources'
)
USAGE_DOC = (
    "Total disk space used by instance on each of its nodes; this is not the disk size visible "
    "to the instance, but the usage on the node"
)
MOST_DISKS = 16
MOST_NICS = 8
BULK = (
    "name", "admin_state", "os", "pnode", "snodes", "disk_template", "nic.ips", "nic.macs",
    "nic.modes", "nic.uuids", "nic.names", "nic.links", "nic.networks", "nic.networks.names",
    "nic.bridges", "network_port", "disk.sizes", "disk.spindles", "disk_usage", "disk.uuids",
    "disk.names", "beparams", "hvparams", "oper_state", "oper_ram", "oper_vcpus", "status",
    "custom_hvparams", "custom_beparams", "custom_nicparams",
)  # fmt: skip
BE_FIELDS = {
    "always_failover": (Kind.BOOL, "be/always_failover"),
    "auto_balance": (Kind.BOOL, "Auto_balance"),
    "maxmem": (Kind.UNIT, "ConfigMaxMem"),
    "minmem": (Kind.UNIT, "ConfigMinMem"),
    "spindle_use": (Kind.NUMBER, "be/spindle_use"),
    "vcpus": (Kind.NUMBER, "ConfigVCPUs"),
}


def actual(read: Callable[[Any], Any], *, stopped: Any) -> Get:
    """A getter of something that only the node knows; `stopped` is the answer for a stopped one."""

    def get(instance: Instance, snapshot: Snapshot) -> Any:
        node = snapshot.nodes.get(instance.primary_node)
        if node is not None and node.offline:
            return OFFLINE
        if not snapshot.answers(instance.primary_node):
            return NODATA
        info = snapshot.running(instance)
        return stopped if info is None else read(info)

    return get


def be(name: str) -> Get:
    """A backend parameter, the cluster's default included."""
    return lambda instance, snapshot: snapshot.cluster.fill_beparams(instance.beparams)[name]


def hv(name: str) -> Get:
    """A hypervisor parameter, the cluster's default included."""

    def get(instance: Instance, snapshot: Snapshot) -> Any:
        filled = snapshot.cluster.fill_hvparams(instance.hypervisor, instance.hvparams, instance.os)
        return filled.get(name, UNAVAILABLE)

    return get


def nics(read: Callable[[Nic, Snapshot], Any]) -> Get:
    """One value of every interface."""
    return lambda instance, snapshot: [read(nic, snapshot) for nic in instance.nics]


def nic_at(index: int, read: Callable[[Nic, Snapshot], Any]) -> Get:
    """One value of one interface."""

    def get(instance: Instance, snapshot: Snapshot) -> Any:
        if index >= len(instance.nics):
            return UNAVAILABLE
        value = read(instance.nics[index], snapshot)
        return UNAVAILABLE if value in (None, "") else value

    return get


def disks(read: Callable[[Disk], Any]) -> Get:
    """One value of every disk."""
    return lambda instance, _snapshot: [read(disk) for disk in instance.disks]


def disk_at(index: int, read: Callable[[Disk], Any]) -> Get:
    """One value of one disk."""

    def get(instance: Instance, _snapshot: Snapshot) -> Any:
        value = read(instance.disks[index]) if index < len(instance.disks) else None
        return UNAVAILABLE if value is None else value

    return get


def network_name(nic: Nic, snapshot: Snapshot) -> str | None:
    """The name of the network an interface is in."""
    network = snapshot.networks.get(nic.network) if nic.network else None
    return network.name if network else None


def bridge(nic: Nic, _snapshot: Snapshot) -> str | None:
    """The bridge of a bridged interface."""
    return nic.link if nic.mode == "bridged" else None


def secondary_groups(name: str) -> Get:
    """An attribute of the groups of the secondary nodes."""

    def get(instance: Instance, snapshot: Snapshot) -> list[Any]:
        groups = (snapshot.group_of(node) for node in instance.nodes[1:])
        return [getattr(group, name) for group in groups if group is not None]

    return get


def group(read: Callable[[Any], Any]) -> Get:
    """Something of the primary node's group."""

    def get(instance: Instance, snapshot: Snapshot) -> Any:
        found = snapshot.group_of(instance.primary_node)
        return UNAVAILABLE if found is None else read(found)

    return get


NIC_FIELDS: tuple[tuple[str, str, str, Callable[[Nic, Snapshot], Any]], ...] = (
    ("ip", "IP", "IP address", lambda nic, _: nic.ip),
    ("mac", "MAC", "MAC address", lambda nic, _: nic.mac),
    ("mode", "Mode", "Mode", lambda nic, _: nic.mode),
    ("link", "Link", "Link", lambda nic, _: nic.link),
    ("vlan", "VLAN", "VLAN", lambda nic, _: nic.vlan),
    ("bridge", "Bridge", "Bridge", bridge),
    ("name", "Name", "Name address", lambda nic, _: nic.name),
    ("uuid", "UUID", "UUID address", lambda nic, _: nic.uuid),
    ("network", "Network", "Network", lambda nic, _: nic.network),
    ("network.name", "NetworkName", "Network name", network_name),
)
NIC_LISTS: tuple[tuple[str, str, str, str], ...] = (
    ("nic.ips", "NIC_IPs", "List containing each network interface's IP address", "ip"),
    ("nic.macs", "NIC_MACs", "List containing each network interface's MAC address", "mac"),
    ("nic.modes", "NIC_modes", "List containing each network interface's mode", "mode"),
    ("nic.links", "NIC_links", "List containing each network interface's link", "link"),
    ("nic.vlans", "NIC_VLANs", "List containing each network interface's VLAN", "vlan"),
    ("nic.bridges", "NIC_bridges", "List containing each network interface's bridge", "bridge"),
    ("nic.names", "NIC_Names", "List containing each network interface's name", "name"),
    ("nic.uuids", "NIC_UUIDs", "List containing each network interface's UUID", "uuid"),
    ("nic.networks", "NIC_networks", "List containing each interface's network", "network"),
    (
        "nic.networks.names",
        "NIC_networks_names",
        "List containing the name of each interface's network",
        "network.name",
    ),
)
# The names that interface 0 had before an instance could have several.
FIRST_NIC = (
    ("bridge", "bridge"), ("ip", "ip"), ("mac", "mac"), ("nic_link", "link"), ("nic_mode", "mode"),
    ("nic_network", "network"),
)  # fmt: skip
DISK_FIELDS: tuple[tuple[str, str, Kind, str, Callable[[Disk], Any]], ...] = (
    ("disk.name", "DiskName", Kind.TEXT, "Name", lambda disk: disk.name),
    ("disk.size", "Disk", Kind.UNIT, "Disk size", lambda disk: disk.size),
    ("disk.spindles", "DiskSpindles", Kind.NUMBER, "Spindles", lambda disk: disk.spindles),
    ("disk.uuid", "DiskUUID", Kind.TEXT, "UUID", lambda disk: disk.uuid),
)


def _nic_fields() -> list[Field[Instance]]:
    reads = {name: read for name, _title, _doc, read in NIC_FIELDS}
    described = {name: (title, doc) for name, title, doc, _read in NIC_FIELDS}
    fields = [
        Field[Instance](name, title, Kind.OTHER, doc, nics(reads[of]))
        for name, title, doc, of in NIC_LISTS
    ]
    places = [(f"nic.{name}/{i}", name, i) for name in reads for i in range(MOST_NICS)]
    places += [(old, name, 0) for old, name in FIRST_NIC]
    for name, of, index in places:
        title, doc = described[of]
        text = f"{doc} of {ordinal(index + 1)} network interface"
        fields.append(Field(name, f"Nic{title}/{index}", Kind.TEXT, text, nic_at(index, reads[of])))
    fields.append(
        Field(
            "nic.count",
            "NICs",
            Kind.NUMBER,
            "Number of network interfaces",
            lambda instance, _snapshot: len(instance.nics),
        )
    )
    return fields


def _disk_fields() -> list[Field[Instance]]:
    fields = [
        Field[Instance](name, title, Kind.OTHER, doc, disks(read))
        for name, title, doc, read in (
            ("disk.names", "Disk_names", "List of disk names", DISK_FIELDS[0][4]),
            ("disk.sizes", "Disk_sizes", "List of disk sizes", DISK_FIELDS[1][4]),
            ("disk.spindles", "Disk_spindles", "List of disk spindles", DISK_FIELDS[2][4]),
            ("disk.uuids", "Disk_UUIDs", "List of disk UUIDs", DISK_FIELDS[3][4]),
        )
    ]
    for name, title, kind, doc, read in DISK_FIELDS:
        for i in range(MOST_DISKS):
            text = f"{doc} of {ordinal(i + 1)} disk"
            fields.append(Field(f"{name}/{i}", f"{title}/{i}", kind, text, disk_at(i, read)))
    for i, old in enumerate(("sda_size", "sdb_size")):
        text = f"Disk size of {ordinal(i + 1)} disk"
        fields.append(Field(old, f"Disk/{i}", Kind.UNIT, text, disk_at(i, DISK_FIELDS[1][4])))
    fields.append(
        Field("disk.count", "Disks", Kind.NUMBER, "Number of disks", lambda i, _s: len(i.disks))
    )
    return fields


def _parameter_fields() -> list[Field[Instance]]:
    fields = [
        Field[Instance](f"be/{name}", title, kind, f'The "{name}" backend parameter', be(name))
        for name, (kind, title) in BE_FIELDS.items()
    ]
    for old, name in (("be/memory", "maxmem"), ("vcpus", "vcpus")):
        kind, title = BE_FIELDS[name]
        fields.append(Field(old, title, kind, f'The "{name}" backend parameter', be(name)))
    fields += [
        Field(
            f"hv/{name}",
            title or f"hv/{name}",
            Kind(kind),
            f'The "{name}" hypervisor parameter',
            hv(name),
        )
        for name, (kind, title) in HYPERVISOR_PARAMETERS.items()
    ]
    return fields


def _custom_nics(instance: Instance, _snapshot: Snapshot) -> list[dict[str, str]]:
    return [{"mode": nic.mode, "link": nic.link, "vlan": nic.vlan} for nic in instance.nics]


def _console(instance: Instance, snapshot: Snapshot) -> Any:
    found = snapshot.consoles.get(instance.name)
    return UNAVAILABLE if found is None else {"instance": instance.name, **found}


PLAIN: tuple[tuple[str, str, Kind, str, Get], ...] = (
    ("name", "Instance", Kind.TEXT, "Instance name", attribute("name")),
    ("os", "OS", Kind.TEXT, "Operating system", attribute("os")),
    ("pnode", "Primary_node", Kind.TEXT, "Primary node", attribute("primary_node")),
    ("pnode.group", "PrimaryNodeGroup", Kind.TEXT, "Primary node's group",
     group(lambda found: found.name)),
    ("pnode.group.uuid", "PrimaryNodeGroupUUID", Kind.TEXT, "Primary node's group UUID",
     group(lambda found: found.uuid)),
    ("hypervisor", "Hypervisor", Kind.TEXT, "Hypervisor name", attribute("hypervisor")),
    ("disk_template", "Disk_template", Kind.TEXT, "Instance disk template",
     attribute("disk_template")),
    ("disk_usage", "DiskUsage", Kind.UNIT, USAGE_DOC,
     lambda i, _s: sum(disk.size for disk in i.disks)),
    ("disks_active", "DisksActive", Kind.BOOL, "Desired state of instance disks",
     lambda i, _s: i.admin_state == "up"),
    ("admin_state", "InstanceState", Kind.TEXT, "Desired state of instance",
     attribute("admin_state")),
    ("admin_state_source", "InstanceStateSource", Kind.TEXT,
     "Who last changed the desired state of the instance", attribute("admin_state_source")),
    ("admin_up", "Autostart", Kind.BOOL, "Desired state of instance",
     lambda i, _s: i.admin_state == "up"),
    ("forthcoming", "Forthcoming", Kind.BOOL, "whether the Instance is forthcoming",
     getter(False)),
)  # fmt: skip
STRUCTURES: tuple[tuple[str, str, str, Get], ...] = (
    ("beparams", "BackendParameters", "Backend parameters (merged)",
     lambda i, s: s.cluster.fill_beparams(i.beparams)),
    ("hvparams", "HypervisorParameters", "Hypervisor parameters (merged)",
     lambda i, s: s.cluster.fill_hvparams(i.hypervisor, i.hvparams, i.os)),
    ("osparams", "OpSysParameters", "Operating system parameters (merged)",
     lambda i, s: s.cluster.fill_osparams(i.os, i.osparams, private=False)),
    ("custom_beparams", "CustomBackendParameters", "Custom backend parameters",
     attribute("beparams")),
    ("custom_hvparams", "CustomHypervisorParameters", "Custom hypervisor parameters",
     attribute("hvparams")),
    ("custom_osparams", "CustomOpSysParameters", "Custom operating system parameters",
     attribute("osparams")),
    ("custom_nicparams", "CustomNicParameters", "Custom network interface parameters",
     _custom_nics),
    ("snodes", "Secondary_Nodes", "Secondary nodes; usually this will just be one node",
     lambda i, _s: list(i.nodes[1:])),
    ("snodes.group", "SecondaryNodesGroups", "Node groups of secondary nodes",
     secondary_groups("name")),
    ("snodes.group.uuid", "SecondaryNodesGroupsUUID", "Node group UUIDs of secondary nodes",
     secondary_groups("uuid")),
    ("network_port", "Network_port",
     "Instance network port if available (e.g. for VNC console)", getter(UNAVAILABLE)),
)  # fmt: skip
LIVE_FIELDS: tuple[Field[Instance], ...] = (
    Field("status", "Status", Kind.TEXT, STATUS_DOC, status, live=True),
    Field(
        "oper_state",
        "Running",
        Kind.BOOL,
        "Actual state of instance",
        actual(lambda _info: True, stopped=False),
        live=True,
    ),
    Field(
        "oper_ram",
        "Memory",
        Kind.UNIT,
        "Actual memory usage as seen by hypervisor",
        actual(lambda info: info["memory"], stopped=UNAVAILABLE),
        live=True,
    ),
    Field(
        "oper_vcpus",
        "VCPUs",
        Kind.NUMBER,
        "Actual number of VCPUs as seen by hypervisor",
        actual(lambda info: info["vcpus"], stopped=UNAVAILABLE),
        live=True,
    ),
    Field("console", "Console", Kind.OTHER, "Instance console information", _console, live=True),
)
TABLE: Table[Instance] = Table(
    [
        *(
            Field(name, title, kind, doc, get, host=name in ("name", "pnode"))
            for name, title, kind, doc, get in PLAIN
        ),
        *LIVE_FIELDS,
        *_nic_fields(),
        *_disk_fields(),
        *_parameter_fields(),
        *(Field(name, title, Kind.OTHER, doc, get) for name, title, doc, get in STRUCTURES),
        *object_fields("Instance"),
    ],
    bulk=(*BULK, *OBJECT_BULK),
)
