"""CLUSTER_SET_PARAMS: the cluster's parameters, all in one change; see `settings.py` for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ganeti_backend import objects, opcodes
from ganeti_backend.locks import Level, Mode
from ganeti_backend.parameters import cluster_parameters, ipolicy
from ganeti_backend.units import base
from ganeti_backend.units.cluster import settings
from ganeti_backend.units.cluster.base import ClusterUnit
from ganeti_backend.units.nodes import candidates
from ganeti_backend.units.nodes.base import CANDIDATES


class ClusterSetParams(ClusterUnit[opcodes.OpClusterSetParams]):
    HOOKS_PATH = "cluster-modify"
    UPDATES_CONFIG = True

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.CLUSTER:
            return {**super().locks(level), CANDIDATES: base.EXCLUSIVE}
        return {}

    def check_prerequisites(self) -> None:
        settings.refuse_absent(self.op)
        self.changes = settings.all_changes(self.config, self.op)
        before = self.config.cluster()
        after = before.replace(**self.changes)
        for group in self.config.groups():
            ipolicy.check(ipolicy.of_group(after, group))
        settings.check_allocator(self.op.default_iallocator, self.reach.data_dir)
        if self.op.default_iallocator == "":
            self.info("Evacuation and creation will use the built-in allocator")
        broken = sorted(self._newly_violating(before, after))
        if broken:
            names = ", ".join(broken)
            self.warn(f"After the ipolicy change the following instances violate it: {names}")
        for name in sorted(cluster_parameters.WITHOUT_EFFECT):
            if getattr(self.op, name) is not None:
                self.info(f"'{name}' is stored, but nothing here depends on it")

    def _newly_violating(self, before: objects.Cluster, after: objects.Cluster) -> Iterator[str]:
        if before.ipolicy == after.ipolicy and before.beparams == after.beparams:
            return
        groups = {node.name: self.config.group(node.group) for node in self.config.nodes()}
        for instance in self.config.instances():
            group = groups.get(instance.primary_node)
            now = ipolicy.violations(
                ipolicy.of_group(after, group), ipolicy.Spec.of(instance, after)
            )
            if now and not ipolicy.violations(
                ipolicy.of_group(before, group), ipolicy.Spec.of(instance, before)
            ):
                yield instance.name

    def hook_environment(self) -> dict[str, str]:
        found = {"OP_TARGET": self.config.cluster().name}
        if self.op.vg_name is not None:
            found["NEW_VG_NAME"] = self.op.vg_name
        return found

    def execute(self) -> None:
        cluster, now = self.changed(**self.changes), self.config.now()
        promoted = candidates.promoted(self.config.nodes(), cluster.candidate_pool_size, now)
        for node in promoted:
            self.info(f"Promoted node {node.name} to master candidate")
        self.config.commit([cluster, *promoted], receipt=self.job.receipt(None))
