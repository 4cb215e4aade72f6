"""Fields of node groups."""

from collections.abc import Callable
from typing import Any

from ganeti_backend.objects import NodeGroup
from ganeti_backend.parameters import disk_template_parameters, node_parameters
from ganeti_backend.parameters import ipolicy as policies
from ganeti_backend.queries.fields import OBJECT_BULK, Field, Kind, Table, attribute, object_fields
from ganeti_backend.queries.nodes import parameter_fields
from ganeti_backend.queries.snapshot import Snapshot

Get = Callable[[NodeGroup, Snapshot], Any]

BULK = (
    "alloc_policy", "name", "node_cnt", "node_list", "ipolicy", "custom_ipolicy", "diskparams",
    "custom_diskparams", "ndparams", "custom_ndparams",
)  # fmt: skip


def ipolicy(snapshot: Snapshot) -> dict[str, Any]:
    """The cluster's instance policy with every limit filled in."""
    return policies.of_cluster(snapshot.cluster)


def diskparams(snapshot: Snapshot) -> disk_template_parameters.Parameters:
    """The parameters of all disk templates."""
    return disk_template_parameters.filled(snapshot.cluster.diskparams)


def _diskparams(group: NodeGroup, snapshot: Snapshot) -> disk_template_parameters.Parameters:
    return disk_template_parameters.filled(snapshot.cluster.diskparams, group.diskparams)


def _ndparams(group: NodeGroup, snapshot: Snapshot) -> dict[str, Any]:
    return node_parameters.of_group(snapshot.cluster, group)


def _ndparam(name: str) -> Get:
    return lambda group, snapshot: _ndparams(group, snapshot)[name]


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
         lambda g, s: policies.of_group(s.cluster, g)),
        ("custom_ipolicy", "CustomInstancePolicy", Kind.OTHER,
         "Custom instance policy limitations", attribute("ipolicy")),
        ("diskparams", "DiskParameters", Kind.OTHER, "Disk parameters (merged)",
         _diskparams),
        ("custom_diskparams", "CustomDiskParameters", Kind.OTHER, "Custom disk parameters",
         attribute("diskparams")),
        ("ndparams", "NDParams", Kind.OTHER, "Node parameters", _ndparams),
        ("custom_ndparams", "CustomNDParams", Kind.OTHER, "Custom node parameters",
         attribute("ndparams")),
    ]  # fmt: skip
    return [Field(name, title, kind, doc, get) for name, title, kind, doc, get in rows]


TABLE: Table[NodeGroup] = Table(
    [*_fields(), *parameter_fields(_ndparam), *object_fields("Group")],
    bulk=(*BULK, *OBJECT_BULK),
)
