"""INSTANCE_CREATE: choose a node, make disks, store the instance, fill its disk, start it.

A *pending* record stands in the configuration before a node is touched and is settled by the same
write that completes the instance. Whatever ends a creation in between (a failing node, the master
killed) finds there what to take away: the failing unit itself, the same job when the restarted
master runs it again from its beginning, or the master's housekeeping. Names are not resolved by
DNS: `name_check` and `ip_check` are accepted and do nothing.
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.allocator import Demand, NoRoomError
from ganeti_backend.config import Pending, new_uuid
from ganeti_backend.locks import ALL, Level, Mode
from ganeti_backend.node_rpc import calls
from ganeti_backend.patient_nodes import PATIENCE
from ganeti_backend.units import base, clean_up, hook_environment
from ganeti_backend.units.instances import disk_parameters, image, parameters
from ganeti_backend.units.instances.nics import NicMaker
from ganeti_backend.units.instances.parameters import wrong

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
OS_NOTHING = "noop"
ALLOCATE_PAUSE = 0.5


class InstanceCreate(base.Unit[opcodes.OpInstanceCreate]):
    HOOKS_PATH = "instance-add"
    OBJECT_TYPE = "INSTANCE"

    instance: objects.Instance

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.INSTANCE:
            return {self.op.instance_name: base.EXCLUSIVE}
        if level == Level.NODEGROUP:
            return {ALL: base.SHARED}
        if level == Level.NODE:
            known_node = self.config.node(self.op.pnode or "")
            return {known_node.name if known_node else ALL: base.SHARED}
        if level == Level.NETWORK:
            names = [nic["network"] for nic in self.op.nics if isinstance(nic.get("network"), str)]
            known = [self.config.network(name) for name in names]
            return {network.name: base.SHARED for network in known if network is not None}
        return {}

    # Prerequisites.

    def check_prerequisites(self) -> None:
        self._check_request()
        self._clean_up_before()
        if self.config.instance(self.op.instance_name) is not None:
            text = f"Instance '{self.op.instance_name}' is already in the cluster"
            raise errors.OpPrereqError(text, errors.ECODE_EXISTS)
        cluster = self.config.cluster()
        template = self._template(cluster)
        disks = disk_parameters.new_disks(template, self.op.disks)
        beparams = parameters.merge_beparams(cluster, {}, self.op.beparams)
        memory = cluster.fill_beparams(beparams)["maxmem"]
        demand = Demand(self.op.instance_name, memory, sum(disk.size for disk in disks))
        node = base.find_node(self.config, self._choose_node(demand))
        now = self.config.now()
        self.instance = objects.Instance(
            name=self.op.instance_name,
            uuid=new_uuid(),
            ctime=now,
            mtime=now,
            tags=tuple(dict.fromkeys(self.op.tags)),
            primary_node=node.name,
            os=self.op.os_type or "",
            hypervisor=self._hypervisor(cluster),
            disk_template=template,
            beparams=beparams,
            hvparams=parameters.merge_hvparams({}, self.op.hvparams),
            osparams={**self.op.osparams, **(self.op.osparams_private or {})},
            disks=disks,
            nics=self._nics(node),
        )

    def _check_request(self) -> None:
        if not NAME.fullmatch(self.op.instance_name):
            raise wrong(f"Invalid instance name '{self.op.instance_name}'")
        if self.op.mode != "create":
            raise wrong(f"Instance creation mode '{self.op.mode}' is not supported")
        if self.op.snode is not None:
            raise wrong("No disk template here uses a secondary node")
        if self.op.pnode is not None and self.op.iallocator is not None:
            raise wrong("One and only one of iallocator and primary node must be given")
        if opcodes.REDACTED in (self.op.osparams_secret or {}).values():
            raise wrong("Secret OS parameters were lost with the master, order the instance again")
        self._check_os()

    def _check_os(self) -> None:
        if self.op.os_type == image.OS_NAME:
            if not self.op.no_install and self.op.disks:
                image.check_osparams(self.op.osparams)
        elif self.op.os_type not in (None, OS_NOTHING):
            text = f"OS '{self.op.os_type}' not found"
            raise errors.OpPrereqError(text, errors.ECODE_NOENT)

    def _clean_up_before(self) -> None:
        pending = self.config.pending_of(self.op.instance_name)
        if pending is not None:
            self.info(f"Cleaning up what job {pending.job_id} left of {pending.name}")
            clean_up.clean_up(self.config, self.reach.nodes, pending)

    def _template(self, cluster: objects.Cluster) -> str:
        known = [name for name in cluster.enabled_disk_templates if name != "diskless"]
        default = known[0] if self.op.disks and known else "diskless"
        template = self.op.disk_template or default
        if template not in cluster.enabled_disk_templates:
            enabled = ", ".join(cluster.enabled_disk_templates)
            raise wrong(f"Disk template '{template}' is not enabled, enabled are: {enabled}")
        return template

    def _hypervisor(self, cluster: objects.Cluster) -> str:
        hypervisor = self.op.hypervisor or cluster.hypervisor
        if hypervisor not in cluster.enabled_hypervisors:
            enabled = ", ".join(cluster.enabled_hypervisors)
            text = f"Selected hypervisor ({hypervisor}) not enabled in the cluster ({enabled})"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        return hypervisor

    def _choose_node(self, demand: Demand) -> str:
        """The given node or the allocator's choice; a node that is just starting is waited for."""
        nodes = self._candidates()
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.reach.allocator.reserve(self.job.owner, demand, nodes)
            except NoRoomError as error:
                if not error.unreachable or time.monotonic() > deadline:
                    raise
                if self.reach.stop.wait(ALLOCATE_PAUSE):
                    raise

    def _candidates(self) -> list[objects.Node]:
        if self.op.pnode is not None:
            return [base.online_node(self.config, self.op.pnode)]
        nodes = self.config.nodes()
        if self.op.group_name is not None:
            group = base.find_group(self.config, self.op.group_name)
            nodes = [node for node in nodes if node.group == group.uuid]
        wanted = [nic.get("network") for nic in self.op.nics if nic.get("network")]
        networks = [base.find_network(self.config, str(name)).uuid for name in wanted]
        connected = {
            group.uuid for group in self.config.groups() if set(networks) <= set(group.networks)
        }
        # With no group connected to all, the NICs' own check gives the clearer message.
        return [node for node in nodes if node.group in connected] or nodes

    def _nics(self, node: objects.Node) -> tuple[objects.Nic, ...]:
        group = self.config.group(node.group)
        maker = NicMaker(self.config, self.job.owner, group, self.op.conflicts_check)
        nics = []
        for index, wanted in enumerate(self.op.nics):
            nic = maker.new(wanted)
            if wanted.get("ip") == "pool":
                network = base.find_network(self.config, str(wanted["network"]))
                self.info(f"Chose IP {nic.ip} from network {network.name}")
            elif not wanted.get("network"):
                self.info(f"NIC/{index} inherits netparams {[nic.link, nic.mode, nic.vlan]}")
            nics.append(nic)
        return tuple(nics)

    # Hooks.

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        nodes = list(dict.fromkeys([self.config.cluster().master, self.instance.primary_node]))
        return nodes, nodes

    def hook_environment(self) -> dict[str, str]:
        networks = hook_environment.networks_by_uuid(self.config.networks())
        shown = self.instance
        found = hook_environment.of_instance(
            shown, self.config.cluster(), networks, status=str(self.op.start)
        )
        return {"ADD_MODE": self.op.mode, **found}

    def resumed(self) -> bool:
        found = self.config.instance(self.op.instance_name)
        if found is not None:
            self.instance = found
        return found is not None

    # Execution.

    def execute(self) -> list[str]:
        with ExitStack() as undo:
            undo.callback(self._undo)
            if self.instance.disks:
                self.config.commit(pending=self._pending())
                self._make_disks()
            self.job.log(f"adding instance {self.instance.name} to cluster config")
            self.config.commit([self.instance], pending=self._pending())
            self.reach.allocator.release(self.job.owner)
            if self._installs():
                self.job.log("* running the instance OS create scripts...")
                self.interruptible = True
                image.ImageCopy(self.reach, self.job, self.instance).run()
                self.interruptible = False
            self._complete()
            undo.pop_all()
        return [self.instance.primary_node]

    def _pending(self) -> Pending:
        disks = [disk.to_dict() for disk in self.instance.disks]
        return Pending(self.instance.name, self.instance.primary_node, disks, self.job.job_id)

    def _installs(self) -> bool:
        wanted = self.op.os_type == image.OS_NAME and not self.op.no_install
        return wanted and bool(self.instance.disks)

    def _make_disks(self) -> None:
        for index, disk in enumerate(self.instance.disks):
            self.job.log(f"* disk {index}, size {disk.size}M")
        self.job.log("* creating instance disks...")
        made = []
        for disk in self.instance.disks:
            answer = self.call(
                self.instance.primary_node,
                calls.DISK_CREATE,
                instance_name=self.instance.name,
                disk=disk.to_dict(),
            )
            made.append(dataclasses.replace(disk, path=answer["path"]))
        self.instance = self.instance.replace(disks=tuple(made))

    def _complete(self) -> None:
        """Start it, then store that it is whole: one write settles the creation and its result."""
        cluster = self.config.cluster()
        if self.op.start:
            self.job.log("* starting instance...")
            self.instance = self.instance.touched(self.config.now(), admin_state=objects.ADMIN_UP)
            payload = self.instance.node_payload(cluster)
            self.call(self.instance.primary_node, calls.INSTANCE_START, instance=payload)
        receipt = self.job.receipt([self.instance.primary_node])
        self.config.commit([self.instance], settled=self.instance.name, receipt=receipt)

    def _undo(self) -> None:
        """Take everything back. What a dead node keeps is removed later, by the pending record."""
        pending = self.config.pending_of(self.instance.name)
        if pending is None:
            return
        self.info(f"Removing what was made of {self.instance.name}")
        try:
            clean_up.clean_up(self.config, self.reach.nodes, pending)
        except errors.NodeError as error:
            self.warn(f"{error.message}; it will be cleaned up when the node answers")
