"""The request of Ganeti's iallocator protocol: the whole cluster and what is asked of it (pure).

More keys are demanded by real plug-ins than the protocol's document lists; `hail` refuses to work
without those of nodes' reserved memory and CPUs, spindles, node parameters and instances' NICs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ganeti_backend import objects
from ganeti_backend.disk_templates import TEMPLATES, Reach
from ganeti_backend.opcodes import moves
from ganeti_backend.parameters import ipolicy

VERSION = 2
MIRROR_METADATA = 128  # MiB that a mirrored disk needs beside its content, on each node.
NODE_PARAMETERS = {"spindle_count": 1, "exclusive_storage": False, "cpu_speed": 1.0}

Infos = Mapping[str, Mapping[str, Any] | None]
Question = dict[str, Any]


@dataclass(frozen=True)
class Cluster:
    """Everything a question tells about the cluster, as it is now."""

    cluster: objects.Cluster
    groups: Sequence[objects.NodeGroup]
    nodes: Sequence[objects.Node]
    instances: Sequence[objects.Instance]
    infos: Infos
    running: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by instance


@dataclass(frozen=True)
class Wish:
    """An instance that is to be placed."""

    name: str
    disk_template: str
    memory: int
    vcpus: int = 1
    spindle_use: int = 1
    disks: Sequence[Mapping[str, Any]] = ()
    nics: Sequence[Mapping[str, Any]] = ()
    tags: Sequence[str] = ()
    os: str = ""
    hypervisor: str = ""
    group_name: str | None = None

    @property
    def required_nodes(self) -> int:
        return TEMPLATES[self.disk_template].nodes


def ask(cluster: Cluster, request: Question) -> Question:
    """The whole document around a request."""
    known = cluster.cluster
    return {
        "version": VERSION,
        "cluster_name": known.name,
        "cluster_tags": list(known.tags),
        "enabled_hypervisors": list(known.enabled_hypervisors),
        "ipolicy": ipolicy.of_cluster(known),
        "nodegroups": {group.uuid: _group(known, group) for group in cluster.groups},
        "nodes": {node.name: _node(cluster, node) for node in cluster.nodes},
        "instances": {instance.name: _instance(known, instance) for instance in cluster.instances},
        "request": request,
    }


# What can be asked.


def allocate(wish: Wish) -> Question:
    asked = {
        "type": moves.ALLOCATE,
        "name": wish.name,
        "disk_template": wish.disk_template,
        "tags": list(wish.tags),
        "os": wish.os,
        "hypervisor": wish.hypervisor,
        "vcpus": wish.vcpus,
        "memory": wish.memory,
        "spindle_use": wish.spindle_use,
        "disks": [_new_disk(disk) for disk in wish.disks],
        "disk_space_total": space(wish.disk_template, [int(disk["size"]) for disk in wish.disks]),
        "nics": [_nic(nic) for nic in wish.nics],
        "required_nodes": wish.required_nodes,
    }
    return asked | ({"group_name": wish.group_name} if wish.group_name else {})


def multi_allocate(wishes: Sequence[Wish]) -> Question:
    return {"type": moves.MULTI_ALLOCATE, "instances": [allocate(wish) for wish in wishes]}


def relocate(instance: objects.Instance, away_from: Sequence[str]) -> Question:
    sizes = [disk.size for disk in instance.disks]
    return {
        "type": moves.RELOCATE,
        "name": instance.name,
        "disk_space_total": space(instance.disk_template, sizes),
        "required_nodes": 1,
        "relocate_from": list(away_from),
    }


def node_evacuate(instances: Sequence[str], mode: str) -> Question:
    return {"type": moves.NODE_EVACUATE, "instances": list(instances), "evac_mode": mode}


def change_group(instances: Sequence[str], groups: Sequence[str]) -> Question:
    """`groups` are uuids; none at all leave the choice to the plug-in."""
    return {
        "type": moves.CHANGE_GROUP,
        "instances": list(instances),
        "target_groups": list(groups),
    }


def space(template: str, sizes: Sequence[int]) -> int:
    """MiB on each node that holds the disks."""
    mirrored = TEMPLATES[template].reach is Reach.MIRRORED
    return sum(sizes) + (MIRROR_METADATA * len(sizes) if mirrored else 0)


# The cluster.


def _group(cluster: objects.Cluster, group: objects.NodeGroup) -> Question:
    return {
        "name": group.name,
        "alloc_policy": group.alloc_policy,
        "networks": list(group.networks),
        "ipolicy": ipolicy.of_group(cluster, group),
        "tags": list(group.tags),
    }


def _node(cluster: Cluster, node: objects.Node) -> Question:
    info = None if node.offline or not node.vm_capable else cluster.infos.get(node.name)
    described = {
        "tags": list(node.tags),
        "primary_ip": node.primary_ip,
        "secondary_ip": node.secondary_ip,
        # A node that does not answer takes nothing either.
        "offline": node.offline or (node.vm_capable and info is None),
        "drained": node.drained,
        "master_candidate": node.master_candidate,
        "master_capable": node.master_capable,
        "vm_capable": node.vm_capable,
        "group": node.group,
        "hv_state": {},
        "disk_state": {},
        "ndparams": _node_parameters(cluster, node),
    }
    return described | (_room(cluster, node, info) if info is not None else {})


def _node_parameters(cluster: Cluster, node: objects.Node) -> Question:
    group = next((group for group in cluster.groups if group.uuid == node.group), None)
    inherited = group.ndparams if group is not None else {}
    return {**NODE_PARAMETERS, **cluster.cluster.ndparams, **inherited, **node.ndparams}


def _room(cluster: Cluster, node: objects.Node, info: Mapping[str, Any]) -> Question:
    own = [item for item in cluster.instances if item.primary_node == node.name]
    memory = {item.name: _filled(cluster.cluster, item)["maxmem"] for item in own}
    up = [item for item in own if item.admin_state == objects.ADMIN_UP]
    # What an instance that should run does not use at the moment is not free for others.
    unused = sum(memory[item.name] - _used(cluster, item.name, memory) for item in up)
    return {
        "total_memory": int(info["memory_total"]),
        "reserved_memory": int(info["memory_dom0"]),
        "free_memory": max(0, int(info["memory_free"]) - unused),
        "total_disk": int(info["disk_total"]),
        "free_disk": int(info["disk_free"]),
        "total_spindles": 0,
        "free_spindles": 0,
        "total_cpus": int(info["cpu_total"]),
        "reserved_cpus": int(info.get("cpu_dom0") or 0),
        "i_pri_memory": sum(memory.values()),
        "i_pri_up_memory": sum(memory[item.name] for item in up),
    }


def _used(cluster: Cluster, name: str, memory: Mapping[str, int]) -> int:
    found = cluster.running.get(name)
    return min(int(found["memory"]), memory[name]) if found is not None else 0


def _instance(cluster: objects.Cluster, instance: objects.Instance) -> Question:
    filled = _filled(cluster, instance)
    sizes = [disk.size for disk in instance.disks]
    return {
        "tags": list(instance.tags),
        "should_run": instance.admin_state == objects.ADMIN_UP,
        "admin_state": instance.admin_state,
        "vcpus": filled["vcpus"],
        "memory": filled["maxmem"],
        "spindle_use": filled["spindle_use"],
        "os": instance.os,
        "nodes": list(instance.nodes),
        "nics": [_nic(nic.to_dict()) for nic in instance.nics],
        "disks": [{"size": disk.size, "mode": disk.mode} for disk in instance.disks],
        "disk_template": instance.disk_template,
        "disk_space_total": space(instance.disk_template, sizes),
        "hypervisor": instance.hypervisor,
        "forthcoming": False,
    }


def _filled(cluster: objects.Cluster, instance: objects.Instance) -> dict[str, Any]:
    return cluster.fill_beparams(instance.beparams)


def _new_disk(disk: Mapping[str, Any]) -> Question:
    return {"size": int(disk["size"]), "mode": disk.get("mode") or "rw"}


def _nic(nic: Mapping[str, Any]) -> Question:
    kept = {name: nic.get(name) for name in ("mac", "ip", "mode", "link", "network")}
    bridge = {"bridge": kept["link"]} if kept["mode"] in (None, "bridged") else {}
    return kept | bridge
