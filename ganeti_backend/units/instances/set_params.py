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
from ganeti_backend.disk_templates import TEMPLATES, Reach
from ganeti_backend.errors import wrong
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
    room,
    systems,
    volume_disks,
)
from ganeti_backend.units.instances.base import InstanceUnit
from ganeti_backend.units.instances.conversion import Conversion
from ganeti_backend.units.instances.nics import NicMaker

MAX_NICS = 8
Result = list[list[Any]]


class InstanceSetParams(InstanceUnit[opcodes.OpInstanceSetParams]):
    HOOKS_PATH = "instance-modify"

    def locks(self, level: Level) -> dict[str, Mode]:
        if level == Level.NODEGROUP and self.op.nics:
            found = self.config.instance(self.name)
            node = self.config.node(found.primary_node) if found is not None else None
            group = self.config.group(node.group) if node is not None else None
            return {group.name: base.SHARED} if group is not None else {}
        found_locks = dict(super().locks(level))
        if level == Level.NODE:
            op = self.op
            for name in (op.pnode_uuid or op.pnode, op.remote_node_uuid or op.remote_node):
                node = self.config.node(name or "")
                found_locks |= {node.name: base.SHARED} if node is not None else {}
        return found_locks

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        self._check_request()
        self._check_hotplug()
        cluster = self.config.cluster()
        old = self.instance
        beparams = parameters.merge_beparams(cluster, old.beparams, self.op.beparams)
        hvparams = parameters.merge_hvparams(old.hvparams, self.op.hvparams)
        self._change_nics()
        self._change_disks()
        self.conversion = Conversion(self, old) if self.op.disk_template else None
        self._check_room(cluster, beparams)
        self._check_run_time_memory(cluster.fill_beparams(beparams))
        self.new = replace(
            self._at_new_primary(self.conversion.new if self.conversion is not None else old),
            beparams=beparams,
            hvparams=hvparams,
            nics=self.nics,
            disks=self.conversion.new.disks if self.conversion is not None else self.disks,
            os=self.op.os_name or old.os,
            osparams=parameters.merge(old.osparams, self.op.osparams or {}),
            osparams_private=parameters.merge(old.osparams_private, self.op.osparams_private or {}),
            admin_state=self._admin_state(),
        )
        if not self.op.ignore_ipolicy:
            policy.check_change(self.config, old, self.new)
        self._check_system()
        self.result = self._described()

    def _check_system(self) -> None:
        """Nothing is installed here, but the definition must be there and know the parameters."""
        op, new = self.op, self.new
        if op.force or not new.os or not (op.os_name or op.osparams or op.osparams_private):
            return
        system = systems.System.of(new.os, new.osparams, new.osparams_private)
        nodes, force = [new.primary_node], op.force_variant
        systems.check(self, system, nodes, force_variant=force, installs=False)

    def _check_request(self) -> None:
        op = self.op
        wishes = (op.beparams, op.hvparams, op.nics, op.disks, op.os_name, op.osparams)
        others = (op.osparams_private, op.disk_template, op.pnode_uuid or op.pnode)
        if not any(wishes) and not any(others) and op.offline is None and op.runtime_mem is None:
            raise wrong("No changes submitted")
        if (op.remote_node_uuid or op.remote_node) and not op.disk_template:
            raise wrong("A secondary node is only given to change the disk template")
        if op.instance_communication:
            raise wrong("Instances do not reach their node by a network of its own here")

    def _check_hotplug(self) -> None:
        """Whoever insists on it is told beforehand that there is nothing to plug into."""
        if self.op.hotplug and not disks.running(self, self.instance):
            text = f"Hotplug is not possible: instance {self.instance.name} is not running"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)

    def _check_run_time_memory(self, beparams: dict[str, Any]) -> None:
        wanted = self.op.runtime_mem
        if wanted is None:
            return
        if not disks.running(self, self.instance):
            text = f"Instance {self.instance.name} is not running"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        low, high = beparams["minmem"], beparams["maxmem"]
        if not self.op.force and not low <= wanted <= high:
            raise wrong(
                f"Instance {self.instance.name} must have memory between {low} and {high} MB "
                "of memory unless --force is given"
            )

    def _at_new_primary(self, instance: objects.Instance) -> objects.Instance:
        """Where it was brought by other means; nothing is moved here."""
        named = self.op.pnode_uuid or self.op.pnode
        if not named:
            return instance
        node, old = base.online_node(self.config, named), instance.primary_node
        if node.name == old:
            return instance
        if not base.find_node(self.config, old).offline and disks.running(self, instance):
            raise errors.OpPrereqError(f"Instance is still running on {old}", errors.ECODE_STATE)
        swapped = instance.secondary_node == node.name
        other = old if swapped else instance.secondary_node
        return instance.replace(primary_node=node.name, secondary_node=other)

    def _check_room(self, cluster: objects.Cluster, beparams: dict[str, Any]) -> None:
        before = cluster.fill_beparams(self.instance.beparams)["maxmem"]
        more = max(cluster.fill_beparams(beparams)["maxmem"] - before, 0)
        if self.op.force:
            more = 0
        disk = sum(item.size for item in self.added)
        if self.conversion is not None:
            disk += self.conversion.demand()
        room.reserve_here(self, self.instance, more, disk)

    def _admin_state(self) -> str:
        if self.op.offline is None:
            return self.instance.admin_state
        if self.instance.admin_state == objects.ADMIN_UP:
            wished = "offline" if self.op.offline else "online"
            disks.require_down(self.instance, f"can't change to {wished}")
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
        disk_parameters.check_unique(self.disks)
        self.added = disk_changes.added(self.disk_changes, self.disks)
        mirrored = TEMPLATES[self.instance.disk_template].reach is Reach.MIRRORED
        up = self.instance.admin_state == objects.ADMIN_UP
        if self.added and mirrored and up and not self.op.wait_for_sync:
            raise wrong(
                "Can't add a disk to an instance with activated disks and --no-wait-for-sync given."
            )
        self.removed = disk_changes.removed(self.disk_changes, self.disks)
        self.fills = volume_disks.added(self.op.disks)

    def _described(self) -> Result:
        found: Result = []
        if self.new.primary_node != self.instance.primary_node:
            found.append(["pnode", self.new.primary_node])
        if self.op.runtime_mem is not None:
            found.append(["runtime_memory", self.op.runtime_mem])
        if self.conversion is not None:
            found.append(["disk_template", self.conversion.template])
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
        if self.op.disk_template:
            found["NEW_DISK_TEMPLATE"] = self.op.disk_template
        if self.op.runtime_mem is not None:
            found["RUNTIME_MEMORY"] = str(self.op.runtime_mem)
        return found

    def resumed(self) -> bool:
        found = super().resumed()
        if found:
            self.new = self.instance
        return found

    # Execution.

    def execute(self) -> Result:
        debris.finish_earlier(self)
        touched = [*self.added, *self.removed]
        left = debris.of_unit(self, touched, self.instance)
        if self.conversion is not None:
            left = self.conversion.record()
        plugged = self._plugged_nics()
        with ExitStack() as undo:
            if left.disks or plugged:
                left = replace(left, nics=[nic.to_dict() for _, nic in plugged])
                self.config.commit(pending=left)
                undo.callback(debris.clear_or_warn, self, left)
            self._make_disks(undo)
            self._hotplug()
            self._save_volumes()
            if self.op.runtime_mem is not None:
                name, memory = self.instance.name, self.op.runtime_mem
                self.call(self.node, calls.INSTANCE_BALLOON, name=name, memory=memory)
            self.instance = self.new.touched(self.config.now())
            receipt = self.job.receipt(self.result)
            # NICs are as they should be, or could not be plugged; disks are still to be removed.
            after = replace(left, nics=[])
            still, over = (after, None) if left.disks else (None, after)
            self.config.commit([self.instance], pending=still, settled=over, receipt=receipt)
            undo.pop_all()
        if left.disks:
            debris.clear_or_warn(self, left)
        return self.result

    def abandon(self) -> None:
        """A disk that was turned on its node gets its old template back."""
        found = self.config.instance(self.name)
        if found is not None and self.op.disk_template not in (None, found.disk_template):
            Conversion(self, found).back()

    def _make_disks(self, undo: ExitStack) -> None:
        if self.conversion is not None:
            made = tuple(self.conversion.run(undo))
            self.new = replace(self.new, disks=disks.by_uuid(self.new.disks, made))
        for disk in self.added:
            self.info(f"Creating disk {disk.name or disk.uuid} of {disk.size}M")
        made = disks.make(self, self.instance, self.added)
        self.added = list(made)
        self.new = replace(self.new, disks=disks.by_uuid(self.new.disks, made))
        disks.activate(self, self.new, made)
        volume_disks.fill(self, self.new, made, self.fills)
        if self.op.wait_for_sync and not disks.wait_for_sync(self, self.new, made):
            raise errors.OpExecError("There are some degraded disks for this instance")
        if self.instance.admin_state != objects.ADMIN_UP:
            disks.deactivate(self, self.new, made)

    def _save_volumes(self) -> None:
        for disk in volume_disks.kept(self.removed):
            if disks.running(self, self.instance):
                self._plug_disk("remove", disk)  # Nobody may write to it any more.
            volume_disks.save(self, self.instance, disk)

    def _plugged_nics(self) -> list[tuple[str, objects.Nic]]:
        """The steps by which a running guest gets its new NICs, if it should get them now."""
        if not (self.op.hotplug or self.op.hotplug_if_possible):
            return []
        found = [step for change in self.nic_changes for step in nic_changes.steps(change)]
        return found if found and disks.running(self, self.instance) else []

    def _hotplug(self) -> None:
        """Clearing the debris takes this back."""
        if not (self.op.hotplug or self.op.hotplug_if_possible):
            return
        touched = self.nic_changes or self.removed or self.added
        if not touched or not disks.running(self, self.instance):
            return
        out: objects.Nic | None = None
        for action, nic in self._plugged_nics():
            done = self._tried(self._plug, action, nic)
            if not done and action == "add" and out is not None and out.uuid == nic.uuid:
                # Better the old one until the next start than none.
                self._tried(self._plug, "add", out)
            out = nic if done and action == "remove" else None
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
