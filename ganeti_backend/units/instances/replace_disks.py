"""INSTANCE_REPLACE_DISKS: new copies of mirrored disks, on the same nodes or on another secondary.

The configuration names a new secondary node when its copies are whole, or before with
`early_release`. Until then the old node counts, and a failure connects the primary to it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.disk_templates import PRIMARY, TEMPLATES, Reach
from ganeti_backend.errors import wrong
from ganeti_backend.locks import ALL, Level, Mode
from ganeti_backend.node_rpc import calls
from ganeti_backend.opcodes.disks import (
    REPLACE_AUTO,
    REPLACE_NEW_SECONDARY,
    REPLACE_PRIMARY,
)
from ganeti_backend.units import base, debris, placement
from ganeti_backend.units.instances import disks
from ganeti_backend.units.instances.base import InstanceUnit


class InstanceReplaceDisks(InstanceUnit[opcodes.OpInstanceReplaceDisks]):
    HOOKS_PATH = "mirrors-replace"

    old_secondary: str = ""
    new_secondary: str | None = None
    wanted: Sequence[objects.Disk] = ()
    where: str | None = None  # The node whose own copies are replaced.

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.NODE and self.op.mode == REPLACE_NEW_SECONDARY:
            return {ALL: base.SHARED}
        return super().locks(level)

    def check_prerequisites(self) -> None:
        self._check_arguments()
        super().check_prerequisites()
        if TEMPLATES[self.instance.disk_template].reach is not Reach.MIRRORED:
            raise wrong("Can only run replace disks for DRBD8-based instances")
        self.old_secondary = self.instance.secondary_node or ""
        base.online_node(self.config, self.node)
        self.wanted = [disks.find(self.instance, index) for index in sorted(set(self.op.disks))]
        self.wanted = self.wanted or self.instance.disks
        if self.op.mode == REPLACE_NEW_SECONDARY:
            self.wanted = self.instance.disks
            self.new_secondary = self._remote_node()
            base.online_node(self.config, self.new_secondary)
            return
        base.online_node(self.config, self.old_secondary)
        if self.op.mode == REPLACE_AUTO:
            self._find_faulty()
        else:
            primary = self.op.mode == REPLACE_PRIMARY
            self.where = self.node if primary else self.old_secondary
        self._check_other_copy()

    def _check_arguments(self) -> None:
        chosen = self.op.remote_node_uuid or self.op.remote_node
        if self.op.mode == REPLACE_NEW_SECONDARY:
            if chosen and self.op.iallocator:
                raise wrong("Give either the iallocator or the new secondary, not both")
        elif chosen or self.op.iallocator:
            raise wrong(
                "The iallocator and new node options can only be used when changing the "
                "secondary node"
            )
        if self.op.mode == REPLACE_AUTO and self.op.disks:
            raise wrong("Cannot specify disks to be replaced")

    def _remote_node(self) -> str:
        named = self.op.remote_node_uuid or self.op.remote_node
        if named is None:
            return placement.new_secondary(self, self.instance, self.op.iallocator)
        name = base.find_node(self.config, named).name
        if name == self.node:
            raise wrong("The specified node is the primary node of the instance")
        if name == self.old_secondary:
            raise wrong("The specified node is already the secondary node of the instance")
        return name

    def _find_faulty(self) -> None:
        faulty = {node: self._faulty(node) for node in (self.node, self.old_secondary)}
        bad = [node for node, found in faulty.items() if found]
        if len(bad) > 1:
            text = (
                f"Instance {self.instance.name} has faulty disks on more than one node "
                "and can not be repaired automatically"
            )
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        self.where = bad[0] if bad else None
        self.wanted = faulty[bad[0]] if bad else []

    def _faulty(self, node: str) -> list[objects.Disk]:
        looks = [(disk, self._look(node, disk)) for disk in self.instance.disks]
        return [disk for disk, look in looks if look is None or not look["complete"]]

    def _look(self, node: str, disk: objects.Disk) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.call(node, calls.DISK_STATUS, disk=disk.to_dict())
        return found

    def _check_other_copy(self) -> None:
        """What is to be copied from must be whole."""
        if self.where is None:
            return
        other = self.old_secondary if self.where == self.node else self.node
        faulty = {disk.uuid for disk in self._faulty(other)}
        if faulty & {disk.uuid for disk in self.wanted}:
            text = (
                f"Node {other} has degraded storage, unsafe to replace disks for instance "
                f"{self.instance.name}"
            )
            raise errors.OpPrereqError(text, errors.ECODE_STATE)

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        nodes = [self.config.cluster().master, self.node]
        nodes = list(dict.fromkeys([*nodes, *([self.new_secondary] if self.new_secondary else [])]))
        return nodes, nodes

    def hook_environment(self) -> dict[str, str]:
        return {
            **super().hook_environment(),
            "MODE": self.op.mode,
            "NEW_SECONDARY": self.new_secondary or "",
            "OLD_SECONDARY": self.old_secondary,
        }

    # Execution.

    def execute(self) -> None:
        if self.new_secondary is not None:
            self._to_new_secondary(self.new_secondary)
        elif self.where is None:
            self.info(f"No disks need replacement for instance '{self.instance.name}'")
        else:
            self._in_place(self.where)
        if self.instance.admin_state != objects.ADMIN_UP:
            disks.deactivate(self, self.instance)

    def _in_place(self, node: str) -> None:
        for disk in self.wanted:
            self.info(f"Replacing disk {disk.uuid} on {node}")
            if node == self.node:
                disks.activate(self, self.instance, [disk])
            self.call(node, calls.DISK_REPLACE, disk=disk.to_dict())
            if node != self.node:
                self._disconnect(disk)
                disks.activate(self, self.instance, [disk])
        if not disks.wait_for_sync(self, self.instance, self.wanted):
            raise errors.OpExecError("Some disks of the instance are degraded!")
        self.config.commit(receipt=self.job.receipt(None))

    def _disconnect(self, disk: objects.Disk) -> None:
        """The primary one forgets its peer, and so copies all to the next one it gets."""
        payload = disk.to_dict()
        self.call(self.node, calls.DISK_ACTIVATE, disk=payload, role=PRIMARY, peer=None)

    def _to_new_secondary(self, target: str) -> None:
        debris.finish_earlier(self)
        before = self.instance
        new = before.replace(secondary_node=target)
        left = debris.of_unit(self, self.wanted, before, target, self.old_secondary)
        self.config.commit(pending=left)
        with debris.taken_back(self, left), ExitStack() as undo:
            undo.callback(self._reconnect, before)
            self._connect(new, target)
            if not self.op.early_release and not disks.wait_for_sync(self, new):
                raise errors.OpExecError("Some disks of the instance are degraded!")
            self.instance = new.touched(self.config.now())
            self.config.commit([self.instance], receipt=self.job.receipt(None))
            undo.pop_all()
        self.info(f"Removing what {self.old_secondary} has of {self.instance.name}")
        debris.clear_or_warn(self, left)
        if self.op.early_release:
            disks.wait_for_sync(self, self.instance)

    def _connect(self, new: objects.Instance, target: str) -> None:
        for disk in self.wanted:
            self.info(f"Adding new local storage on {target} for disk {disk.uuid}")
            payload = disk.to_dict()
            self.call(target, calls.DISK_CREATE, instance_name=new.name, disk=payload)
        old = base.find_node(self.config, self.old_secondary)
        for disk in self.wanted if not old.offline else ():
            try:
                self.call(old.name, calls.DISK_DEACTIVATE, disk=disk.to_dict())
            except errors.NodeError as error:
                self.warn(f"Failed to shutdown the old secondary's disk: {error.message}")
        disks.activate(self, new)

    def _reconnect(self, before: objects.Instance) -> None:
        try:
            disks.activate(self, before, ignore_secondaries=True)
        except errors.NodeError as error:
            self.warn(f"{error.message}; its disks are degraded")
