"""INSTANCE_MOVE: an instance whose disks only its node has goes to another one; they are copied.

The instance stands still meanwhile. Disks on a node that the configuration does not name are
written down as debris before the first is made, so whatever cuts the move short leaves none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.configuration.config import Debris
from ganeti_backend.disk_templates import TEMPLATES, Reach
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base, debris
from ganeti_backend.units.instances import disks, seeds
from ganeti_backend.units.instances.going import GoingUnit

COMPRESSIONS = ("none", "gzip", "gzip-fast", "gzip-slow", "lzop")
LONGEST_LOOK = 0.5
PERCENT_STEP = 10


class InstanceMove(GoingUnit[opcodes.OpInstanceMove]):
    HOOKS_PATH = "instance-move"
    DOING = "move"

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        self.moved = self._moved_before()
        if self.moved:
            return
        debris.finish_earlier(self)
        template = self.instance.disk_template
        if TEMPLATES[template].reach not in (Reach.LOCAL, Reach.NOTHING):
            text = f"Instance disk template '{template}' cannot be copied, migrate it instead"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        if self.op.compress not in COMPRESSIONS:
            known = ", ".join(COMPRESSIONS)
            text = f"Unknown compression '{self.op.compress}', known are {known}"
            raise errors.OpPrereqError(text, errors.ECODE_INVAL)
        if self.source_offline():
            base.online_node(self.config, self.instance.primary_node)
        self.choose_target(holds_disks=True)

    def _mine(self) -> Debris | None:
        key = f"{self.job.job_id}/{self.job.op_index}"
        return next((item for item in self.config.debris() if item.key == key), None)

    def _moved_before(self) -> bool:
        """Whether the master was cut off when all but the start was done."""
        left, wished = self._mine(), self.wished()
        if left is None or self.instance.primary_node != wished:
            return False
        others = [node for node in left.nodes if node != wished]
        self.source, self.target = (others or [wished])[0], wished
        return True

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        return self.everywhere, self.everywhere

    def hook_environment(self) -> dict[str, str]:
        return {
            **super().hook_environment(),
            "TARGET_NODE": self.target,
            "SHUTDOWN_TIMEOUT": str(self.op.shutdown_timeout),
            "COMPRESS": self.op.compress,
            "IGNORE_CONSISTENCY": str(self.op.ignore_consistency),
        }

    def execute(self) -> None:
        if not self.moved:
            self.left = self.instance.left_behind
            self._stop()
            self._take_disks()
        self._start()
        left = self._mine()
        if left is not None:
            debris.clear_or_warn(self, left)
        self.config.commit(receipt=self.job.receipt(None))

    def _stop(self) -> None:
        self.job.log(f"Shutting down instance {self.name} on source node {self.source}")
        timeout = self.op.shutdown_timeout
        try:
            self.call(
                self.source,
                calls.INSTANCE_SHUTDOWN,
                name=self.name,
                timeout=timeout,
                force=timeout == 0,
            )
        except errors.NodeError as error:
            if not self.op.ignore_consistency:
                raise
            self.warn(f"{error.message}; going on because consistency is ignored")
            self.left = (*self.left, self.source)
        else:
            disks.activate(self, self.instance)  # To be read while the guest stands still.

    def _take_disks(self) -> None:
        disks_now, nodes = self.instance.disks, (self.source, self.target)
        record = debris.of_unit(self, disks_now, self.instance, *nodes)
        self.config.commit(pending=record)
        try:
            made = tuple(self._take(index, disk) for index, disk in enumerate(self.instance.disks))
        except errors.GenericError:
            if not self.reach.stop.is_set():
                self._bring_back(record)
            raise
        left = tuple(dict.fromkeys(self.left))
        self.instance = self.change(
            primary_node=self.target, disks=made, left_behind=left, snapshots={}
        )
        self.config.commit([self.instance])

    def _take(self, index: int, disk: objects.Disk) -> objects.Disk:
        self.job.log(f"Copying data for disk {index} to {self.target}")
        payload = disk.to_dict()
        answer = self.call(self.target, calls.DISK_CREATE, instance_name=self.name, disk=payload)
        address, port = self.reach.places.find(self.target) or ("", 0)
        task = f"move-{self.job.job_id}-{disk.uuid}"
        self.call(
            self.source,
            calls.DISK_COPY,
            task_id=task,
            disk=payload,
            peer={"name": self.target, "address": address, "port": port},
            compress=self.op.compress,
        )
        self._follow(task, index)
        return dataclasses.replace(disk, path=answer["path"])

    def _follow(self, task: str, index: int) -> None:
        percent = shown = 0
        while True:
            found: dict[str, Any] = self.call(
                self.source, calls.TASK_STATUS, task_id=task, wait=LONGEST_LOOK, percent=percent
            )
            if found["state"] == "failed":
                raise errors.OpExecError(f"Could not copy disk {index}: {found['message']}")
            if found["state"] == "done":
                return
            percent = int(found["percent"])
            if percent >= shown + PERCENT_STEP:
                shown = percent
                self.job.log(f"Disk {index}: {percent}% copied")
            if self.reach.stop.is_set():
                raise errors.OpExecError("The master stops")

    def _bring_back(self, record: Debris) -> None:
        """Start it where it was and remove what the target has, now or later."""
        try:
            self._start()
        except errors.NodeError as error:
            self.warn(error.message)
        debris.clear_or_warn(self, record)

    def _start(self) -> None:
        if self.instance.admin_state != objects.ADMIN_UP:
            return
        node = self.instance.primary_node
        self.job.log(f"Starting instance {self.name} on node {node}")
        disks.activate(self, self.instance)
        seeds.restore(self, self.instance, node)
        self.call(node, calls.INSTANCE_START, instance=self.payload())
