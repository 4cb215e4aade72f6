"""INSTANCE_SET_PARAMS: backend and hypervisor parameters, NICs (on a running instance by hotplug).

New values reach a running guest at its next start, except NICs when `hotplug` is asked for. Disks
are not changed here.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.allocator import Demand
from ganeti_backend.locks import Level, Mode
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base, hook_environment
from ganeti_backend.units.instances import parameters
from ganeti_backend.units.instances.base import InstanceUnit
from ganeti_backend.units.instances.nics import NicMaker
from ganeti_backend.units.instances.parameters import wrong

MAX_NICS = 8
Result = list[list[Any]]


@dataclass(frozen=True)
class NicChange:
    """One step of a NIC modification: what was, what will be."""

    index: int
    old: objects.Nic | None
    new: objects.Nic | None

    def described(self) -> list[list[Any]]:
        if self.new is None:
            return [[f"nic/{self.index}", "remove"]]
        shown = f"mac={self.new.mac},ip={self.new.ip},mode={self.new.mode},link={self.new.link}"
        if self.old is None:
            return [[f"nic/{self.index}", f"add:{shown},network={self.new.network}"]]
        names = ("name", "mac", "ip", "network", "mode", "link", "vlan")
        pairs = [(name, getattr(self.old, name), getattr(self.new, name)) for name in names]
        return [[f"nic.{name}/{self.index}", new] for name, old, new in pairs if old != new]


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
        self.result: Result = []
        beparams = parameters.merge_beparams(cluster, old.beparams, self.op.beparams)
        hvparams = parameters.merge_hvparams(old.hvparams, self.op.hvparams)
        self._check_memory(cluster, beparams)
        self.changes = self._nic_changes()
        self.new = replace(
            old,
            beparams=beparams,
            hvparams=hvparams,
            nics=self._nics_after(),
            os=self.op.os_name or old.os,
            osparams=parameters.merge(old.osparams, self.op.osparams or {}),
            admin_state=self._admin_state(),
        )
        self._describe()

    def _check_request(self) -> None:
        if self.op.disks or self.op.disk_template:
            raise wrong("Changing disks is not supported")
        if self.op.pnode or self.op.remote_node or self.op.runtime_mem is not None:
            raise wrong("Changing nodes or run-time memory is not supported")
        wishes = (self.op.beparams, self.op.hvparams, self.op.nics, self.op.os_name)
        if not any(wishes) and not self.op.osparams and self.op.offline is None:
            raise wrong("No changes submitted")

    def _check_memory(self, cluster: objects.Cluster, beparams: dict[str, Any]) -> None:
        before = cluster.fill_beparams(self.instance.beparams)["maxmem"]
        more = cluster.fill_beparams(beparams)["maxmem"] - before
        if more > 0 and not self.op.force:
            node = base.online_node(self.config, self.node)
            demand = Demand(self.instance.name, more, 0)
            self.reach.allocator.reserve(self.job.owner, demand, [node])

    def _admin_state(self) -> str:
        if self.op.offline is None:
            return self.instance.admin_state
        if self.instance.admin_state == objects.ADMIN_UP:
            text = f"Instance {self.instance.name} is marked to be running"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        return objects.ADMIN_OFFLINE if self.op.offline else objects.ADMIN_DOWN

    # NICs.

    def _nic_changes(self) -> list[NicChange]:
        node = base.find_node(self.config, self.node)
        group = self.config.group(node.group)
        maker = NicMaker(self.config, self.job.owner, group, self.op.conflicts_check)
        nics = list(self.instance.nics)
        changes = []
        for wanted in self.op.nics:
            change = nic_change(nics, wanted, maker)
            apply(nics, change)
            changes.append(change)
        if len(nics) > MAX_NICS:
            text = f"Instance has a maximum number of {MAX_NICS} network interfaces"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        return changes

    def _nics_after(self) -> tuple[objects.Nic, ...]:
        nics = list(self.instance.nics)
        for change in self.changes:
            apply(nics, change)
        return tuple(nics)

    def _describe(self) -> None:
        for prefix, values in (("be", self.op.beparams), ("hv", self.op.hvparams)):
            self.result.extend([f"{prefix}/{name}", value] for name, value in values.items())
        for change in self.changes:
            self.result.extend(change.described())
        if self.op.os_name:
            self.result.append(["os", self.op.os_name])
        if self.op.offline is not None:
            self.result.append(["admin_state", self.new.admin_state])

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

    def execute(self) -> Result:
        with ExitStack() as undo:
            if self.changes and (self.op.hotplug or self.op.hotplug_if_possible):
                self._hotplug(undo)
            self.instance = self.new.touched(self.config.now())
            receipt = self.job.receipt(self.result)
            self.config.commit([self.instance], receipt=receipt)
            undo.pop_all()
        return self.result

    def _hotplug(self, undo: ExitStack) -> None:
        running = self.call(self.node, calls.INSTANCES_INFO)
        if running.get(self.instance.name, {}).get("state") not in ("running", "paused"):
            return
        for change in self.changes:
            for action, nic in steps(change):
                try:
                    self._plug(action, nic)
                except errors.NodeCallError as error:
                    if not self.op.hotplug_if_possible:
                        raise
                    self.warn(f"{error.message}; the change takes effect at the next start")
                    continue
                undo.callback(self._plug, OPPOSITE[action], nic)

    def _plug(self, action: str, nic: objects.Nic) -> None:
        payload = self.payload()
        self.call(self.node, calls.HOTPLUG_NIC, instance=payload, action=action, nic=nic.to_dict())


OPPOSITE = {"add": "remove", "remove": "add"}


def steps(change: NicChange) -> list[tuple[str, objects.Nic]]:
    """A changed NIC is taken out and put in again; one that only got a name stays."""
    if change.old and change.new and replace(change.old, name=change.new.name) == change.new:
        return []
    found = []
    if change.old is not None:
        found.append(("remove", change.old))
    if change.new is not None:
        found.append(("add", change.new))
    return found


def nic_change(nics: list[objects.Nic], wanted: list[Any], maker: NicMaker) -> NicChange:
    """What one item of the opcode's list means for the NICs as they are by then."""
    verb, values = wanted[0], wanted[-1]
    place = wanted[1] if len(wanted) == 3 else None
    if verb == "add":
        index = len(nics) if place in (None, -1) else place
        if not isinstance(index, int) or not 0 <= index <= len(nics):
            raise wrong(f"Invalid NIC index {place!r}")
        return NicChange(index, None, maker.new(values))
    if verb == "remove":
        index = find(nics, -1 if place is None else place)
        return NicChange(index, nics[index], None)
    if verb in ("attach", "detach"):
        raise wrong(f"NICs cannot be {verb}ed")
    index = find(nics, place if verb == "modify" else verb)
    return NicChange(index, nics[index], maker.modified(nics[index], values))


def find(nics: list[objects.Nic], place: Any) -> int:
    """By index (-1 is the last), uuid or name."""
    if place == -1 and nics:
        return len(nics) - 1
    for index, nic in enumerate(nics):
        if place in (index, str(index), nic.uuid) or (nic.name and place == nic.name):
            return index
    raise errors.OpPrereqError(f"Cannot find NIC with identifier {place}", errors.ECODE_NOENT)


def apply(nics: list[objects.Nic], change: NicChange) -> None:
    if change.old is not None:
        del nics[change.index]
    if change.new is not None:
        nics.insert(change.index, change.new)
