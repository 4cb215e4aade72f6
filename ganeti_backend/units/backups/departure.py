"""The sending side of a move to another cluster: what was agreed on, and sending the disks.

A third party carries what both clusters say to each other; all of it is signed with the secret of
their domain. See `certificates/domain_secret.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.certificates.domain_secret import DomainSecret
from ganeti_backend.errors import wrong
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.instances import systems
from ganeti_backend.units.node_tasks import reporting
from ganeti_backend.units.transfers import problem_of


class Departure:
    """Where the disks of one instance go; OpPrereqError for what is not signed or not there."""

    def __init__(self, unit: base.Unit[opcodes.OpBackupExport], instance: objects.Instance) -> None:
        op = unit.op
        self._unit = unit
        self._instance = instance
        if not op.x509_key_name:
            raise wrong("Missing X509 key name for encryption")
        if not op.destination_x509_ca:
            raise wrong("Missing destination X509 CA")
        secret = DomainSecret(unit.config.cluster().domain_secret)
        self.key = secret.checked_key_name(op.x509_key_name)
        self._trusted = secret.checked_certificate(
            op.destination_x509_ca, problem_of, "destination"
        )
        given = op.target_node if isinstance(op.target_node, list) else []
        if len(given) != len(instance.disks):
            text = f"Received destination information for {len(given)} disks"
            count = len(instance.disks)
            raise wrong(f"{text}, but instance {instance.name} has {count} disks")
        self._places = [secret.checked_place(index, place) for index, place in enumerate(given)]

    def send(self, system: systems.System, *, frozen: bool) -> None:
        """All disks at once, for the other cluster waits for all; OpExecError if one fails."""
        scripts = systems.Scripts(self._unit, self._instance, system)
        sending: list[tuple[int, Callable[[], Any]]] = []
        for index, (host, port, magic) in enumerate(self._places):
            self._unit.job.log(f"Sending disk {index} to {host}:{port}")
            transfer = self._transfer(magic, host=host, port=port)
            order = scripts.sending(index, transfer, frozen=frozen)
            order()
            sending.append((index, order))
        try:
            for index, order in sending:
                percent = reporting(self._unit.job.log, f"disk/{index}")
                scripts.follow(systems.EXPORT, index, order, percent)
                self._unit.job.log(f"Disk {index} finished sending data")
        except errors.GenericError:
            for index, _ in sending:
                scripts.cancel(systems.EXPORT, index)
            raise

    def _transfer(self, magic: str, **place: Any) -> dict[str, Any]:
        key, trusted = self.key, self._trusted
        compress = self._unit.op.compress
        return {"key": key, "trusted": trusted, "magic": magic, "compress": compress, **place}

    def forget_key(self, node: str) -> None:
        """It was for this one move."""
        try:
            self._unit.call(node, calls.TRANSFER_KEY_REMOVE, name=self.key)
        except errors.NodeError as error:
            self._unit.warn(f"{error.message}; the key of this move is void after a day")
