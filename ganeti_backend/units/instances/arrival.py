"""The receiving side of a move from another cluster: what was agreed on, and taking the disks."""

from __future__ import annotations

import secrets
import time
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.certificates.domain_secret import DomainSecret
from ganeti_backend.errors import wrong
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.instances import systems
from ganeti_backend.units.transfers import COMPRESSIONS, key_name, problem_of

REMOTE_IMPORT = "remote-import"  # The mode, and the kind of the log entry.
# What receivers of ours begin their words with: that they say when they have it for good.
ACKNOWLEDGES = "ack-"
CONNECT_SECONDS = 180.0
LISTENING_SECONDS = 60.0
LONGEST_LOOK = 0.5
PAUSE = 0.02

Op = opcodes.OpInstanceCreate
Status = dict[str, Any]


class Arrival:
    """One instance that comes from another cluster; OpPrereqError for what is not agreed on."""

    def __init__(self, unit: base.Unit[Op]) -> None:
        op = unit.op
        self._unit = unit
        if not op.source_handshake:
            raise wrong("Missing source handshake")
        if not op.source_instance_name:
            raise wrong("Missing source instance name")
        if not op.source_x509_ca:
            raise wrong("Missing source X509 CA")
        if op.compress not in COMPRESSIONS:
            raise wrong(f"Compression tool '{op.compress}' is not allowed")
        self._name = op.source_instance_name
        self._secret = DomainSecret(unit.config.cluster().domain_secret)
        self._secret.check_handshake(op.source_handshake)
        self._trusted = self._secret.checked_certificate(op.source_x509_ca, problem_of, "source")
        self._tasks: list[str] = []
        self._words: list[str] = []
        self._node = ""

    def receive(self, instance: objects.Instance, system: systems.System) -> None:
        """Say where the disks are awaited, and take them; OpExecError if one does not come.

        The other cluster is not told that they are kept before `keep`.
        """
        unit, self._node = self._unit, instance.primary_node
        unit.job.log("* preparing remote import...")
        key = key_name(unit)
        certificate = unit.call(self._node, calls.TRANSFER_KEY, name=key)["certificate"]
        scripts = systems.Scripts(unit, instance, system)
        self._tasks = [self._listen(scripts, index, key) for index in range(len(instance.disks))]
        try:
            self._announce(certificate)
            for index in range(len(self._tasks)):
                self._wait(index, "received", float("inf"))
                unit.job.log(f"Disk {index} finished receiving data")
        except errors.GenericError:
            self.cancel()
            raise
        if self._name != instance.name:
            try:
                unit.job.log(f"Running rename script for {instance.name}")
                scripts.rename(self._name)
            except errors.OpExecError as error:
                unit.warn(error.message)

    def _listen(self, scripts: systems.Scripts, index: int, key: str) -> str:
        word = ACKNOWLEDGES + secrets.token_hex(16)
        patience = CONNECT_SECONDS + self._unit.op.source_shutdown_timeout
        transfer = {
            "key": key, "trusted": self._trusted, "magic": word,
            "compress": self._unit.op.compress, "patience": patience,
        }  # fmt: skip
        self._words.append(word)
        return str(scripts.receiving(index, transfer)()["task"])

    def _announce(self, certificate: str) -> None:
        """The log entry that whoever moves the instance waits for."""
        place = self._unit.reach.places.find(self._node)
        host = place[0] if place is not None else self._node
        disks = []
        for index, word in enumerate(self._words):
            port = int(self._wait(index, "port", LISTENING_SECONDS)["port"])
            self._unit.job.log(f"Disk {index} is now listening")
            disks.append(self._secret.place(index, host, port, word))
        signed = self._secret.certificate(certificate)
        self._unit.job.tell(REMOTE_IMPORT, {"disks": disks, "x509_ca": signed})

    def _wait(self, index: int, what: str, patience: float) -> Status:
        """Until a task's status says this."""
        task, percent, deadline = self._tasks[index], -1, time.monotonic() + patience
        while True:
            status = self._status(index, task, percent)
            if status["state"] == "failed":
                text = f"Disk {index} failed to receive data: {status['message']}"
                raise errors.OpExecError(text)
            if what in status:
                return status
            if time.monotonic() > deadline:
                raise errors.OpExecError(f"Disk {index} could not be listened for")
            percent = int(status["percent"])
            if self._unit.reach.stop.wait(PAUSE):
                raise errors.OpExecError("The master stops before all disks have arrived")
            self._unit.job.check_canceled()

    def _status(self, index: int, task: str, percent: int) -> Status:
        try:
            found: Status = self._unit.call(
                self._node, calls.TASK_STATUS, task_id=task, wait=LONGEST_LOOK, percent=percent
            )
        except errors.NodeCallError as error:
            # What had come before its daemon was killed is lost, and nobody sends it again.
            text = f"Node {self._node} lost what it had received of disk {index}"
            raise errors.OpExecError(text) from error
        return found

    def keep(self) -> None:
        """The instance is stored: the other cluster may delete its own."""
        for index, task in enumerate(self._tasks):
            try:
                self._unit.call(self._node, calls.TRANSFER_KEEP, task_id=task)
            except errors.NodeError as error:
                text = f"The other cluster was not told that disk {index} arrived"
                self._unit.warn(f"{text}, and keeps its own: {error.message}")
        self._tasks = []
        self._forget_key()

    def cancel(self) -> None:
        for task in self._tasks:
            try:
                self._unit.call(self._node, calls.TASK_CANCEL, task_id=task)
            except errors.NodeError as error:
                self._unit.warn(f"{error.message}; it listens no longer than it was told to")
        self._forget_key()

    def _forget_key(self) -> None:
        try:
            self._unit.call(self._node, calls.TRANSFER_KEY_REMOVE, name=key_name(self._unit))
        except errors.NodeError as error:
            self._unit.warn(f"{error.message}; the key of this move is void after a day")
