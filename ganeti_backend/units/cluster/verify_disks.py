"""GROUP_VERIFY_DISKS and CLUSTER_REPAIR_DISK_SIZES: disks that are not as they are written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ganeti_backend import objects, opcodes
from ganeti_backend.disk_templates import TEMPLATES
from ganeti_backend.locks import Level, Mode
from ganeti_backend.units import base
from ganeti_backend.units.cluster import disk_looks
from ganeti_backend.units.groups.base import GroupVerification
from ganeti_backend.units.nodes.base import online


class GroupVerifyDisks(GroupVerification[opcodes.OpGroupVerifyDisks]):
    """The result: errors by node, instances whose disks must be activated, what is missing."""

    def execute(self) -> list[Any]:
        held = self.job.granted(Level.INSTANCE)
        wanted = [item for item in self.instances() if item.name in held]
        up = [item for item in wanted if item.admin_state == objects.ADMIN_UP]
        nodes = online([node.name for node in self.nodes()], self.config)
        silent: dict[str, str] = {}
        inactive: set[str] = set()
        missing: dict[str, list[list[str]]] = {}
        for look in disk_looks.look(self, up, nodes):
            name, template = look.instance.name, TEMPLATES[look.disk.template]
            if look.error is not None:
                silent[look.node] = look.error
            elif look.status is None:
                missing.setdefault(name, []).append([look.node, look.disk.path or look.disk.uuid])
            elif template.assembled and look.status["degraded"]:
                inactive.add(name)
        return [silent, sorted(inactive), missing]


class ClusterRepairDiskSizes(base.Unit[opcodes.OpClusterRepairDiskSizes]):
    """The result lists what was changed: [instance, disk's index, "size", new size]."""

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level != Level.INSTANCE:
            return {}
        known = (self.config.instance(name) for name in self.op.instances)
        named = [instance for instance in known if instance is not None]
        wanted = named if self.op.instances else self.config.instances()
        return dict.fromkeys((item.name for item in wanted), base.EXCLUSIVE)

    def check_prerequisites(self) -> None:
        for name in self.op.instances:
            base.find_instance(self.config, name)
        held = (self.config.instance(name) for name in sorted(self.job.granted(Level.INSTANCE)))
        self.instances = [instance for instance in held if instance is not None]

    def execute(self) -> list[list[Any]]:
        nodes = online([node.name for node in self.config.nodes()], self.config)
        looks = disk_looks.look(self, self.instances, nodes)
        changes: list[list[Any]] = []
        after = {instance.name: instance for instance in self.instances}
        for look in looks:
            name, index = look.instance.name, look.index
            if look.node != look.instance.primary_node:
                continue
            if look.error is not None or look.status is None:
                reason = look.error or "there is no such disk"
                self.warn(f"Disk {index} of instance {name} cannot be looked at: {reason}")
                continue
            size = int(look.status["size"])
            if size != look.disk.size:
                self.info(f"Disk {index} of instance {name}: {look.disk.size} MiB, really {size}")
                changes.append([name, index, "size", size])
                after[name] = _resized(after[name], index, size)
        changed = [after[name] for name in dict.fromkeys(row[0] for row in changes)]
        now = self.config.now()
        stored = [item.touched(now) for item in changed]
        self.config.commit(stored, receipt=self.job.receipt(changes))
        return changes


def _resized(instance: objects.Instance, index: int, size: int) -> objects.Instance:
    disks = list(instance.disks)
    disks[index] = replace(disks[index], size=size)
    return instance.replace(disks=tuple(disks))
