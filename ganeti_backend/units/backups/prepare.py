"""BACKUP_PREPARE: what has to be known before an export. A local one needs nothing.

A remote one needs a key, which stays on the instance's node, and what the other cluster is to
believe us by.
"""

from __future__ import annotations

from typing import Any

from ganeti_backend import opcodes
from ganeti_backend.certificates.domain_secret import DomainSecret
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.instances.base import InstanceUnit
from ganeti_backend.units.transfers import key_name


class BackupPrepare(InstanceUnit[opcodes.OpBackupPrepare]):
    secret: DomainSecret

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        base.online_node(self.config, self.node)
        if self.op.mode == "remote":
            self.secret = DomainSecret(self.config.cluster().domain_secret)

    def execute(self) -> dict[str, Any] | None:
        if self.op.mode != "remote":
            return None
        self.job.log(f"Generating X509 certificate on {self.node}")
        name = key_name(self)
        pem = self.call(self.node, calls.TRANSFER_KEY, name=name)["certificate"]
        return {
            "handshake": self.secret.handshake(),
            "x509_key_name": self.secret.key_name(name),
            "x509_ca": self.secret.certificate(pem),
        }
