"""Base of units about the cluster as a whole: its lock, and hooks on the master."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from ganeti_backend import objects, opcodes
from ganeti_backend.locks import Level, Mode
from ganeti_backend.units import base

AnyOp = TypeVar("AnyOp", bound=opcodes.OpCode)
CLUSTER = "cluster"  # The lock of what the cluster itself is.


class ClusterUnit(base.Unit[AnyOp]):
    OBJECT_TYPE = "CLUSTER"

    def locks(self, level: Level) -> Mapping[str, Mode]:
        return {CLUSTER: base.EXCLUSIVE} if level == Level.CLUSTER else {}

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        master = [self.config.cluster().master]
        return master, master

    def hook_environment(self) -> dict[str, str]:
        return {"OP_TARGET": self.config.cluster().name}

    def resumed(self) -> bool:
        return True

    def changed(self, **changes: object) -> objects.Cluster:
        """The cluster as it is now, with these changes; not stored yet."""
        return self.config.cluster().touched(self.config.now(), **changes)
