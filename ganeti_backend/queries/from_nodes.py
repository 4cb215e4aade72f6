"""What is stored nowhere and asked of all nodes at once: OS definitions and exports."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ganeti_backend import errors
from ganeti_backend.node_rpc.calls import EXPORT_LIST, INSTANCE_CONSOLE, OS_DIAGNOSE, Call, Nodes
from ganeti_backend.objects import Instance
from ganeti_backend.os_definitions import os_catalog
from ganeti_backend.queries.fields import NODATA, Field, Kind, Table, attribute
from ganeti_backend.queries.snapshot import Configuration, Snapshot

THREADS = ThreadPoolExecutor(16, thread_name_prefix="asking")
OS_STATES = frozenset({"hidden", "blacklisted", "valid"})


@dataclass(frozen=True)
class Export:
    """One export on one node; without a name for a node that did not say what it has."""

    node: str
    export: str | None

    @property
    def name(self) -> str:
        return self.export or ""


def ask(configuration: Configuration, nodes: Nodes, call: Call) -> dict[str, Any]:
    """The answers by node; None for one that did not answer. Offline nodes are left out."""
    names = [node.name for node in configuration.nodes() if not node.offline and node.vm_capable]

    def one(name: str) -> Any:
        try:
            return nodes.call(name, call)
        except errors.NodeError:
            return None

    return dict(zip(names, THREADS.map(one, names), strict=True))


def consoles(nodes: Nodes, snapshot: Snapshot) -> dict[str, Any]:
    """Where the screens of those instances are that run; without those whose node keeps silent."""
    running = [item for item in snapshot.instances.values() if snapshot.running(item) is not None]

    def one(instance: Instance) -> Any:
        try:
            return nodes.call(instance.primary_node, INSTANCE_CONSOLE, name=instance.name)
        except errors.NodeError:
            return None

    answers = zip(running, THREADS.map(one, running), strict=True)
    return {instance.name: found for instance, found in answers if found is not None}


def systems(configuration: Configuration, nodes: Nodes) -> list[os_catalog.OsInfo]:
    """All OS definitions."""
    answers = ask(configuration, nodes, OS_DIAGNOSE)
    found = {node: answer for node, answer in answers.items() if answer is not None}
    return os_catalog.catalog(configuration.cluster(), found)


def exports(configuration: Configuration, nodes: Nodes) -> list[Export]:
    """All exports; a node that keeps silent is shown, one that has none is not."""
    return [
        Export(node, name)
        for node, names in ask(configuration, nodes, EXPORT_LIST).items()
        for name in (names if names is not None else [None])
    ]


def offered(items: Sequence[Any], looked_at: set[str]) -> list[Any]:
    """Definitions that are not offered are shown only where their states are asked for."""
    if looked_at & OS_STATES:
        return list(items)
    return [item for item in items if item.valid and not item.hidden and not item.blacklisted]


def _plain(name: str) -> Any:
    """A getter of what is kept as a tuple."""
    return lambda item, _snapshot: [
        list(part) if isinstance(part, tuple) else part for part in getattr(item, name)
    ]


SYSTEMS: Table[os_catalog.OsInfo] = Table(
    [
        Field("name", "Name", Kind.TEXT, "Operating system name", attribute("name")),
        Field("valid", "Valid", Kind.BOOL, "Whether definition is valid", attribute("valid")),
        Field("hidden", "Hidden", Kind.BOOL, "Whether OS is hidden", attribute("hidden")),
        Field(
            "blacklisted", "Blacklisted", Kind.BOOL, "Whether OS is blacklisted",
            attribute("blacklisted"),
        ),
        Field("variants", "Variants", Kind.OTHER, "Operating system variants", _plain("variants")),
        Field(
            "api_versions", "ApiVersions", Kind.OTHER, "Operating system API versions",
            _plain("api_versions"),
        ),
        Field(
            "parameters", "Parameters", Kind.OTHER, "Operating system parameters",
            _plain("parameters"),
        ),
        Field(
            "node_status", "NodeStatus", Kind.OTHER, "Status from node", attribute("node_status")
        ),
        Field(
            "os_hvp", "OsHypervisorParameters", Kind.OTHER,
            "Hypervisor parameters of its instances", attribute("os_hvp"),
        ),
        Field("osparams", "OsParameters", Kind.OTHER, "Parameters", attribute("osparams")),
    ]
)  # fmt: skip
EXPORTS: Table[Export] = Table(
    [
        Field("node", "Node", Kind.TEXT, "Node name", attribute("node")),
        Field("export", "Export", Kind.TEXT, "Export name", attribute("export", NODATA)),
    ],
    key="export",
)
