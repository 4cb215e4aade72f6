"""BACKUP_REMOVE: remove the exports of an instance, which itself may be gone, from all nodes."""

from __future__ import annotations

from collections.abc import Mapping

from ganeti_backend import opcodes
from ganeti_backend.locks import ALL, Level, Mode
from ganeti_backend.units import base, export_folders
from ganeti_backend.units.instances.naming import check_name


class BackupRemove(base.Unit[opcodes.OpBackupRemove]):
    OBJECT_TYPE = "INSTANCE"

    @property
    def name(self) -> str:
        found = self.config.instance(self.op.instance_uuid or self.op.instance_name)
        return found.name if found is not None else self.op.instance_name

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.INSTANCE:
            return {self.name: base.EXCLUSIVE}
        if level == Level.NODE:
            return {ALL: base.SHARED}
        return {}

    def check_prerequisites(self) -> None:
        check_name(self.name)

    def execute(self) -> None:
        if not export_folders.remove(self, self.name, export_folders.online(self.config)):
            self.job.log(
                "Export not found. If trying to remove an export for a deleted instance please use"
                " its Fully Qualified Domain Name."
            )
