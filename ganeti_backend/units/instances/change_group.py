"""INSTANCE_CHANGE_GROUP: jobs that bring an instance into another node group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ganeti_backend import errors, opcodes
from ganeti_backend.iallocator import plugin, question
from ganeti_backend.locks import ALL, Level, Mode
from ganeti_backend.units import base, built_in_allocator, child_jobs, placement
from ganeti_backend.units.instances.base import InstanceUnit


class InstanceChangeGroup(InstanceUnit[opcodes.OpInstanceChangeGroup]):
    HOOKS_PATH = "instance-change-group"

    def locks(self, level: Level) -> Mapping[str, Mode]:
        # Only looked at: the jobs take what they need.
        if level == Level.INSTANCE:
            return {self.name: base.SHARED}
        return {ALL: base.SHARED} if level in (Level.NODEGROUP, Level.NODE) else {}

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        own = {base.find_node(self.config, name).group for name in self.instance.nodes}
        wanted = self.op.target_groups
        if wanted:
            self.groups = [base.find_group(self.config, name) for name in wanted]
            used = [group.name for group in self.groups if group.uuid in own]
            if used:
                text = (
                    f"Can't use group(s) {', '.join(used)} as targets, "
                    f"they are used by the instance '{self.name}'"
                )
                raise errors.OpPrereqError(text, errors.ECODE_INVAL)
        else:
            self.groups = [group for group in self.config.groups() if group.uuid not in own]
        if not self.groups:
            text = "There are no possible target groups"
            raise errors.OpPrereqError(text, errors.ECODE_INVAL)

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        master = [self.config.cluster().master]
        return master, master

    def hook_environment(self) -> dict[str, str]:
        names = " ".join(group.name for group in self.groups)
        return {**super().hook_environment(), "TARGET_GROUPS": names}

    def resumed(self) -> bool:
        self.groups = []
        return super().resumed()

    def execute(self) -> dict[str, Any]:
        found = self._find()
        if found.failed:
            name, reason = found.failed[0]
            raise errors.OpExecError(f"Unable to change group of instance {name}: {reason}")
        for name, group, nodes in found.moved:
            self.info(f"Instance {name} goes to {', '.join(nodes)} of group {group}")
        return child_jobs.submit(self, placement.jobs(found))

    def _find(self) -> plugin.Moves:
        asked = placement.plugin_of(self, self.op.iallocator)
        if asked is None:
            return built_in_allocator.change_group(self, [self.instance], self.groups)
        document = question.change_group([self.name], [group.uuid for group in self.groups])
        result = asked.ask(question.ask(placement.cluster_now(self), document))
        return plugin.moves(asked.name, result)
