"""What all nodes together say of OS definitions: a row for each name, valid where all agree (pure).

A definition can be used where its first folder on every node is good; variants and parameters are
those that all nodes know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ganeti_backend.objects import Cluster

Found = Mapping[str, Any]  # A definition as a node describes it.


@dataclass
class OsInfo:
    """One definition on all nodes. `node_status` has everything each node has under this name."""

    name: str
    valid: bool = True
    hidden: bool = False
    blacklisted: bool = False
    variants: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    api_versions: tuple[int, ...] = ()
    node_status: dict[str, list[list[Any]]] = field(default_factory=dict)
    os_hvp: dict[str, Any] = field(default_factory=dict)
    osparams: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """What an instance may be given: the name with each variant, or the name alone."""
        return [f"{self.name}+{variant}" for variant in self.variants] or [self.name]


def catalog(cluster: Cluster, nodes: Mapping[str, Iterable[Found]]) -> list[OsInfo]:
    """All definitions, by name."""
    by_name: dict[str, dict[str, list[Found]]] = {}
    for node, definitions in nodes.items():
        for found in definitions:
            by_name.setdefault(found["name"], {}).setdefault(node, []).append(found)
    return [_merged(cluster, name, by_name[name], nodes) for name in sorted(by_name)]


def usable(infos: Iterable[OsInfo]) -> list[str]:
    """The names that are offered for new instances."""
    return [
        name
        for info in infos
        if info.valid and not info.hidden and not info.blacklisted
        for name in info.names
    ]


def _merged(
    cluster: Cluster, name: str, on: Mapping[str, list[Found]], nodes: Iterable[str]
) -> OsInfo:
    info = OsInfo(
        name,
        hidden=name in cluster.hidden_os,
        blacklisted=name in cluster.blacklisted_os,
        os_hvp=cluster.os_hvp.get(name, {}),
        osparams=cluster.osparams.get(name, {}),
    )
    firsts = []
    for node in nodes:
        found = on.get(node, [])
        info.node_status[node] = [_status(item) for item in found]
        if not found or found[0]["problem"]:
            info.valid = False
        else:
            firsts.append(found[0])
    if info.valid and firsts:
        info.variants = _common([f["variants"] for f in firsts])
        info.parameters = _common([[tuple(p) for p in f["parameters"]] for f in firsts])
        info.api_versions = tuple(sorted(_common([f["api_versions"] for f in firsts])))
    return info


def _common(lists: list[Any]) -> tuple[Any, ...]:
    """What is in all of them, in the order of the first."""
    return tuple(item for item in lists[0] if all(item in other for other in lists[1:]))


def _status(found: Found) -> list[Any]:
    """As Ganeti shows it: path, whether it is good, why not, variants, parameters, versions."""
    return [
        found["path"],
        not found["problem"],
        found["problem"],
        list(found["variants"]),
        [list(parameter) for parameter in found["parameters"]],
        list(found["api_versions"]),
    ]
