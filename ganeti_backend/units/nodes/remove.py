"""NODE_REMOVE: take a node without instances out of the cluster. Its daemon is left running."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.locks import ALL, Level, Mode
from ganeti_backend.units import base
from ganeti_backend.units.instances.parameters import wrong
from ganeti_backend.units.nodes import candidates
from ganeti_backend.units.nodes.base import CANDIDATES, NodeUnit, all_online, instances_of


class NodeRemove(NodeUnit[opcodes.OpNodeRemove]):
    HOOKS_PATH = "node-remove"

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.CLUSTER:
            return {CANDIDATES: base.EXCLUSIVE}
        # All of them: another one may have to take its place among the candidates.
        return {ALL: base.EXCLUSIVE} if level == Level.NODE else {}

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        if self.is_master:
            raise wrong("Node is the master node, failover to another node is required")
        for instance in instances_of(self.config, self.name):
            raise wrong(f"Instance {instance.name} is still running on the node")
        left = [item.name for item in self.config.pending() if item.node == self.name]
        if left and not self.node.offline:
            text = f"Remains of {', '.join(sorted(left))} are still on the node"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        others = [name for name in all_online(self.config) if name != self.node.name]
        leaving = [] if self.node.offline else [self.node.name]
        return others, [*others, *leaving]

    def hook_environment(self) -> dict[str, str]:
        return {"OP_TARGET": self.node.name, "NODE_NAME": self.node.name}

    def execute(self) -> None:
        name, places = self.node.name, self.reach.places
        now, cluster = self.config.now(), self.config.cluster()
        place = places.find(name)
        if place is not None:
            # The post hooks run on it once more, when the configuration has forgotten it.
            places.introduce(name, *place)
        others = [node for node in self.config.nodes() if node.name != name]
        promoted = candidates.promoted(others, cluster.candidate_pool_size, now)
        for node in promoted:
            self.info(f"Promoted node {node.name} to master candidate")
        changed: list[objects.Thing] = [*promoted]
        if places.in_settings(name):
            names = tuple(dict.fromkeys([*cluster.removed_nodes, name]))
            changed.append(cluster.touched(now, removed_nodes=names))
        self.config.commit(changed, delete=[self.node], receipt=self.job.receipt(None))

    def finish(self) -> None:
        self.reach.places.withdraw(self.op.node_name)
        super().finish()
