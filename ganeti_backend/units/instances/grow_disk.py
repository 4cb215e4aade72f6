"""INSTANCE_GROW_DISK: more room on one disk; a running guest is told the new size.

Each node is asked to let the disk have a certain size, so asking twice does no harm. A disk cannot
shrink: if the second node of a mirrored one fails, the first keeps the room for the next try.
"""

from __future__ import annotations

from dataclasses import replace

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.disk_templates import TEMPLATES, Reach
from ganeti_backend.errors import wrong
from ganeti_backend.node_rpc import calls
from ganeti_backend.units.instances import disks, room
from ganeti_backend.units.instances.base import InstanceUnit


class InstanceGrowDisk(InstanceUnit[opcodes.OpInstanceGrowDisk]):
    HOOKS_PATH = "disk-grow"

    disk: objects.Disk
    delta: int = 0

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        template = self.instance.disk_template
        if TEMPLATES[template].reach is Reach.NOTHING:
            raise wrong(f"Instance's disk layout '{template}' does not support growing")
        self.disk = disks.find(self.instance, self.op.disk)
        self.delta = self._delta()
        room.reserve_here(self, self.instance, 0, self.delta)

    def _delta(self) -> int:
        if not self.op.absolute:
            return self.op.amount
        if self.op.amount < self.disk.size:
            text = (
                f"Requested size ({self.op.amount}) is smaller than current disk size "
                f"({self.disk.size})"
            )
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        return self.op.amount - self.disk.size

    def hook_environment(self) -> dict[str, str]:
        return {
            **super().hook_environment(),
            "DISK": str(self.op.disk),
            "AMOUNT": str(self.op.amount),
            "ABSOLUTE": str(self.op.absolute),
        }

    def execute(self) -> None:
        size = self.disk.size + self.delta
        self.job.log(
            f"Growing disk {self.op.disk} of instance '{self.instance.name}' by "
            f"{self.delta}M to {size}M"
        )
        disks.activate(self, self.instance, [self.disk])
        # The other copy first: the primary one grows when both have the room.
        for node in reversed(disks.holders(self.instance, self.disk)):
            self.call(node, calls.DISK_GROW, disk=self.disk.to_dict(), amount=self.delta)
        grown = replace(self.disk, size=size)
        self.instance = self.change(disks=disks.by_uuid(self.instance.disks, [grown]))
        self.config.commit([self.instance], receipt=self.job.receipt(None))
        if self.op.wait_for_sync and not disks.wait_for_sync(self, self.instance, [grown]):
            self.warn("Disk syncing has not returned a good status; check the instance")
        if self.instance.admin_state != objects.ADMIN_UP:
            disks.deactivate(self, self.instance, [grown])
