"""INSTANCE_RECREATE_DISKS: empty disks instead of lost ones, on the same nodes or on others.

A disk that is still there is never touched: the opcode fails. Old nodes are usually dead: what they
have of the disks is written down and removed when they are back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.disk_templates import TEMPLATES
from ganeti_backend.errors import wrong
from ganeti_backend.iallocator.question import Wish
from ganeti_backend.locks import ALL, Level, Mode
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base, debris, placement
from ganeti_backend.units.instances import disk_parameters, disks
from ganeti_backend.units.instances.base import InstanceUnit
from ganeti_backend.units.instances.parameters import size_in_mib

CHANGEABLE = ("size", "mode", "spindles")


class InstanceRecreateDisks(InstanceUnit[opcodes.OpInstanceRecreateDisks]):
    HOOKS_PATH = "instance-recreate-disks"

    new: objects.Instance
    wanted: list[objects.Disk]

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.NODE and (self.op.nodes or self.op.iallocator):
            return {ALL: base.SHARED}
        return super().locks(level)

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        if self.op.iallocator and self.op.nodes:
            raise wrong("Give either the iallocator or the new nodes, not both")
        if not self.instance.disks:
            raise wrong(f"Instance '{self.instance.name}' has no disks")
        changes = self._changes()
        nodes = self._nodes(changes)
        self._check_state(nodes)
        new = [
            changed(disk, changes[index]) if index in changes else disk
            for index, disk in enumerate(self.instance.disks)
        ]
        self.wanted = [new[index] for index in sorted(changes)]
        self.new = self.instance.replace(
            primary_node=nodes[0],
            secondary_node=nodes[1] if len(nodes) > 1 else None,
            disks=tuple(new),
            snapshots={} if nodes != self.instance.nodes else self.instance.snapshots,
        )

    def _changes(self) -> dict[int, dict[str, Any]]:
        """By index, what is to be different; all disks if none is named."""
        given = self.op.disks or range(len(self.instance.disks))
        found: dict[int, dict[str, Any]] = {}
        for item in given:
            index, values = item if isinstance(item, (list, tuple)) else (item, {})
            if index >= len(self.instance.disks):
                raise wrong(f"Invalid disk index '{index}'")
            if index in found:
                raise wrong(f"Some disks have been specified more than once: [{index}]")
            found[index] = values
        return found

    def _nodes(self, changes: Mapping[int, Any]) -> tuple[str, ...]:
        if not self.op.nodes and not self.op.iallocator:
            return self.instance.nodes
        if len(changes) < len(self.instance.disks):
            raise wrong("Can't recreate disks partially and change the nodes at the same time")
        needed = TEMPLATES[self.instance.disk_template].nodes
        if self.op.iallocator:
            return self._allocated(needed)
        nodes = [base.online_node(self.config, name) for name in self.op.nodes]
        if len(nodes) != needed:
            raise wrong(
                f"Instance {self.instance.name} currently has {needed} nodes, but "
                f"{len(nodes)} replacement nodes were specified"
            )
        return tuple(node.name for node in nodes)

    def _allocated(self, needed: int) -> tuple[str, ...]:
        instance, config = self.instance, self.config
        home = base.find_node(config, self.node).group
        nodes = [node for node in config.nodes() if node.group == home and not node.offline]
        filled = config.cluster().fill_beparams(instance.beparams)
        wish = Wish(
            name=instance.name,
            disk_template=instance.disk_template,
            memory=int(filled["maxmem"]),
            vcpus=int(filled["vcpus"]),
            spindle_use=int(filled["spindle_use"]),
            disks=[disk.to_dict() for disk in instance.disks],
            nics=[],
            tags=instance.tags,
            os=instance.os,
            hypervisor=instance.hypervisor,
            group_name=None,
        )
        return placement.allocate(self, wish, nodes, self.op.iallocator)

    def _check_state(self, nodes: tuple[str, ...]) -> None:
        """An instance whose node is gone may be said to run and cannot."""
        old = base.find_node(self.config, self.node)
        if old.offline and nodes != self.instance.nodes:
            return
        base.online_node(self.config, self.node)
        disks.require_down(self.instance, "cannot recreate disks")

    def _check_missing(self) -> None:
        for disk in self.wanted:
            for node in disks.holders(self.new, disk):
                if self.call(node, calls.DISK_STATUS, disk=disk.to_dict()) is not None:
                    raise errors.OpExecError(
                        f"Disk {disk.name or disk.uuid} of instance {self.name} is on node {node}; "
                        "only missing disks can be recreated"
                    )

    def execute(self) -> None:
        nodes = (*self.new.nodes, *self.instance.nodes)
        debris.finish_earlier(self)
        if not self.job.again:
            self._check_missing()
        left = debris.of_unit(self, self.wanted, self.instance, *nodes)
        self.config.commit(pending=left)
        with debris.taken_back(self, left):
            made = disks.make(self, self.new, self.wanted)
            self.new = self.new.replace(disks=disks.by_uuid(self.new.disks, made))
            disks.activate(self, self.new, made)
            disks.wait_for_sync(self, self.new, list(made))
            disks.deactivate(self, self.new, made)
            self.instance = self.new.touched(self.config.now())
            self.config.commit([self.instance], receipt=self.job.receipt(None))
        debris.clear_or_warn(self, left)


def changed(disk: objects.Disk, values: Mapping[str, Any]) -> objects.Disk:
    unknown = sorted(set(values) - set(CHANGEABLE))
    if unknown:
        raise errors.OpPrereqError(
            f"Disk parameter '{unknown[0]}' cannot be changed by recreating", errors.ECODE_INVAL
        )
    return replace(
        disk,
        size=size_in_mib(values.get("size", disk.size)),
        mode=disk_parameters.mode_of(values.get("mode", disk.mode)),
        spindles=disk_parameters.spindles_of(values.get("spindles", disk.spindles)),
    )
