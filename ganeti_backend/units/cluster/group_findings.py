"""What a verification finds in a node group's live state: is all where it should be (pure)?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganeti_backend import objects
from ganeti_backend.configuration.config_state import Usage
from ganeti_backend.disk_templates import TEMPLATES

STOPPED = "shutdown"
Finding = tuple[str, str, str]  # code, object, text


@dataclass(frozen=True)
class Scene:
    """One group: its nodes and instances, and what its nodes say (None: nothing).

    `known` are the names that nodes may run though they are none of these instances: of other
    groups, or made right now.
    """

    nodes: Sequence[objects.Node]
    instances: Sequence[objects.Instance]
    infos: Mapping[str, Mapping[str, Any] | None]
    running: Mapping[str, Mapping[str, Mapping[str, Any]] | None]
    known: Collection[str]

    def answers(self, node: str) -> bool:
        return self.running.get(node) is not None

    def runs(self, node: str, instance: str) -> bool:
        info = (self.running.get(node) or {}).get(instance)
        return info is not None and info.get("state") != STOPPED

    def node(self, name: str) -> objects.Node | None:
        return next((node for node in self.nodes if node.name == name), None)


def of_nodes(scene: Scene) -> Iterator[Finding]:
    """Nodes that do not answer, and guests that nobody knows."""
    ours = {instance.name for instance in scene.instances}
    for node in scene.nodes:
        if node.offline:
            continue
        if not scene.answers(node.name):
            yield "ENODERPC", f"node {node.name}", "while contacting node: it does not answer"
            continue
        for name in sorted(scene.running[node.name] or {}):
            if name not in ours and name not in scene.known and scene.runs(node.name, name):
                yield "ENODEORPHANINSTANCE", f"node {node.name}", f"unknown instance {name} runs"


def of_instances(scene: Scene) -> Iterator[Finding]:
    """Instances that do not run where they should, or run where they should not."""
    for instance in scene.instances:
        what, primary = f"instance {instance.name}", instance.primary_node
        yield from _primary(scene, instance)
        for node in scene.nodes:
            if node.name != primary and scene.runs(node.name, instance.name):
                text = f"it runs on node {node.name}, where it should not"
                if instance.arriving_at != node.name:
                    yield "EINSTANCEWRONGNODE", what, text


def _primary(scene: Scene, instance: objects.Instance) -> Iterator[Finding]:
    what, node = f"instance {instance.name}", scene.node(instance.primary_node)
    if node is None:
        return
    if node.offline:
        if instance.admin_state == objects.ADMIN_UP:
            yield "EINSTANCEBADNODE", what, f"marked as up, but lives on offline node {node.name}"
        return
    runs = scene.runs(node.name, instance.name)
    if not node.vm_capable:
        yield "EINSTANCEBADNODE", what, f"lives on node {node.name}, which is not vm_capable"
    if not scene.answers(node.name):
        return
    if instance.admin_state == objects.ADMIN_UP and not runs:
        yield "EINSTANCEDOWN", what, f"not running on its primary node {node.name}"
    if instance.admin_state != objects.ADMIN_UP and runs:
        text = f"marked as {instance.admin_state}, but runs on node {node.name}"
        yield "EINSTANCEWRONGNODE", what, text


def lost_mirrors(scene: Scene) -> Iterator[Finding]:
    """Secondary nodes that are away: the instance runs, but could not fail over."""
    for instance in scene.instances:
        node = scene.node(instance.secondary_node or "")
        if node is not None and node.offline:
            text = f"secondary node {node.name} is offline"
            yield "EINSTANCEBADNODE", f"instance {instance.name}", text


def redundancy(scene: Scene, usage: Mapping[str, Usage]) -> Iterator[Finding]:
    """N+1: whether each node has the memory for what comes to it if one other node fails."""
    for node in scene.nodes:
        info = scene.infos.get(node.name)
        if node.offline or info is None or node.name not in usage:
            continue
        free = int(info["memory_free"])
        for primary, needed in sorted(usage[node.name].fallen.items()):
            if needed > free:
                text = f"not enough memory for failovers should node {primary} fail"
                text = f"{text} ({needed} MiB needed, {free} MiB available)"
                yield "ENODEN1", f"node {node.name}", text


def versions(said: Mapping[str, str], master: str) -> Iterator[Finding]:
    """Nodes whose daemon is of another version than the master's node."""
    ours = said.get(master)
    for node, version in sorted(said.items()):
        if ours is not None and version != ours:
            text = f"software version mismatch: master {ours}, node {version}"
            yield "ENODEVERSION", f"node {node}", text


def assembled(instance: objects.Instance, index: int) -> bool:
    return TEMPLATES[instance.disks[index].template].assembled
