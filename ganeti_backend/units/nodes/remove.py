"""NODE_REMOVE: take a node without instances out of the cluster. Its daemon is left running."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ganeti_backend import objects, opcodes
from ganeti_backend.errors import wrong
from ganeti_backend.locks import ALL, Level, Mode
from ganeti_backend.units import base
from ganeti_backend.units.nodes import candidates
from ganeti_backend.units.nodes.base import (
    CANDIDATES,
    NodeUnit,
    all_online,
    instances_of,
    refused,
)


class NodeRemove(NodeUnit[opcodes.OpNodeRemove]):
    HOOKS_PATH = "node-remove"

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.CLUSTER:
            return {CANDIDATES: base.EXCLUSIVE}
        if level == Level.INSTANCE:
            return dict.fromkeys((item.name for item in self._passed()), base.EXCLUSIVE)
        # All of them: another one may have to take its place among the candidates.
        return {ALL: base.EXCLUSIVE} if level == Level.NODE else {}

    def _passed(self) -> list[objects.Instance]:
        """Instances that left the node for another one, and may have left a copy on it."""
        return [item for item in self.config.instances() if self.name in item.left_behind]

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        if self.is_master:
            raise wrong("Node is the master node, failover to another node is required")
        for instance in instances_of(self.config, self.name):
            raise wrong(f"Instance {instance.name} is still running on the node")
        for instance in self.config.instances():
            if instance.arriving_at == self.name:
                raise refused(f"Instance {instance.name} may have arrived on the node")
        if not self.node.offline:
            self._check_remains()

    def _check_remains(self) -> None:
        """What is on a node that is gone cannot be taken away; of one that is there it can."""
        names = {item.name for item in self.config.pending() if item.node == self.name}
        names |= {item.name for item in self._passed()}
        if names:
            shown = ", ".join(sorted(names))
            raise refused(f"Remains of {shown} are on the node; set it offline if it is lost")

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
        changed: list[objects.Thing] = [*promoted, *self._forgotten_copies(now)]
        if places.in_settings(name):
            names = tuple(dict.fromkeys([*cluster.removed_nodes, name]))
            changed.append(cluster.touched(now, removed_nodes=names))
        self.config.commit(changed, delete=[self.node], receipt=self.job.receipt(None))

    def _forgotten_copies(self, now: float) -> list[objects.Instance]:
        """The instances without what was to be dropped on a node that is lost."""
        return [
            instance.touched(
                now, left_behind=tuple(n for n in instance.left_behind if n != self.node.name)
            )
            for instance in self._passed()
        ]

    def finish(self) -> None:
        self.reach.places.withdraw(self.op.node_name)
        super().finish()
