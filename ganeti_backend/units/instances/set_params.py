"""INSTANCE_SET_PARAMS: parameters, NICs and disks of an instance, its disk template, its nodes.

New values reach a running guest at its next start, except NICs and disks when `hotplug` is asked
for, and `runtime_mem`. A disk is never removed under a running guest: it is unplugged first.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.allocator import Demand
from ganeti_backend.locks import Level, Mode
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base, debris, hook_environment
from ganeti_backend.units.instances import (
    disk_changes,
    disk_parameters,
    disks,
    modifications,
    nic_changes,
    parameters,
    policy,
)
from ganeti_backend.units.instances.base import InstanceUnit
from ganeti_backend.units.instances.nics import NicMaker
from ganeti_backend.units.instances.parameters import wrong

MAX_NICS = 8
OPPOSITE = {"add": "remove", "remove": "add"}
Result = list[list[Any]]


class InstanceSetParams(InstanceUnit[opcodes.OpInstanceSetParams]):
    HOOKS_PATH = "instance-modify"

    def locks(self, level: Level) -> dict[str, Mode]:
        if level == Level.NODEGROUP and self.op.nics:
            found = self.config.instance(self.name)
            node = self.config.node(found.primary_node) if found is not None else None
            group = self.config.group(node.group) if node is not None else None
            return {group.name: base.SHARED} if group is not None else {}
        return dict(super().locks(level))

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        self._check_request()
        cluster = self.config.cluster()
        old = self.instance
        beparams = parameters.merge_beparams(cluster, old.beparams, self.op.beparams)
        hvparams = parameters.merge_hvparams(old.hvparams, self.op.hvparams)
        self._change_nics()
        self._change_disks()
        self._check_room(cluster, beparams)
        self.new = replace(
            old,
            beparams=beparams,
            hvparams=hvparams,
            nics=self.nics,
            disks=self.disks,
            os=self.op.os_name or old.os,
            osparams=parameters.merge(old.osparams, self.op.osparams or {}),
            osparams_private=parameters.merge(old.osparams_private, self.op.osparams_private or {}),
            admin_state=self._admin_state(),
        )
        if not self.op.ignore_ipolicy:
            policy.check_change(self.config, old, self.new)
        self.result = self._described()

    def _check_request(self) -> None:
        if self.op.disk_template:
            raise wrong("Changing the disk template is not supported")
        if self.op.pnode or self.op.remote_node or self.op.runtime_mem is not None:
            raise wrong("Changing nodes or run-time memory is not supported")
        op = self.op
        wishes = (op.beparams, op.hvparams, op.nics, op.disks, op.os_name, op.osparams)
        if not any(wishes) and not op.osparams_private and op.offline is None:
            raise wrong("No changes submitted")

    def _check_room(self, cluster: objects.Cluster, beparams: dict[str, Any]) -> None:
        before = cluster.fill_beparams(self.instance.beparams)["maxmem"]
        more = max(cluster.fill_beparams(beparams)["maxmem"] - before, 0)
        if self.op.force:
            more = 0
        disk = sum(item.size for item in self.added)
        if more or disk:
            node = base.online_node(self.config, self.node)
            demand = Demand(self.instance.name, more, disk)
            self.reach.allocator.reserve(self.job.owner, demand, [node])

    def _admin_state(self) -> str:
        if self.op.offline is None:
            return self.instance.admin_state
        if self.instance.admin_state == objects.ADMIN_UP:
            text = f"Instance {self.instance.name} is marked to be running"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        return objects.ADMIN_OFFLINE if self.op.offline else objects.ADMIN_DOWN

    # NICs and disks.

    def _change_nics(self) -> None:
        node = base.find_node(self.config, self.node)
        group = self.config.group(node.group)
        made = NicMaker(self.config, self.job.owner, group, self.op.conflicts_check)
        maker = modifications.Maker("NIC", made.new, made.modified)
        found = modifications.changes(self.instance.nics, self.op.nics, maker)
        self.nic_changes, self.nics = found
        if len(self.nics) > MAX_NICS:
            text = f"Instance has a maximum number of {MAX_NICS} network interfaces"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)

    def _change_disks(self) -> None:
        new = partial(disk_parameters.new_disk, self.instance.disk_template)
        maker = modifications.Maker("disk", new, disk_parameters.modified)
        found = modifications.changes(self.instance.disks, self.op.disks, maker)
        self.disk_changes, self.disks = found
        if len(self.disks) > disk_parameters.MAX_DISKS:
            text = f"Instances may have at most {disk_parameters.MAX_DISKS} disks"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        self.added = disk_changes.added(self.disk_changes, self.disks)
        self.removed = disk_changes.removed(self.disk_changes, self.disks)

    def _described(self) -> Result:
        found: Result = []
        for disk_change in self.disk_changes:
            found.extend(disk_changes.described(disk_change))
        for nic_change in self.nic_changes:
            found.extend(nic_changes.described(nic_change))
        for prefix, values in (
            ("hv", self.op.hvparams),
            ("be", self.op.beparams),
        ):
            found.extend([f"{prefix}/{name}", value] for name, value in values.items())
        if self.op.os_name:
            found.append(["os", self.op.os_name])
        # Values of private ones are nobody else's business.
        found.extend([f"os/{name}", value] for name, value in (self.op.osparams or {}).items())
        private = self.op.osparams_private or {}
        found.extend([f"os_private/{name}", opcodes.REDACTED] for name in private)
        if self.op.offline is not None:
            found.append(["admin_state", self.new.admin_state])
        return found

    def hook_environment(self) -> dict[str, str]:
        """Before the execution: the instance as it is, with the memory and NICs it will have."""
        networks = hook_environment.networks_by_uuid(self.config.networks())
        shown = replace(self.instance, nics=self.new.nics)
        cluster = self.config.cluster()
        found = hook_environment.of_instance(shown, cluster, networks)
        filled = cluster.fill_beparams(self.new.beparams)
        for name in ("minmem", "maxmem", "memory", "vcpus"):
            found[f"INSTANCE_{name.upper()}"] = str(filled[name])
        return found

    def resumed(self) -> bool:
        found = super().resumed()
        if found:
            self.new = self.instance
        return found

    # Execution.

    def execute(self) -> Result:
        touched = [*self.added, *self.removed]
        debris.finish_earlier(self)
        left = debris.of_unit(self, touched, self.instance)
        with ExitStack() as undo:
            if touched:
                self.config.commit(pending=left)
                undo.callback(debris.clear_or_warn, self, left)
            self._make_disks()
            if self.op.hotplug or self.op.hotplug_if_possible:
                self._hotplug(undo)
            self.instance = self.new.touched(self.config.now())
            receipt = self.job.receipt(self.result)
            self.config.commit([self.instance], receipt=receipt)
            undo.pop_all()
        if touched:
            debris.clear_or_warn(self, left)
        return self.result

    def _make_disks(self) -> None:
        for disk in self.added:
            self.info(f"Creating disk {disk.name or disk.uuid} of {disk.size}M")
        made = disks.make(self, self.instance, self.added)
        self.added = list(made)
        self.new = replace(self.new, disks=disks.by_uuid(self.new.disks, made))

    def _hotplug(self, undo: ExitStack) -> None:
        running = self.call(self.node, calls.INSTANCES_INFO)
        if running.get(self.instance.name, {}).get("state") not in ("running", "paused"):
            return
        for change in self.nic_changes:
            for action, nic in nic_changes.steps(change):
                if self._tried(self._plug, action, nic):
                    undo.callback(self._plug, OPPOSITE[action], nic)
        # Clearing the debris takes these back.
        for disk in self.removed:
            self._tried(self._plug_disk, "remove", disk)
        for disk in self.added:
            self._tried(self._plug_disk, "add", disk)

    def _tried(self, plug: Callable[[str, Any], None], action: str, thing: object) -> bool:
        try:
            plug(action, thing)
        except errors.NodeCallError as error:
            if not self.op.hotplug_if_possible:
                raise
            self.warn(f"{error.message}; the change takes effect at the next start")
            return False
        return True

    def _plug(self, action: str, nic: objects.Nic) -> None:
        payload = self.payload()
        self.call(self.node, calls.HOTPLUG_NIC, instance=payload, action=action, nic=nic.to_dict())

    def _plug_disk(self, action: str, disk: objects.Disk) -> None:
        instance, sent = self.payload(), disk.to_dict()
        self.call(self.node, calls.HOTPLUG_DISK, instance=instance, action=action, disk=sent)
