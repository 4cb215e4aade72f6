"""GROUP_ASSIGN_NODES moves nodes into a group, GROUP_EVACUATE brings its instances elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.configuration.config import Config
from ganeti_backend.errors import wrong
from ganeti_backend.iallocator import plugin, question
from ganeti_backend.locks import ALL, Level, Mode
from ganeti_backend.units import base, built_in_allocator, child_jobs, placement, relocation
from ganeti_backend.units.groups.base import GroupUnit
from ganeti_backend.units.nodes.base import online


class GroupAssignNodes(GroupUnit[opcodes.OpGroupAssignNodes]):
    def _names(self) -> list[str]:
        known = (self.config.node(name) for name in self.op.node_uuids or self.op.nodes)
        return [node.name for node in known if node is not None]

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.NODE:
            return dict.fromkeys(self._names(), base.EXCLUSIVE)
        if level != Level.NODEGROUP:
            return {}
        # The groups they come from too: who holds a group may rely on which nodes it has.
        nodes = (self.config.node(name) for name in self._names())
        groups = (self.config.group(node.group) for node in nodes if node is not None)
        names = [self.name, *(group.name for group in groups if group is not None)]
        return dict.fromkeys(names, base.EXCLUSIVE)

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        wanted = self.op.node_uuids or self.op.nodes
        nodes = [base.find_node(self.config, name) for name in wanted]
        self.moving = [node for node in nodes if node.group != self.group.uuid]
        before = {node.name: node.group for node in self.config.nodes()}
        after = {**before, **{node.name: self.group.uuid for node in self.moving}}
        already, split = splits(self.config, before), splits(self.config, after)
        newly = sorted(split - already)
        if newly and not self.op.force:
            raise errors.OpExecError(
                "The following instances get split by this change and --force was not given: "
                + ", ".join(newly)
            )
        if newly:
            self.warn(f"This operation will split the following instances: {', '.join(newly)}")
        still = sorted(split & already)
        if still:
            names = ", ".join(still)
            self.warn(f"These already-split instances continue to be split across groups: {names}")

    def execute(self) -> None:
        now = self.config.now()
        moved = [node.touched(now, group=self.group.uuid) for node in self.moving]
        self.config.commit(moved, receipt=self.job.receipt(None))


def splits(config: Config, groups: Mapping[str, str]) -> set[str]:
    """Instances whose nodes are in different groups, if each node is in this one."""
    return {
        instance.name
        for instance in config.instances()
        if len({groups.get(node) for node in instance.nodes}) > 1
    }


class GroupEvacuate(GroupUnit[opcodes.OpGroupEvacuate]):
    HOOKS_PATH = "group-evacuate"

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.INSTANCE:
            return {ALL: base.SHARED}
        # Only looked at: the jobs take what they need.
        return {ALL: base.SHARED} if level == Level.NODEGROUP else {}

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        self.targets = self._targets()
        if self.group.uuid in {group.uuid for group in self.targets}:
            raise wrong(f"Can't evacuate group '{self.name}' to itself")
        if not self.targets:
            text = "There are no possible target groups"
            raise errors.OpPrereqError(text, errors.ECODE_INVAL)

    def _targets(self) -> list[objects.NodeGroup]:
        if self.op.target_groups:
            return [base.find_group(self.config, name) for name in self.op.target_groups]
        others = [group for group in self.config.groups() if group.uuid != self.group.uuid]
        return sorted(others, key=lambda group: group.name)

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        members = [node.name for node in self.nodes()]
        nodes = online([self.config.cluster().master, *members], self.config)
        return nodes, nodes

    def hook_environment(self) -> dict[str, str]:
        targets = " ".join(group.uuid for group in self.targets)
        return {"GROUP_NAME": self.group.name, "TARGET_GROUPS": targets}

    def execute(self) -> dict[str, Any]:
        jobs = relocation.checked(self._find())
        if self.op.force_failover:
            jobs = relocation.by_failover(jobs)
        made = relocation.parsed(jobs)
        chained = relocation.one_after_the_other(made) if self.op.sequential else made
        return child_jobs.submit(self, chained)

    def _find(self) -> plugin.Moves:
        instances = self.instances()
        asked = placement.plugin_of(self, self.op.iallocator)
        if asked is None or not instances:
            return built_in_allocator.change_group(self, instances, self.targets)
        names = [instance.name for instance in instances]
        document = question.change_group(names, [group.uuid for group in self.targets])
        result = asked.ask(question.ask(placement.cluster_now(self), document))
        return plugin.moves(asked.name, result)
