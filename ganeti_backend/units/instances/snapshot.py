"""INSTANCE_SNAPSHOT, our own: keep the content of an instance's disks, bring it back.

Where the file system can share blocks a snapshot costs nothing; elsewhere it is a copy. A running
guest stands still meanwhile, so all disks are of one moment; as after a power cut, what its systems
had not written yet is not there. Only a stopped one can be brought back. A snapshot goes when
the disk goes or the instance is moved. The configuration names a snapshot when all its disks
are kept; what a broken try left has no name there and is taken away.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.configuration.config import new_uuid
from ganeti_backend.disk_templates import TEMPLATES
from ganeti_backend.errors import wrong
from ganeti_backend.node_rpc import calls
from ganeti_backend.opcodes.disks import SNAPSHOT_CREATE, SNAPSHOT_REVERT
from ganeti_backend.units import base
from ganeti_backend.units.instances import disks
from ganeti_backend.units.instances.base import InstanceUnit
from ganeti_backend.units.node_tasks import Attention, NodeTask, reporting

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class InstanceSnapshot(InstanceUnit[opcodes.OpInstanceSnapshot]):
    HOOKS_PATH = "instance-snapshot"

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        name, template = self.op.snapshot_name, self.instance.disk_template
        if not NAME.fullmatch(name):
            raise wrong(f"Invalid snapshot name '{name}'")
        if not self.instance.disks or not TEMPLATES[template].in_files:
            raise wrong(f"Instance's disk layout '{template}' does not support snapshots")
        base.online_node(self.config, self.node)
        known = name in self.instance.snapshots
        if self.op.action == SNAPSHOT_CREATE and known:
            text = f"Instance {self.instance.name} already has a snapshot '{name}'"
            raise errors.OpPrereqError(text, errors.ECODE_EXISTS)
        if self.op.action != SNAPSHOT_CREATE and not known:
            text = f"Instance {self.instance.name} has no snapshot '{name}'"
            raise errors.OpPrereqError(text, errors.ECODE_NOENT)
        if self.op.action == SNAPSHOT_REVERT:
            self._check_stopped()

    def _check_stopped(self) -> None:
        disks.require_down(self.instance, f"cannot {self.op.action} a snapshot")
        if disks.running(self, self.instance):
            text = f"Instance {self.instance.name} is running, cannot {self.op.action} a snapshot"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)

    def hook_environment(self) -> dict[str, str]:
        found = super().hook_environment()
        return {**found, "ACTION": self.op.action, "SNAPSHOT": self.op.snapshot_name}

    def execute(self) -> None:
        if self.op.action == SNAPSHOT_CREATE:
            self._create()
        elif self.op.action == SNAPSHOT_REVERT:
            for disk in self._kept():
                self._task(disk, SNAPSHOT_REVERT)
            self.config.commit(receipt=self.job.receipt(None))
        else:
            kept = self._kept()
            self._store({n: s for n, s in self.instance.snapshots.items() if n != self._name})
            self._drop(kept)

    @property
    def _name(self) -> str:
        return self.op.snapshot_name

    def _kept(self) -> list[objects.Disk]:
        """The snapshot's disks, as far as the instance still has them."""
        uuids = self.instance.snapshots[self._name]["disks"]
        return [disk for disk in self.instance.disks if disk.uuid in uuids]

    def _create(self) -> None:
        self._drop(self.instance.disks)
        try:
            self._task(self.instance.disks[0], SNAPSHOT_CREATE, self.instance.disks[1:])
            uuids = [disk.uuid for disk in self.instance.disks]
            entry = {"ctime": self.config.now(), "disks": uuids}
            self._store({**self.instance.snapshots, self._name: entry})
        except errors.GenericError:
            if not self.reach.stop.is_set():
                self.abandon()
            raise

    def abandon(self) -> None:
        found = self.config.instance(self.name)
        if found is None or self._name in found.snapshots or self.op.action != SNAPSHOT_CREATE:
            return
        self.instance = found
        try:
            self._drop(found.disks)
        except errors.NodeError as error:
            self.warn(f"{error.message}; a part of the snapshot stays until the disk goes")

    def _store(self, snapshots: dict[str, Any]) -> None:
        self.instance = self.change(snapshots=snapshots)
        self.config.commit([self.instance], receipt=self.job.receipt(None))

    def _drop(self, kept: Any) -> None:
        for disk in kept:
            payload = disk.to_dict()
            self.call(self.node, calls.DISK_SNAPSHOT_REMOVE, disk=payload, name=self._name)

    def _task(self, disk: objects.Disk, action: str, others: Sequence[objects.Disk] = ()) -> None:
        what = f"{action} snapshot {self._name} of {self.instance.name}"
        order = partial(
            self.call,
            self.node,
            calls.DISK_SNAPSHOT,
            task_id=f"{action}-{new_uuid()}",
            disk=disk.to_dict(),
            action=action,
            name=self._name,
            others=[other.to_dict() for other in others],
            guest=self.instance.name if action == SNAPSHOT_CREATE else None,
        )
        attention = Attention(percent=reporting(self.job.log, what))
        NodeTask(self.reach, self.node, what, order, attention).run()
