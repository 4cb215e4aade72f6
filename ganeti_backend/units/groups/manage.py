"""GROUP_ADD, GROUP_REMOVE, GROUP_RENAME, GROUP_SET_PARAMS: node groups and their parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.configuration.config import new_uuid
from ganeti_backend.errors import wrong
from ganeti_backend.locks import Level, Mode
from ganeti_backend.parameters import (
    disk_template_parameters,
    ipolicy,
    node_parameters,
    static_state,
)
from ganeti_backend.units import base
from ganeti_backend.units.groups.base import GroupUnit, newly_violating
from ganeti_backend.units.nodes.base import online

DEFAULT_POLICY = "preferred"


class GroupAdd(GroupUnit[opcodes.OpGroupAdd]):
    HOOKS_PATH = "group-add"
    UPDATES_CONFIG = True

    def check_prerequisites(self) -> None:
        found = self.config.group(self.op.group_name)
        if found is not None:
            text = f"Desired group name '{self.name}' already exists as a node group ({found.uuid})"
            raise errors.OpPrereqError(text, errors.ECODE_EXISTS)
        now = self.config.now()
        self.group = objects.NodeGroup(
            name=self.op.group_name,
            uuid=new_uuid(),
            ctime=now,
            mtime=now,
            alloc_policy=self.op.alloc_policy or DEFAULT_POLICY,
            ndparams=node_parameters.merged({}, self.op.ndparams),
            diskparams=disk_template_parameters.merged({}, self.op.diskparams),
            ipolicy=ipolicy.merged({}, self.op.ipolicy),
        )
        self.group = self.group.replace(**static_state.changes(self.group, self.op))
        ipolicy.check(ipolicy.of_group(self.config.cluster(), self.group))

    def execute(self) -> None:
        self.config.commit([self.group], receipt=self.job.receipt(None))


class GroupRemove(GroupUnit[opcodes.OpGroupRemove]):
    HOOKS_PATH = "group-remove"
    UPDATES_CONFIG = True

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        names = [node.name for node in self.nodes()]
        if names:
            text = f"Group '{self.name}' not empty, has the following nodes: {', '.join(names)}"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        if len(self.config.groups()) == 1:
            text = f"Group '{self.name}' is the only group, cannot be removed"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)

    def execute(self) -> None:
        self.config.commit(delete=[self.group], receipt=self.job.receipt(None))


class GroupRename(GroupUnit[opcodes.OpGroupRename]):
    HOOKS_PATH = "group-rename"

    def locks(self, level: Level) -> Mapping[str, Mode]:
        # The new name as well, so that nobody makes a group of this name meanwhile.
        names = [self.name, self.op.new_name]
        return dict.fromkeys(names, base.EXCLUSIVE) if level == Level.NODEGROUP else {}

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        clash = self.config.group(self.op.new_name)
        if clash is not None:
            text = f"Desired new name '{self.op.new_name}' clashes with node group {clash.uuid}"
            raise errors.OpPrereqError(text, errors.ECODE_EXISTS)
        self.old_name = self.group.name

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        members = [node.name for node in self.nodes()]
        nodes = online([self.config.cluster().master, *members], self.config)
        return nodes, nodes

    def hook_environment(self) -> dict[str, str]:
        return {"OLD_NAME": self.old_name, "NEW_NAME": self.op.new_name}

    def resumed(self) -> bool:
        found = self.config.group(self.op.new_name)
        if found is not None:
            self.group, self.old_name = found, self.op.group_name
        return found is not None

    def execute(self) -> str:
        renamed = self.group.touched(self.config.now(), name=self.op.new_name)
        self.config.commit([renamed], receipt=self.job.receipt(self.op.new_name))
        return self.op.new_name


class GroupSetParams(GroupUnit[opcodes.OpGroupSetParams]):
    HOOKS_PATH = "group-modify"

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        op = self.op
        wishes = [op.alloc_policy, op.ndparams, op.diskparams, op.ipolicy]
        wishes += [op.hv_state, op.disk_state]
        if all(wish is None for wish in wishes):
            raise wrong("Please pass at least one modification")
        self.changes: dict[str, Any] = {**static_state.changes(self.group, op)}
        if op.alloc_policy is not None:
            self.changes["alloc_policy"] = op.alloc_policy
        if op.ndparams is not None:
            self.changes["ndparams"] = node_parameters.merged(self.group.ndparams, op.ndparams)
        if op.diskparams is not None:
            merged = disk_template_parameters.merged(self.group.diskparams, op.diskparams)
            self.changes["diskparams"] = merged
        if op.ipolicy is not None:
            self.changes["ipolicy"] = self._policy()

    def _policy(self) -> dict[str, Any]:
        own = ipolicy.merged(self.group.ipolicy, self.op.ipolicy)
        cluster = self.config.cluster()
        after = ipolicy.of_group(cluster, self.group.replace(ipolicy=own))
        ipolicy.check(after)
        found = newly_violating(self, ipolicy.of_group(cluster, self.group), after)
        if found:
            names = ", ".join(found)
            self.warn(f"After the ipolicy change the following instances violate it: {names}")
        return own

    def hook_environment(self) -> dict[str, str]:
        policy = str(self.op.alloc_policy)
        return {"GROUP_NAME": self.group.name, "NEW_ALLOC_POLICY": policy}

    def execute(self) -> list[list[Any]]:
        names = ("ndparams", "diskparams", "alloc_policy", "ipolicy")
        result = [[name, self.changes[name]] for name in names if name in self.changes]
        self.group = self.group.touched(self.config.now(), **self.changes)
        self.config.commit([self.group], receipt=self.job.receipt(result))
        return result
