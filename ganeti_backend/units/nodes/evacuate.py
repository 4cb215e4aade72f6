"""NODE_EVACUATE and NODE_MIGRATE: jobs that bring instances away from a node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ganeti_backend import errors, opcodes
from ganeti_backend.errors import wrong
from ganeti_backend.iallocator import plugin, question
from ganeti_backend.locks import ALL, Level, Mode
from ganeti_backend.opcodes.nodes import EVACUATE_SECONDARY
from ganeti_backend.units import base, child_jobs, placement, relocation
from ganeti_backend.units.nodes.base import NodeUnit, instances_of


class NodeEvacuate(NodeUnit[opcodes.OpNodeEvacuate]):
    MODE = base.SHARED

    def locks(self, level: Level) -> Mapping[str, Mode]:
        # Only looked at: the jobs take what they need, and see for themselves what has changed.
        if level == Level.INSTANCE:
            return {ALL: base.SHARED}
        return super().locks(level)

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        op = self.op
        remote = op.remote_node_uuid or op.remote_node
        if remote and op.iallocator:
            raise wrong("Give either a remote node or an iallocator, not both")
        if remote and op.mode != EVACUATE_SECONDARY:
            raise wrong("A remote node can only be given to evacuate secondary instances")
        self.remote = base.online_node(self.config, remote).name if remote else None
        if self.remote == self.node.name:
            raise wrong("Cannot use evacuated node as a new secondary node")

    def execute(self) -> dict[str, Any]:
        wanted = relocation.Evacuation(
            node=self.node,
            mode=self.op.mode,
            remote_node=self.remote,
            iallocator=self.op.iallocator,
            early_release=self.op.early_release,
        )
        jobs = self._jobs(wanted)
        for ops in jobs:
            self.info(f"Instance {ops[0]['instance_name']} is to be moved")
        return child_jobs.submit(self, relocation.parsed(jobs))

    def _jobs(self, wanted: relocation.Evacuation) -> list[list[relocation.Wanted]]:
        instances = instances_of(self.config, self.node.name)
        asked = None if self.remote else placement.plugin_of(self, self.op.iallocator)
        names = [instance.name for instance in instances if wanted.concerns(instance)]
        if asked is None or not names:
            return relocation.plan(wanted, instances)
        document = question.node_evacuate(names, self.op.mode)
        result = asked.ask(question.ask(placement.cluster_now(self), document))
        return relocation.checked(plugin.moves(asked.name, result))


class NodeMigrate(NodeUnit[opcodes.OpNodeMigrate]):
    HOOKS_PATH = "node-migrate"
    MODE = base.SHARED

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        target = self.op.target_node_uuid or self.op.target_node
        if target and self.op.iallocator:
            raise wrong("Give either a target node or an iallocator, not both")
        if self.op.mode is not None and self.op.live is not None:
            raise wrong("Only one of the 'live' and 'mode' parameters is accepted")
        self.target = base.online_node(self.config, target).name if target else None
        if self.target == self.node.name:
            raise errors.OpPrereqError("Cannot migrate to the node itself", errors.ECODE_INVAL)

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        master = [self.config.cluster().master]
        return master, master

    def hook_environment(self) -> dict[str, str]:
        changes = str(self.op.allow_runtime_changes)
        return {"NODE_NAME": self.node.name, "ALLOW_RUNTIME_CHANGES": changes}

    def execute(self) -> dict[str, Any]:
        jobs = [
            [self._migration(instance.name)]
            for instance in instances_of(self.config, self.node.name)
            if instance.primary_node == self.node.name
        ]
        return child_jobs.submit(self, relocation.parsed(jobs))

    def _migration(self, name: str) -> dict[str, Any]:
        op = self.op
        return {
            "OP_ID": "OP_INSTANCE_MIGRATE",
            "instance_name": name,
            "mode": op.mode,
            "live": op.live,
            "iallocator": op.iallocator,
            "target_node": self.target,
            "allow_runtime_changes": op.allow_runtime_changes,
            "ignore_ipolicy": op.ignore_ipolicy,
        }
