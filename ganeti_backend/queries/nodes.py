"""Fields of nodes: what the configuration says of them and what they say of themselves."""

from collections.abc import Callable
from typing import Any

from ganeti_backend.objects import Node
from ganeti_backend.parameters import node_parameters
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
)
from ganeti_backend.queries.snapshot import Snapshot

Get = Callable[[Node, Snapshot], Any]

ND_TITLES: dict[str, tuple[Kind, str | None]] = {
    "oob_program": (Kind.OTHER, "OutOfBandProgram"),
    "spindle_count": (Kind.NUMBER, "SpindleCount"),
    "exclusive_storage": (Kind.BOOL, "ExclusiveStorage"),
    "ovs": (Kind.BOOL, "OpenvSwitch"),
    "ovs_name": (Kind.OTHER, "OpenvSwitchName"),
    "ovs_link": (Kind.OTHER, "OpenvSwitchLink"),
    "ssh_port": (Kind.NUMBER, None),
    "cpu_speed": (Kind.FLOAT, None),
}
BULK = (
    "name", "offline", "master_candidate", "drained", "dtotal", "dfree", "sptotal", "spfree",
    "mtotal", "mnode", "mfree", "pinst_cnt", "sinst_cnt", "ctotal", "cnos", "cnodes",
    "csockets", "pip", "sip", "role", "pinst_list", "sinst_list", "master_capable",
    "vm_capable", "ndparams", "group.uuid",
)  # fmt: skip
SPINDLES = "spindles in volume group (exclusive storage only)"
LIVE = (
    ("bootid", "BootID", Kind.TEXT, "bootid", "Random UUID renewed for each system reboot"),
    ("cnodes", "CNodes", Kind.NUMBER, "cpu_nodes", "Number of NUMA domains on node"),
    ("cnos", "CNOs", Kind.NUMBER, "cpu_dom0", "Number of logical processors used by the node OS"),
    ("csockets", "CSockets", Kind.NUMBER, "cpu_sockets", "Number of physical CPU sockets"),
    ("ctotal", "CTotal", Kind.NUMBER, "cpu_total", "Number of logical processors"),
    ("dfree", "DFree", Kind.UNIT, "disk_free", "Available storage space on storage unit"),
    ("dtotal", "DTotal", Kind.UNIT, "disk_total", "Total storage space on storage unit"),
    ("mfree", "MFree", Kind.UNIT, "memory_free", "Memory available for instance allocations"),
    ("mnode", "MNode", Kind.UNIT, "memory_dom0", "Amount of memory used by node (dom0 for Xen)"),
    ("mtotal", "MTotal", Kind.UNIT, "memory_total", "Total amount of memory of physical machine"),
    ("spfree", "SpFree", Kind.NUMBER, "spindles_free", f"Available {SPINDLES}"),
    ("sptotal", "SpTotal", Kind.NUMBER, "spindles_total", f"Total {SPINDLES}"),
)
ROLES = {
    "M": "master",
    "C": "master-candidate",
    "R": "regular",
    "D": "drained",
    "O": "offline",
}
ROLE_DOC = (
    'Node role; "M" for master, "C" for master candidate, "R" for regular, "D" for drained, '
    '"O" for offline'
)


def role(node: Node, snapshot: Snapshot) -> str:
    """The node's role as one letter."""
    if node.name == snapshot.cluster.master:
        return "M"
    for letter, applies in (("O", node.offline), ("D", node.drained), ("C", node.master_candidate)):
        if applies:
            return letter
    return "R"


def said(key: str) -> Get:
    """A getter of something the node itself reports."""

    def get(node: Node, snapshot: Snapshot) -> Any:
        if node.offline:
            return OFFLINE
        info = snapshot.live.node(node.name) if snapshot.live else None
        if info is None:
            return NODATA
        value = info.get(key)
        return NODATA if value is None else value

    return get


def ndparams(node: Node, snapshot: Snapshot) -> dict[str, Any]:
    """The node's parameters with those of its group and the defaults."""
    return node_parameters.of_node(snapshot.cluster, snapshot.groups.get(node.group), node)


