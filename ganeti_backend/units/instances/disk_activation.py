"""INSTANCE_ACTIVATE_DISKS and INSTANCE_DEACTIVATE_DISKS: for who looks into disks by hand."""

from __future__ import annotations

from ganeti_backend import errors, opcodes
from ganeti_backend.units import base
from ganeti_backend.units.instances import disks
from ganeti_backend.units.instances.base import InstanceUnit


class InstanceActivateDisks(InstanceUnit[opcodes.OpInstanceActivateDisks]):
    """The result says where each disk is: [node, disk/0, path]. It has no hooks, as in Ganeti."""

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        base.online_node(self.config, self.node)

    def execute(self) -> list[list[str]]:
        found = disks.activate(self, self.instance)
        if self.op.wait_for_sync and not disks.wait_for_sync(self, self.instance):
            raise errors.OpExecError("Some disks of the instance are degraded!")
        return found


class InstanceDeactivateDisks(InstanceUnit[opcodes.OpInstanceDeactivateDisks]):
    """A guest that runs keeps its disks, unless it is forced to do without."""

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        if self.op.force:
            return
        base.online_node(self.config, self.node)
        disks.require_down(self.instance, "cannot shutdown disks")
        if disks.running(self, self.instance):
            text = f"Instance {self.instance.name} is running, cannot shutdown disks"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)

    def execute(self) -> None:
        disks.deactivate(self, self.instance)
