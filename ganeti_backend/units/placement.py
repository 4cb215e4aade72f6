"""Where instances could go: asks the built-in allocator or a plug-in, whichever is wanted.

No name, or `.`, means the cluster's default, and where it has none the built-in one, which can also
be called by its own name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.allocator import Demand, Rules
from ganeti_backend.allocator.rooms import exclusions
from ganeti_backend.configuration.config import Config
from ganeti_backend.disk_templates import TEMPLATES, Reach
from ganeti_backend.iallocator import plugin, question
from ganeti_backend.iallocator.plugin import Plugin
from ganeti_backend.locks import Level
from ganeti_backend.parameters import ipolicy
from ganeti_backend.units.base import Unit

BUILT_IN = "builtin"
DEFAULT = "."
UNALLOCABLE, LAST_RESORT = "unallocable", "last_resort"


def plugin_of(unit: Unit[Any], wanted: str | None) -> Plugin | None:
    """The plug-in to ask, or None for the built-in allocator."""
    named = wanted if wanted and wanted != DEFAULT else unit.config.cluster().default_iallocator
    if not named or named == BUILT_IN:
        return None
    return plugin.find(named, unit.reach.data_dir)


def cluster_now(unit: Unit[Any]) -> question.Cluster:
    """What a plug-in is told of the cluster.

    To who took only the locks that were free, nodes with other ones look as if they were offline.
    """
    nodes = unit.config.nodes()
    if getattr(unit.op, "opportunistic_locking", False):
        free = unit.job.granted(Level.NODE)
        nodes = [node if node.name in free else node.replace(offline=True) for node in nodes]
    live = unit.reach.live.live()
    seen = (found for found in live.running.values() if found is not None)
    return question.Cluster(
        cluster=unit.config.cluster(),
        groups=unit.config.groups(),
        nodes=nodes,
        instances=unit.config.instances(),
        infos=live.infos,
        running={name: info for found in seen for name, info in found.items()},
    )


# What the configuration says.


def rules(config: Config, instance: str | None = None) -> Rules:
    """What holds for all nodes; `instance` is not counted against its own tags."""
    cluster = config.cluster()
    groups = {group.uuid: group for group in config.groups()}
    nodes = config.nodes()
    policies = {uuid: ipolicy.of_group(cluster, group) for uuid, group in groups.items()}
    closed = {uuid for uuid, group in groups.items() if group.alloc_policy == UNALLOCABLE}
    last = {uuid for uuid, group in groups.items() if group.alloc_policy == LAST_RESORT}
    return Rules(
        ratios={
            node.name: float(policies[node.group][ipolicy.VCPU_RATIO])
            for node in nodes
            if node.group in policies
        },
        refusals={
            node.name: f"its group {groups[node.group].name} takes no instances"
            for node in nodes
            if node.group in closed
        },
        last_resort=frozenset(node.name for node in nodes if node.group in last),
        tags=_taken_tags(config, cluster, instance),
        groups={node.name: node.group for node in nodes},
    )


def _taken_tags(
    config: Config, cluster: objects.Cluster, instance: str | None
) -> dict[str, frozenset[str]]:
    """By node; looked up only where the cluster has such tags, since it takes all instances."""
    if not any(tag.startswith("htools:iextags:") for tag in cluster.tags):
        return {}
    found: dict[str, frozenset[str]] = {}
    for other in config.instances():
        own = exclusions(cluster.tags, other.tags)
        if own and other.name != instance:
            found[other.primary_node] = found.get(other.primary_node, frozenset()) | own
    return found


def demand_of(config: Config, instance: objects.Instance, *, disks: bool = True) -> Demand:
    """What it needs on a node; `disks` says whether its disks are still to get there."""
    cluster = config.cluster()
    filled = cluster.fill_beparams(instance.beparams)
    return Demand(
        instance=instance.name,
        memory=int(filled["maxmem"]),
        disk=sum(disk.size for disk in instance.disks) if disks else 0,
        vcpus=int(filled["vcpus"]),
        mirrored=TEMPLATES[instance.disk_template].reach is Reach.MIRRORED,
        tags=exclusions(cluster.tags, instance.tags),
    )


def networks_missing(config: Config, instance: objects.Instance, node: objects.Node) -> list[str]:
    """The instance's networks that the node's group is not connected to."""
    group = config.group(node.group)
    connected = group.networks if group is not None else {}
    wanted = {nic.network for nic in instance.nics if nic.network}
    known = {network.uuid: network.name for network in config.networks()}
    return sorted(known.get(uuid, uuid) for uuid in wanted if uuid not in connected)


def check_networks(config: Config, instance: objects.Instance, node: objects.Node) -> None:
    if missing := networks_missing(config, instance, node):
        text = f"Node {node.name}'s group is not connected to network {', '.join(missing)}"
        raise errors.OpPrereqError(text, errors.ECODE_STATE)


# Requests about one instance.


def relocate(unit: Unit[Any], instance: objects.Instance, wanted: str | None) -> str:
    """Another node of the same group for an instance whose disks every node of it can use."""
    config = unit.config
    home = config.node(instance.primary_node)
    nodes = [
        node
        for node in config.nodes()
        if node.name != instance.primary_node and home is not None and node.group == home.group
    ]
    asked = plugin_of(unit, wanted)
    if asked is not None:
        document = question.relocate(instance, [instance.primary_node])
        result = asked.ask(question.ask(cluster_now(unit), document))
        return plugin.node_list(asked.name, result, 1, {node.name for node in nodes})[0]
    demand = demand_of(config, instance, disks=False)
    found = unit.reach.allocator.choose(demand, nodes, rules(config, instance.name))
    unit.info(f"Selected node for the instance: {found[0]}")
    return found[0]


def new_secondary(unit: Unit[Any], instance: objects.Instance, wanted: str | None) -> str:
    """A node for the second copy of a mirrored instance, instead of the one it has now."""
    config = unit.config
    nodes = [node for node in config.nodes() if node.name not in instance.nodes]
    asked = plugin_of(unit, wanted)
    if asked is not None:
        document = question.relocate(instance, [instance.secondary_node or ""])
        result = asked.ask(question.ask(cluster_now(unit), document))
        return plugin.node_list(asked.name, result, 1, {node.name for node in nodes})[0]
    demand = demand_of(config, instance)
    allowed = rules(config, instance.name)
    return unit.reach.allocator.reserve_secondary(
        unit.job.owner, demand, instance.primary_node, nodes, allowed
    )


def allocate(
    unit: Unit[Any],
    wish: question.Wish,
    nodes: Sequence[objects.Node],
    wanted: str | None,
) -> tuple[str, ...]:
    """Nodes for a new instance, reserved; the primary one first."""
    config = unit.config
    asked = plugin_of(unit, wanted)
    demand = demand_of_wish(config, wish)
    if asked is None:
        return unit.reach.allocator.reserve(unit.job.owner, demand, nodes, rules(config))
    result = asked.ask(question.ask(cluster_now(unit), question.allocate(wish)))
    known = {node.name: node for node in nodes}
    names = plugin.node_list(asked.name, result, wish.required_nodes, known)
    unit.info(f"Selected nodes for instance {wish.name} via iallocator {asked.name}: {names}")
    unit.reach.allocator.keep(unit.job.owner, demand, names)
    return tuple(names)


def demand_of_wish(config: Config, wish: question.Wish) -> Demand:
    return Demand(
        instance=wish.name,
        memory=wish.memory,
        disk=question.space(wish.disk_template, [int(disk["size"]) for disk in wish.disks]),
        vcpus=wish.vcpus,
        mirrored=wish.required_nodes > 1,
        tags=exclusions(config.cluster().tags, tuple(wish.tags)),
    )


def jobs(found: plugin.Moves) -> list[list[opcodes.OpCode]]:
    """The opcodes of an answer; what is None is left at its default."""
    return [
        [opcodes.from_dict({k: v for k, v in op.items() if v is not None}) for op in ops]
        for ops in found.jobs
    ]
