"""INSTANCE_SAVE_DISK, our own: what a disk holds becomes an image, a file of the images' folder.

A running guest stands still while its disk is copied, with all that it wrote in it; what its system
had not written yet is not there, as after a power cut. The file is there when it is complete, or
not at all. The result says how long it is and what its sums are, as image services want to know,
unless nobody asks for them: they take longer than copying the data of a disk that is mostly holes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.errors import wrong
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.instances import disks
from ganeti_backend.units.instances.base import InstanceUnit
from ganeti_backend.units.node_tasks import Attention, NodeTask, reporting

STALLED_AFTER = 600.0


class InstanceSaveDisk(InstanceUnit[opcodes.OpInstanceSaveDisk]):
    HOOKS_PATH = "instance-save-disk"

    disk: objects.Disk

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        base.online_node(self.config, self.node)
        self.disk = self._found()

    def _found(self) -> objects.Disk:
        """By its name, its uuid or its index."""
        wanted = self.op.disk
        for disk in self.instance.disks:
            if wanted in {disk.name, disk.uuid}:
                return disk
        if not (wanted.isascii() and wanted.isdigit()):
            raise wrong(f"Instance {self.instance.name} has no disk '{wanted}'")
        return disks.find(self.instance, int(wanted))

    def hook_environment(self) -> dict[str, str]:
        return {**super().hook_environment(), "DISK": self.op.disk, "FILE": self.op.file}

    def execute(self) -> Any:
        runs = disks.running(self, self.instance)
        if not runs:
            disks.activate(self, self.instance, [self.disk])
        try:
            self._save(self.instance.name if runs else None)
        finally:
            if not runs:
                disks.deactivate(self, self.instance, [self.disk])
        return self._sums() if self.op.sums else {}

    def _sums(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self.call(self.node, calls.IMAGE_SUMS, file=self.op.file)
        except errors.NodeError as error:
            raise errors.OpExecError(f"The image cannot be read: {error.message}") from error
        return found

    def _save(self, guest: str | None) -> None:
        what = f"the saving of disk {self.disk.name or self.disk.uuid}"

        def order() -> Mapping[str, Any]:
            answer = self.call(
                self.node,
                calls.DISK_SAVE,
                task_id=f"image-{self.disk.uuid}-{self.job.job_id}-{self.job.op_index}",
                disk=self.disk.to_dict(),
                file=self.op.file,
                guest=guest,
            )
            return dict(answer)

        attention = Attention(reporting(self.info, what), self.job.check_canceled, STALLED_AFTER)
        NodeTask(self.reach, self.node, what, order, attention).run()
