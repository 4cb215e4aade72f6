"""Base of units that take an instance to another node: find, check and reserve the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.allocator import Demand
from ganeti_backend.disk_templates import TEMPLATES, Reach
from ganeti_backend.errors import wrong
from ganeti_backend.locks import ALL, Level, Mode
from ganeti_backend.parameters import ipolicy
from ganeti_backend.units import base, placement
from ganeti_backend.units.instances import copies, moving_disks
from ganeti_backend.units.instances.base import InstanceUnit

AnyOp = TypeVar("AnyOp", bound=opcodes.OpCode)


class GoingUnit(InstanceUnit[AnyOp]):
    """`source` and `target` are known once the prerequisites are checked."""

    DOING: ClassVar[str] = "move"

    source: str
    target: str

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.NODEGROUP:
            return {ALL: base.SHARED}
        if level == Level.NODE:
            return dict.fromkeys(self._nodes_concerned() or [ALL], base.SHARED)
        return super().locks(level)

    def _nodes_concerned(self) -> list[str]:
        """None are named if the target is still to be chosen: it may be any node."""
        op: Any = self.op
        found = self.config.instance(self.name)
        target = self.config.node(op.target_node_uuid or op.target_node or "")
        if found is None or getattr(op, "cleanup", False):
            return []
        if target is None and found.secondary_node is None:
            return []
        return [*found.nodes, *([target.name] if target is not None else [])]

    def hook_environment(self) -> dict[str, str]:
        mirrored = self.instance.secondary_node is not None
        return {
            **super().hook_environment(),
            "OLD_PRIMARY": self.instance.primary_node,
            "NEW_PRIMARY": self.target,
            "OLD_SECONDARY": self.instance.secondary_node or "" if mirrored else "",
            "NEW_SECONDARY": self.source if mirrored else "",
        }

    def resumed(self) -> bool:
        found = super().resumed()
        if found:
            self.source = next(iter(self.instance.left_behind), self.instance.primary_node)
            self.target = self.instance.primary_node
        return found

    # Shared by the subclasses.

    def arrived_before(self, silent: frozenset[str] = frozenset()) -> bool:
        """End doubt; whether it has got away already, by a try that the master's end cut short."""
        before = self.instance.primary_node
        self.settle(silent)
        if self.instance.primary_node == before:
            return False
        self.source, self.target = before, self.instance.primary_node
        return True

    def finish_arrival(self) -> None:
        """What such a try had still to do."""
        try:
            self.instance = copies.drop_old(self.config, self.reach.nodes, self.instance)
        except errors.NodeError as error:
            self.warn(f"{error.message}; its copy is dropped when it answers")
        moving_disks.close_on(self, self.instance, self.source)

    @property
    def everywhere(self) -> list[str]:
        """Master, source and target, as hooks run there."""
        return list(dict.fromkeys([self.config.cluster().master, self.source, self.target]))

    def wished(self) -> str | None:
        """The target that the opcode names."""
        op: Any = self.op
        named = op.target_node_uuid or op.target_node
        return base.find_node(self.config, named).name if named else None

    def choose_target(self, iallocator: str | None = None, *, holds_disks: bool = False) -> None:
        """Set `source` and `target`, with the room on the target reserved."""
        self.source = self.instance.primary_node
        self.target = self._named_target(iallocator)
        node = base.find_node(self.config, self.target)
        if node.name == self.source:
            text = f"Cannot {self.DOING} instance {self.name} to its primary node {node.name}"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        base.online_node(self.config, self.target)
        if self.target in self.instance.left_behind:
            nodes = self.reach.nodes
            self.instance = copies.drop_at(self.config, nodes, self.instance, self.target)
        self._check_policy(node)
        placement.check_networks(self.config, self.instance, node)
        demand = placement.demand_of(self.config, self.instance, disks=holds_disks)
        self.reserve(replace(demand, mirrored=False), node)

    def reserve(self, demand: Demand, node: objects.Node) -> None:
        """NoRoomError if the target has not so much left."""
        self.reach.allocator.reserve(self.job.owner, demand, [node])

    def _named_target(self, iallocator: str | None) -> str:
        reach, named = TEMPLATES[self.instance.disk_template].reach, self.wished()
        if named is not None and iallocator:
            raise wrong("Do not specify both an iallocator and a target node")
        if reach is Reach.MIRRORED:
            other = self.instance.secondary_node or ""
            if iallocator or named not in (None, other):
                text = (
                    f"Instances with disk template {self.instance.disk_template} cannot "
                    f"{self.DOING} to arbitrary nodes, only to their secondary node {other}"
                )
                raise wrong(text)
            return other
        if named is not None:
            return named
        return placement.relocate(self, self.instance, iallocator)

    def _check_policy(self, node: objects.Node) -> None:
        if getattr(self.op, "ignore_ipolicy", False):
            return
        cluster, group = self.config.cluster(), self.config.group(node.group)
        policy = ipolicy.of_group(cluster, group)
        found = ipolicy.violations(policy, ipolicy.Spec.of(self.instance, cluster))
        if found:
            shown = group.name if group is not None else node.group
            text = (
                f"Instance does not meet target node group's ({shown}) instance policy: "
                f"{', '.join(found)}"
            )
            raise wrong(text)

    def source_offline(self) -> bool:
        return base.find_node(self.config, self.instance.primary_node).offline


def both(nodes: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The same nodes before and after."""
    return nodes, nodes
