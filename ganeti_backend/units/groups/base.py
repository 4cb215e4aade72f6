"""Base of units about one existing node group: finding it, its lock, where its hooks run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from ganeti_backend import objects, opcodes
from ganeti_backend.locks import Level, Mode
from ganeti_backend.parameters import ipolicy
from ganeti_backend.units import base

AnyOp = TypeVar("AnyOp", bound=opcodes.OpCode)


class GroupUnit(base.Unit[AnyOp]):
    OBJECT_TYPE = "GROUP"

    group: objects.NodeGroup

    @property
    def name(self) -> str:
        """The group's name also where the opcode gives its uuid."""
        wanted = str(getattr(self.op, "group_name", ""))
        found = self.config.group(wanted)
        return found.name if found is not None else wanted

    def locks(self, level: Level) -> Mapping[str, Mode]:
        return {self.name: base.EXCLUSIVE} if level == Level.NODEGROUP else {}

    def check_prerequisites(self) -> None:
        self.group = base.find_group(self.config, self.name)

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        master = [self.config.cluster().master]
        return master, master

    def hook_environment(self) -> dict[str, str]:
        return {"GROUP_NAME": self.group.name}

    def resumed(self) -> bool:
        found = self.config.group(self.name)
        if found is not None:
            self.group = found
        return found is not None

    # Shared by the subclasses.

    def nodes(self) -> list[objects.Node]:
        """The group's nodes by name."""
        found = [node for node in self.config.nodes() if node.group == self.group.uuid]
        return sorted(found, key=lambda node: node.name)

    def instances(self) -> list[objects.Instance]:
        """Those with a node in the group, by name."""
        names = {node.name for node in self.nodes()}
        found = [item for item in self.config.instances() if names & set(item.nodes)]
        return sorted(found, key=lambda instance: instance.name)


class GroupVerification(GroupUnit[AnyOp]):
    """Looks at a group and its instances while they stay as they are."""

    def locks(self, level: Level) -> Mapping[str, Mode]:
        group = self.config.group(self.name)
        if level == Level.NODEGROUP:
            return {self.name: base.SHARED}
        if level == Level.INSTANCE and group is not None:
            self.group = group
            return dict.fromkeys((item.name for item in self.instances()), base.SHARED)
        return {}


def newly_violating(
    unit: GroupUnit[Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[str]:
    """Instances of the group that the policy allowed until now."""
    cluster = unit.config.cluster()
    names = {node.name for node in unit.nodes()}
    found = []
    for instance in unit.instances():
        spec = ipolicy.Spec.of(instance, cluster)
        broken = ipolicy.violations(after, spec) and not ipolicy.violations(before, spec)
        if instance.primary_node in names and broken:
            found.append(instance.name)
    return found
