"""What one query sees: the configuration at one moment, and what the nodes said last."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from ganeti_backend.objects import Cluster, Instance, Network, Node, NodeGroup

OFF = frozenset({"shutdown", "suspended"})  # States of guests that do not run.


class LiveData(Protocol):
    """What the nodes said; None stands for a node that did not answer."""

    def node(self, name: str) -> Mapping[str, Any] | None:
        """Memory, processors and disk of a node."""

    def instances(self, name: str) -> Mapping[str, Mapping[str, Any]] | None:
        """The instances that a node runs, by name."""


class Configuration(Protocol):
    """The part of `config.Config` that queries read."""

    def cluster(self) -> Cluster: ...
    def nodes(self) -> Iterable[Node]: ...
    def groups(self) -> Iterable[NodeGroup]: ...
    def networks(self) -> Iterable[Network]: ...
    def instances(self) -> Iterable[Instance]: ...
    def instance(self, name: str) -> Instance | None: ...


@dataclass(frozen=True)
class Snapshot:
    """One moment of a cluster. `live` is None where a query needs nothing from the nodes."""

    cluster: Cluster
    nodes: Mapping[str, Node]
    groups: Mapping[str, NodeGroup]
    networks: Mapping[str, Network]
    instances: Mapping[str, Instance]
    live: LiveData | None = None
    # Where the screens of running instances are, by name; asked of the nodes if anybody wants it.
    consoles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def take(cls, configuration: Configuration, live: LiveData | None = None) -> "Snapshot":
        """The configuration as it is. Groups and networks are keyed by uuid, the others by name."""
        return cls(
            cluster=configuration.cluster(),
            nodes={node.name: node for node in configuration.nodes()},
            groups={group.uuid: group for group in configuration.groups()},
            networks={network.uuid: network for network in configuration.networks()},
            instances={instance.name: instance for instance in configuration.instances()},
            live=live,
        )

    @cached_property
    def instances_of_node(self) -> Mapping[str, list[str]]:
        """Names of the instances by primary node."""
        found: dict[str, list[str]] = {name: [] for name in self.nodes}
        for instance in self.instances.values():
            found.setdefault(instance.primary_node, []).append(instance.name)
        return {node: sorted(names) for node, names in found.items()}

    @cached_property
    def secondaries_of_node(self) -> Mapping[str, list[str]]:
        """Names of the instances by secondary node."""
        found: dict[str, list[str]] = {name: [] for name in self.nodes}
        for instance in self.instances.values():
            if instance.secondary_node is not None:
                found.setdefault(instance.secondary_node, []).append(instance.name)
        return {node: sorted(names) for node, names in found.items()}

    @cached_property
    def addresses_of_network(self) -> Mapping[str, dict[str, str]]:
        """For each network (uuid) the addresses in use and the instance that holds each."""
        found: dict[str, dict[str, str]] = {uuid: {} for uuid in self.networks}
        for instance in self.instances.values():
            for nic in instance.nics:
                if nic.network and nic.ip:
                    found.setdefault(nic.network, {})[nic.ip] = instance.name
        return found

    @cached_property
    def instances_of_network(self) -> Mapping[str, list[str]]:
        """For each network (uuid) the instances with an interface in it."""
        found: dict[str, set[str]] = {uuid: set() for uuid in self.networks}
        for instance in self.instances.values():
            for nic in instance.nics:
                if nic.network:
                    found.setdefault(nic.network, set()).add(instance.name)
        return {uuid: sorted(names) for uuid, names in found.items()}

    @cached_property
    def running_on(self) -> Mapping[str, list[str]]:
        """For each instance the nodes that say they run it."""
        found: dict[str, list[str]] = {}
        for node in self.nodes:
            for name, info in ((self.live and self.live.instances(node)) or {}).items():
                if info.get("state") not in OFF:
                    found.setdefault(name, []).append(node)
        return found

    def running(self, instance: Instance) -> Mapping[str, Any] | None:
        """What the primary node says of a running instance."""
        known = (self.live and self.live.instances(instance.primary_node)) or {}
        info = known.get(instance.name)
        return info if info is not None and info.get("state") not in OFF else None

    def state(self, instance: Instance) -> str:
        """What the primary node says of an instance's guest; "" if it says nothing."""
        known = (self.live and self.live.instances(instance.primary_node)) or {}
        return str(known.get(instance.name, {}).get("state", ""))

    def answers(self, node: str) -> bool:
        """Whether a node answered."""
        return self.live is not None and self.live.instances(node) is not None

    def group_of(self, node: str) -> NodeGroup | None:
        """A node's group."""
        known = self.nodes.get(node)
        return self.groups.get(known.group) if known else None
