"""Another disk template for a stopped instance; a part of INSTANCE_SET_PARAMS.

Between plain and drbd the disks stay where they are, and only the second copy comes or goes. Any
other way is a copy on the primary node into new disks; the old ones go when the configuration names
the new ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.configuration.config import Debris, new_uuid
from ganeti_backend.disk_templates import TEMPLATES, Reach
from ganeti_backend.errors import wrong
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base, debris
from ganeti_backend.units.instances import disk_parameters, disks
from ganeti_backend.units.instances.disk_parameters import FREE_FORM
from ganeti_backend.units.node_tasks import Attention, NodeTask, reporting

PLAIN, DRBD = "plain", "drbd"
IN_PLACE = {(PLAIN, DRBD), (DRBD, PLAIN)}


class Conversion:
    """One conversion, from the check of the order to the moment before it is stored."""

    def __init__(
        self, unit: base.Unit[opcodes.OpInstanceSetParams], instance: objects.Instance
    ) -> None:
        self._unit = unit
        self._old = instance
        self.template = str(unit.op.disk_template)
        self._check()
        self.in_place = (instance.disk_template, self.template) in IN_PLACE
        self.new = self._converted()

    def _check(self) -> None:
        unit, before, after = self._unit, self._old.disk_template, self.template
        cluster = unit.config.cluster()
        if after == before:
            raise wrong(f"Instance already has disk template {before}")
        if after not in cluster.enabled_disk_templates:
            enabled = ", ".join(cluster.enabled_disk_templates)
            raise wrong(f"Disk template '{after}' is not enabled, enabled are: {enabled}")
        if unit.op.disks:
            text = "Disk template conversion and other disk changes not supported at the same time"
            raise wrong(text)
        mirrored = Reach.MIRRORED in (TEMPLATES[before].reach, TEMPLATES[after].reach)
        nothing = Reach.NOTHING in (TEMPLATES[before].reach, TEMPLATES[after].reach)
        if nothing or (mirrored and (before, after) not in IN_PLACE):
            raise wrong(f"Unsupported disk template conversion from {before} to {after}")
        if self._old.snapshots:
            text = f"Instance {self._old.name} has snapshots, which its new disks would not have"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        disks.require_down(self._old, "cannot change disk template")
        self.params = dict(unit.op.ext_params) if after == FREE_FORM else {}
        disk_parameters.check_provider(after, unit.op.ext_params)
        self.secondary = self._secondary() if after == DRBD else None

    def _secondary(self) -> str:
        op, config = self._unit.op, self._unit.config
        named = op.remote_node_uuid or op.remote_node
        if named is None:
            raise wrong(
                "Changing the disk template to a mirrored one requires specifying a secondary node"
            )
        node = base.online_node(config, named)
        if node.name == self._old.primary_node:
            text = (
                f"Given new secondary node {node.name} is the same as the primary node of "
                "the instance"
            )
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        return node.name

    def _converted(self) -> objects.Instance:
        """As it will be; disks that are copied are new ones, with no path yet."""
        made = tuple(
            replace(disk, template=self.template)
            if self.in_place
            else replace(
                disk, template=self.template, uuid=new_uuid(), path=None, params=self.params
            )
            for disk in self._old.disks
        )
        template, secondary = self.template, self.secondary
        return self._old.replace(disk_template=template, secondary_node=secondary, disks=made)

    def demand(self) -> int:
        """The room (MiB) that is taken on the primary node meanwhile."""
        return 0 if self.in_place else sum(disk.size for disk in self._old.disks)

    def record(self) -> Debris:
        """What may be left of either side, wherever it is."""
        if not self.in_place:
            return debris.of_unit(self._unit, [*self._old.disks, *self.new.disks], self._old)
        # On the primary node the disk is there all the time, under the one name or the other.
        mirrored = self.new if self.template == DRBD else self._old
        return debris.of_unit(self._unit, mirrored.disks, self._old, str(mirrored.secondary_node))

    def run(self, undo: ExitStack) -> Sequence[objects.Disk]:
        """Make the new disks and fill them; they have their paths then."""
        if self.in_place:
            return self._in_place(undo)
        unit = self._unit
        made = disks.make(unit, self.new, self.new.disks)
        disks.activate(unit, self._old)
        disks.activate(unit, self.new, made)
        for source, target in zip(self._old.disks, made, strict=True):
            self._copy(source, target)
        disks.deactivate(unit, self._old)
        disks.deactivate(unit, self.new, made)
        return made

    def _copy(self, source: objects.Disk, target: objects.Disk) -> None:
        node, what = self._old.primary_node, f"copy disk {source.name or source.uuid}"
        order = partial(
            self._unit.call,
            node,
            calls.DISK_TRANSFER,
            task_id=f"transfer-{target.uuid}",
            source=source.to_dict(),
            disk=target.to_dict(),
        )
        attention = Attention(percent=reporting(self._unit.job.log, what))
        NodeTask(self._unit.reach, node, what, order, attention).run()

    def _in_place(self, undo: ExitStack) -> Sequence[objects.Disk]:
        unit, node = self._unit, self._old.primary_node
        if unit.job.again:
            self.back()
        if self.secondary is not None:
            for disk in self.new.disks:
                name, payload = self.new.name, disk.to_dict()
                unit.call(self.secondary, calls.DISK_CREATE, instance_name=name, disk=payload)
        else:
            disks.deactivate(unit, self._old)
        undo.callback(self.back)
        made = []
        for old, new in zip(self._old.disks, self.new.disks, strict=True):
            answer = self._turn(node, old, new.template)
            made.append(replace(new, path=answer["path"]))
        if self.secondary is not None:
            disks.activate(unit, self.new)
            if unit.op.wait_for_sync and not disks.wait_for_sync(unit, self.new):
                raise errors.OpExecError(
                    "There are some degraded disks for this instance, please cleanup manually"
                )
            disks.deactivate(unit, self.new)
        return made

    def back(self) -> None:
        """The disks on the primary node get their old template again."""
        try:
            for old, new in zip(self._old.disks, self.new.disks, strict=True):
                looked: Any = self._unit.call(
                    self._old.primary_node, calls.DISK_STATUS, disk=new.to_dict()
                )
                if looked is not None:
                    self._turn(self._old.primary_node, new, old.template)
        except errors.NodeError as error:
            self._unit.warn(f"{error.message}; run the conversion again to mend this")

    def _turn(self, node: str, disk: objects.Disk, template: str) -> dict[str, Any]:
        found: dict[str, Any] = self._unit.call(
            node, calls.DISK_CONVERT, disk=disk.to_dict(), template=template
        )
        return found
