"""Finds the nodes of a new instance: those the opcode names, or those an allocator chooses."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.allocator import NoRoomError
from ganeti_backend.configuration.config import Config
from ganeti_backend.errors import wrong
from ganeti_backend.iallocator.question import Wish
from ganeti_backend.locks import Level
from ganeti_backend.node_rpc.patient_nodes import PATIENCE
from ganeti_backend.parameters import ipolicy
from ganeti_backend.units import base, placement

PAUSE = 0.5

Unit = base.Unit[opcodes.OpInstanceCreate]


def wish(config: Config, op: opcodes.OpInstanceCreate, instance: objects.Instance) -> Wish:
    """What an allocator is told of an instance that has no node yet."""
    filled = config.cluster().fill_beparams(instance.beparams)
    return Wish(
        name=instance.name,
        disk_template=instance.disk_template,
        memory=int(filled["maxmem"]),
        vcpus=int(filled["vcpus"]),
        spindle_use=int(filled["spindle_use"]),
        disks=[disk.to_dict() for disk in instance.disks],
        nics=op.nics,
        tags=instance.tags,
        os=instance.os,
        hypervisor=instance.hypervisor,
        group_name=op.group_name,
    )


def choose(unit: Unit, instance: objects.Instance) -> tuple[str, ...]:
    """The nodes, with room on them reserved; a node that is just starting is waited for."""
    wanted = wish(unit.config, unit.op, instance)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return _once(unit, wanted)
        except NoRoomError as error:
            if unit.op.opportunistic_locking:
                # On nodes whose locks were not free there may be room; who asked tries again.
                raise errors.OpPrereqError(error.message, errors.ECODE_TEMP_NORES) from error
            late = time.monotonic() > deadline
            if not error.unreachable or late or unit.reach.stop.wait(PAUSE):
                raise


def _once(unit: Unit, wanted: Wish) -> tuple[str, ...]:
    op = unit.op
    primary = op.pnode_uuid or op.pnode
    if primary is not None:
        return _named(unit, wanted, primary)
    return placement.allocate(unit, wanted, candidates(unit), op.iallocator)


def _named(unit: Unit, wanted: Wish, primary: str) -> tuple[str, ...]:
    second = unit.op.snode_uuid or unit.op.snode
    mirrored = wanted.required_nodes > 1
    if mirrored and second is None:
        raise wrong("The networked disk templates need a mirror node")
    if second is not None and not mirrored:
        unit.warn("Secondary node will be ignored on non-mirrored disk template")
    names = [primary, *([second] if mirrored and second is not None else [])]
    nodes = [base.online_node(unit.config, name) for name in names]
    if len({node.name for node in nodes}) < len(nodes):
        raise wrong("The secondary node cannot be the primary node")
    demand = placement.demand_of_wish(unit.config, wanted)
    # Who names a node gets it, also one that an allocator would not choose.
    return unit.reach.allocator.reserve(unit.job.owner, demand, nodes, primary=nodes[0].name)


def candidates(unit: Unit) -> list[objects.Node]:
    """Nodes of the wished group that is connected to all wished networks."""
    config, op = unit.config, unit.op
    nodes = free_nodes(unit) if op.opportunistic_locking else config.nodes()
    if op.group_name is not None:
        group = base.find_group(config, op.group_name)
        nodes = [node for node in nodes if node.group == group.uuid]
    wanted = [nic.get("network") for nic in op.nics if nic.get("network")]
    networks = [base.find_network(config, str(name)).uuid for name in wanted]
    connected = {group.uuid for group in config.groups() if set(networks) <= set(group.networks)}
    # With no group connected to all, the NICs' own check gives the clearer message.
    return [node for node in nodes if node.group in connected] or nodes


def free_nodes(unit: Unit) -> list[objects.Node]:
    """Those whose locks were free when the job asked for them."""
    granted = unit.job.granted(Level.NODE)
    nodes = [node for node in unit.config.nodes() if node.name in granted]
    if not nodes:
        text = "The locks of all nodes are held by other jobs, try again"
        raise errors.OpPrereqError(text, errors.ECODE_TEMP_NORES)
    return nodes


def check_policy(unit: Unit, instance: objects.Instance) -> None:
    """OpPrereqError if the policy of its node's group does not allow such an instance."""
    if unit.op.ignore_ipolicy:
        return
    cluster, node = unit.config.cluster(), base.find_node(unit.config, instance.primary_node)
    group = unit.config.group(node.group)
    spec = ipolicy.Spec.of(instance, cluster)
    if found := ipolicy.violations(ipolicy.of_group(cluster, group), spec):
        name = group.name if group is not None else node.group
        text = f"Instance allocation to group {name} violates policy: {', '.join(found)}"
        raise errors.OpPrereqError(text, errors.ECODE_INVAL)


def node_names(config: Config, named: Sequence[str | None]) -> list[str]:
    """Those of the given names and uuids that are known."""
    known = [config.node(name) for name in named if name is not None]
    return [node.name for node in known if node is not None]
