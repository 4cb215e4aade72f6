"""BACKUP_PREPARE: what has to be known before an export. A local one needs nothing."""

from __future__ import annotations

from ganeti_backend import opcodes
from ganeti_backend.units import base
from ganeti_backend.units.instances.base import InstanceUnit
from ganeti_backend.units.instances.parameters import wrong


class BackupPrepare(InstanceUnit[opcodes.OpBackupPrepare]):
    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        base.online_node(self.config, self.node)
        if self.op.mode != "local":
            raise wrong("Exports to other clusters are not supported, only mode 'local' is")

    def execute(self) -> None:
        return None