def ndparam(name: str) -> Get:
    """One of the node's parameters."""
    return lambda node, snapshot: ndparams(node, snapshot)[name]


def parameter_fields(get: Callable[[str], Callable[[Any, Snapshot], Any]]) -> list[Field[Any]]:
    """One field for each node parameter; nodes and their groups have them alike."""
    return [
        Field(
            f"ndp/{name}", title or f"ndp/{name}", kind, f'The "{name}" node parameter', get(name)
        )
        for name, (kind, title) in ND_TITLES.items()
    ]


def _instances(node: Node, snapshot: Snapshot) -> list[str]:
    return snapshot.instances_of_node.get(node.name, [])


def _secondaries(node: Node, snapshot: Snapshot) -> list[str]:
    return snapshot.secondaries_of_node.get(node.name, [])


def _powered(node: Node, snapshot: Snapshot) -> Any:
    """Known only of nodes that an out-of-band program can switch."""
    return node.powered if ndparams(node, snapshot)["oob_program"] else UNAVAILABLE


def _group_name(node: Node, snapshot: Snapshot) -> Any:
    group = snapshot.groups.get(node.group)
    return group.name if group else UNAVAILABLE


PLAIN: tuple[tuple[str, str, Kind, str, Get], ...] = (
    ("name", "Node", Kind.TEXT, "Node name", attribute("name")),
    ("pip", "PrimaryIP", Kind.TEXT, "Primary IP address", attribute("primary_ip")),
    ("sip", "SecondaryIP", Kind.TEXT, "Secondary IP address",
     lambda node, _s: node.secondary_ip or node.primary_ip),
    ("offline", "Offline", Kind.BOOL, "Whether node is marked offline", attribute("offline")),
    ("drained", "Drained", Kind.BOOL, "Whether node is drained", attribute("drained")),
    ("master", "IsMaster", Kind.BOOL, "Whether node is master",
     lambda node, s: node.name == s.cluster.master),
    ("master_candidate", "MasterC", Kind.BOOL, "Whether node is a master candidate",
     attribute("master_candidate")),
    ("master_capable", "MasterCapable", Kind.BOOL,
     "Whether node can become a master candidate", attribute("master_capable")),
    ("vm_capable", "VMCapable", Kind.BOOL, "Whether node can host instances",
     attribute("vm_capable")),
    ("powered", "Powered", Kind.BOOL, "Whether node is thought to be powered on",
     _powered),
    ("role", "Role", Kind.TEXT, ROLE_DOC, role),
    ("group", "Group", Kind.TEXT, "Node group", _group_name),
    ("group.uuid", "GroupUUID", Kind.TEXT, "UUID of node group", attribute("group")),
    ("pinst_cnt", "Pinst", Kind.NUMBER,
     "Number of instances with this node as primary", lambda n, s: len(_instances(n, s))),
    ("pinst_list", "PriInstances", Kind.OTHER,
     "List of instances with this node as primary", _instances),
    ("sinst_cnt", "Sinst", Kind.NUMBER, "Number of instances with this node as secondary",
     lambda n, s: len(_secondaries(n, s))),
    ("sinst_list", "SecInstances", Kind.OTHER,
     "List of instances with this node as secondary", _secondaries),
    ("ndparams", "NodeParameters", Kind.OTHER, "Merged node parameters", ndparams),
    ("custom_ndparams", "CustomNodeParameters", Kind.OTHER, "Custom node parameters",
     attribute("ndparams")),
    ("disk_state", "DiskState", Kind.OTHER, "Disk state", getter(UNAVAILABLE)),
    ("hv_state", "HypervisorState", Kind.OTHER, "Hypervisor state", getter(UNAVAILABLE)),
)  # fmt: skip

TABLE: Table[Node] = Table(
    [
        *(
            Field(name, title, kind, doc, get, host=name == "name")
            for name, title, kind, doc, get in PLAIN
        ),
        *(
            Field(name, title, kind, doc, said(key), live=True)
            for name, title, kind, key, doc in LIVE
        ),
        *parameter_fields(ndparam),
        *object_fields("Node"),
    ],
    bulk=(*BULK, *OBJECT_BULK),
)
