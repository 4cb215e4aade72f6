"""Fields of node groups."""

from collections.abc import Callable
from typing import Any

from ganeti_backend.objects import NodeGroup
from ganeti_backend.queries.fields import OBJECT_BULK, Field, Kind, Table, attribute, object_fields
from ganeti_backend.queries.nodes import ND_DEFAULTS
from ganeti_backend.queries.snapshot import Snapshot

Get = Callable[[NodeGroup, Snapshot], Any]

BULK = (
    "alloc_policy", "name", "node_cnt", "node_list", "ipolicy", "custom_ipolicy", "diskparams",
    "custom_diskparams", "ndparams", "custom_ndparams",
)  # fmt: skip
# Ganeti's limits where neither the cluster nor the group sets any.
IPOLICY_DEFAULTS: dict[str, Any] = {
    "minmax": [
        {
            "min": {
                "memory-size": 4,
                "disk-size": 4,
                "disk-count": 0,
                "cpu-count": 1,
                "nic-count": 0,
                "spindle-use": 1,
            },
            "max": {
                "memory-size": 1048576,
                "disk-size": 1048576,
                "disk-count": 16,
                "cpu-count": 64,
                "nic-count": 8,
                "spindle-use": 64,
            },
        }
    ],
    "std": {
        "memory-size": 128,
        "disk-size": 1024,
        "disk-count": 1,
        "cpu-count": 1,
        "nic-count": 1,
        "spindle-use": 1,
    },
    "spindle-ratio": 32.0,
    "vcpu-ratio": 64.0,
}


def ipolicy(snapshot: Snapshot) -> dict[str, Any]:
    """The cluster's instance policy with every limit filled in."""
    templates = {"disk-templates": list(snapshot.cluster.enabled_disk_templates)}
    return {**IPOLICY_DEFAULTS, **templates, **snapshot.cluster.ipolicy}


def diskparams(snapshot: Snapshot) -> dict[str, Any]:
    """The parameters of each enabled disk template."""
    return {template: {} for template in snapshot.cluster.enabled_disk_templates}


def _nodes(group: NodeGroup, snapshot: Snapshot) -> list[str]:
    return sorted(node.name for node in snapshot.nodes.values() if node.group == group.uuid)


def _instances(group: NodeGroup, snapshot: Snapshot) -> list[str]:
    found = [
        n for node in _nodes(group, snapshot) for n in snapshot.instances_of_node.get(node, [])
    ]
    return sorted(found)


def _fields() -> list[Field[NodeGroup]]:
    rows: list[tuple[str, str, Kind, str, Get]] = [
        ("name", "Group", Kind.TEXT, "Group name", attribute("name")),
        ("alloc_policy", "AllocPolicy", Kind.TEXT, "Allocation policy for group",
         attribute("alloc_policy")),
        ("node_cnt", "Nodes", Kind.NUMBER, "Number of nodes", lambda g, s: len(_nodes(g, s))),
        ("node_list", "NodeList", Kind.OTHER, "List of nodes", _nodes),
        ("pinst_cnt", "Instances", Kind.NUMBER, "Number of primary instances",
         lambda g, s: len(_instances(g, s))),
        ("pinst_list", "InstanceList", Kind.OTHER, "List of primary instances", _instances),
        ("ipolicy", "InstancePolicy", Kind.OTHER, "Instance policy limitations (merged)",
         lambda g, s: {**ipolicy(s), **g.ipolicy}),
        ("custom_ipolicy", "CustomInstancePolicy", Kind.OTHER,
         "Custom instance policy limitations", attribute("ipolicy")),
        ("diskparams", "DiskParameters", Kind.OTHER, "Disk parameters (merged)",
         lambda g, s: {**diskparams(s), **g.diskparams}),
        ("custom_diskparams", "CustomDiskParameters", Kind.OTHER, "Custom disk parameters",
         attribute("diskparams")),
        ("ndparams", "NDParams", Kind.OTHER, "Node parameters",
         lambda g, _s: {**ND_DEFAULTS, **g.ndparams}),
        ("custom_ndparams", "CustomNDParams", Kind.OTHER, "Custom node parameters",
         attribute("ndparams")),
    ]  # fmt: skip
    return [Field(name, title, kind, doc, get) for name, title, kind, doc, get in rows]


TABLE: Table[NodeGroup] = Table([*_fields(), *object_fields("Group")], bulk=(*BULK, *OBJECT_BULK))
