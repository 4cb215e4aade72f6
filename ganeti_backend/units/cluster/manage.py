"""CLUSTER_POST_INIT, CLUSTER_DESTROY, CLUSTER_RENAME and CLUSTER_REDIST_CONF."""

from __future__ import annotations

from collections.abc import Sequence

from ganeti_backend import errors, opcodes
from ganeti_backend.errors import wrong
from ganeti_backend.units.cluster.base import ClusterUnit


class ClusterPostInit(ClusterUnit[opcodes.OpClusterPostInit]):
    """Does nothing itself: it is there for the hooks of a new cluster."""

    HOOKS_PATH = "cluster-init"

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        return [], [self.config.cluster().master]

    def execute(self) -> bool:
        return True


class ClusterDestroy(ClusterUnit[opcodes.OpClusterDestroy]):
    """Makes sure that nothing is left that anybody could miss; files go when the master is off."""

    HOOKS_PATH = "cluster-destroy"

    def check_prerequisites(self) -> None:
        cluster = self.config.cluster()
        others = [node.name for node in self.config.nodes() if node.name != cluster.master]
        if others:
            text = f"There are still {len(others)} node(s) in this cluster: {', '.join(others)}"
            raise wrong(text)
        left = self.config.instances()
        if left:
            raise wrong(f"There are still {len(left)} instance(s) in this cluster.")

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        return [], [self.config.cluster().master]

    def execute(self) -> str:
        return self.config.cluster().master


class ClusterRename(ClusterUnit[opcodes.OpClusterRename]):
    HOOKS_PATH = "cluster-rename"
    UPDATES_CONFIG = True

    def check_prerequisites(self) -> None:
        self.old_name = self.config.cluster().name
        if self.op.name == self.old_name and not self.job.again:
            text = "Neither the name nor the IP address of the cluster has changed"
            raise errors.OpPrereqError(text, errors.ECODE_INVAL)

    def hook_environment(self) -> dict[str, str]:
        return {"OP_TARGET": self.config.cluster().name, "NEW_NAME": self.op.name}

    def execute(self) -> str:
        changed = self.changed(name=self.op.name)
        self.config.commit([changed], receipt=self.job.receipt(self.op.name))
        return self.op.name


class ClusterRedistConf(ClusterUnit[opcodes.OpClusterRedistConf]):
    """Writes down once more what all candidates have to know: whoever missed it gets it now."""

    def execute(self) -> None:
        found = [self.config.cluster(), *self.config.groups(), *self.config.nodes()]
        self.config.commit(found, receipt=self.job.receipt(None))
