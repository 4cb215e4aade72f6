"""INSTANCE_CREATE: choose a node, make disks, store the instance, fill its disk, start it.

A *pending* record stands in the configuration before a node is touched and is settled by the same
write that completes the instance. Whatever ends a creation in between (a failing node, the master
killed) finds there what to take away: the failing unit itself, the same job when the restarted
master runs it again from its beginning, or the master's housekeeping. Names are not resolved by
DNS: `name_check` and `ip_check` are accepted and do nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from types import MappingProxyType

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.configuration.config import Pending, new_uuid
from ganeti_backend.errors import wrong
from ganeti_backend.locks import ALL, Attempt, Level, Mode
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base, clean_up, hook_environment
from ganeti_backend.units.instances import (
    disk_parameters,
    disks,
    new_nodes,
    parameters,
    volume_disks,
)
from ganeti_backend.units.instances.arrival import REMOTE_IMPORT
from ganeti_backend.units.instances.installation import CREATE, Installation
from ganeti_backend.units.instances.naming import check_name
from ganeti_backend.units.instances.nics import NicMaker


class InstanceCreate(base.Unit[opcodes.OpInstanceCreate]):
    HOOKS_PATH = "instance-add"
    OBJECT_TYPE = "INSTANCE"

    instance: objects.Instance
    installation: Installation
    exported: Mapping[str, str] = MappingProxyType({})  # What hooks are told of an import.

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.INSTANCE:
            return {self.op.instance_name: base.EXCLUSIVE}
        if level == Level.NODEGROUP:
            return {ALL: base.SHARED}
        if level == Level.NODE:
            return self._node_locks()
        if level == Level.NETWORK:
            if self.op.mode != CREATE and not self.op.nics:
                return {ALL: base.SHARED}  # Which ones stands in the export.
            names = [nic["network"] for nic in self.op.nics if isinstance(nic.get("network"), str)]
            known = [self.config.network(name) for name in names]
            return {network.name: base.SHARED for network in known if network is not None}
        return {}

    def _node_locks(self) -> Mapping[str, Mode]:
        if self.op.opportunistic_locking:
            return Attempt({node.name: base.SHARED for node in self.config.nodes()})
        given = (self.op.pnode_uuid or self.op.pnode, self.op.snode_uuid or self.op.snode)
        names = new_nodes.node_names(self.config, given)
        # A node that is not given is chosen among all.
        return dict.fromkeys(names if given[0] and names else [ALL], base.SHARED)

    # Prerequisites.

    def check_prerequisites(self) -> None:
        self._check_request()
        self._clean_up_before()
        if self.config.instance(self.op.instance_name) is not None:
            text = f"Instance '{self.op.instance_name}' is already in the cluster"
            raise errors.OpPrereqError(text, errors.ECODE_EXISTS)
        wished = self._wished()
        nodes = new_nodes.choose(self, wished)
        self.instance = wished.replace(
            primary_node=nodes[0],
            secondary_node=nodes[1] if len(nodes) > 1 else None,
            nics=self._nics(base.find_node(self.config, nodes[0])),
        )
        new_nodes.check_policy(self, self.instance)
        self.installation.check(self.instance)

    def _wished(self) -> objects.Instance:
        """The instance but for its place and what follows from that."""
        cluster = self.config.cluster()
        template = self._template(cluster)
        now = self.config.now()
        return objects.Instance(
            name=self.op.instance_name,
            uuid=new_uuid(),
            ctime=now,
            mtime=now,
            tags=tuple(dict.fromkeys(self.op.tags)),
            primary_node="",
            os=self.op.os_type or "",
            hypervisor=self._hypervisor(cluster),
            disk_template=template,
            beparams=parameters.merge_beparams(cluster, {}, self.op.beparams),
            hvparams=parameters.merge_hvparams({}, self.op.hvparams),
            osparams=dict(self.op.osparams),
            osparams_private=dict(self.op.osparams_private or {}),
            disks=disk_parameters.new_disks(template, self.op.disks),
        )

    def _check_request(self) -> None:
        check_name(self.op.instance_name)
        self.installation = Installation(self)
        # An import takes from the export what its order does not say.
        self.op = self.installation.order
        self.exported = self.installation.hook_environment()
        if self.op.pnode is not None and self.op.iallocator is not None:
            raise wrong("One and only one of iallocator and primary node must be given")
        if self.op.opportunistic_locking and self.op.pnode is not None:
            raise wrong("Opportunistic locking needs an allocator that chooses the node")
        if self.op.forthcoming or self.op.commit:
            raise wrong("There are no forthcoming instances here; create it when it is to be there")
        if self.op.instance_communication:
            raise wrong("Instances do not reach their node by a network of its own here")

    def _clean_up_before(self) -> None:
        pending = self.config.pending_of(self.op.instance_name)
        if pending is not None:
            self.info(f"Cleaning up what job {pending.job_id} left of {pending.name}")
            clean_up.clean_up(self.config, self.reach.nodes, pending)
            if self.job.again and self.op.mode == REMOTE_IMPORT:
                text = "The master was cut off while the instance arrived: begin its move anew"
                raise errors.OpPrereqError(text, errors.ECODE_STATE)

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
        nodes = list(dict.fromkeys([self.config.cluster().master, *self.instance.nodes]))
        return nodes, nodes

    def hook_environment(self) -> dict[str, str]:
        networks = hook_environment.networks_by_uuid(self.config.networks())
        shown = self.instance
        found = hook_environment.of_instance(
            shown, self.config.cluster(), networks, status=str(self.op.start)
        )
        return {"ADD_MODE": self.op.mode, **self.exported, **found}

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
            self._mirror_disks()
            self.interruptible = True
            self.installation.run(self.instance)
            volume_disks.fill(
                self, self.instance, self.instance.disks, volume_disks.fills(self.op.disks)
            )
            self.interruptible = False
            if self.installation.comes_from_elsewhere:
                # From here on ours may be the only one there is, whatever a start may say.
                self.config.commit([self.instance], settled=self.instance.name)
                undo.pop_all()
                self.installation.kept()
            self._complete()
            undo.pop_all()
        return list(self.instance.nodes)

    def _pending(self) -> Pending:
        made = [disk.to_dict() for disk in self.instance.disks]
        mirror = self.instance.secondary_node
        name, node = self.instance.name, self.instance.primary_node
        return Pending(name, node, made, self.job.job_id, mirror)

    def _mirror_disks(self) -> None:
        disks.activate(self, self.instance)
        if self.op.wait_for_sync and not disks.wait_for_sync(self, self.instance):
            raise errors.OpExecError("There are some degraded disks for this instance")

    def _make_disks(self) -> None:
        for index, disk in enumerate(self.instance.disks):
            self.job.log(f"* disk {index}, size {disk.size}M")
        self.job.log("* creating instance disks...")
        made = disks.make(self, self.instance, self.instance.disks)
        self.instance = self.instance.replace(disks=made)

    def _complete(self) -> None:
        """Start it, then store that it is whole: one write settles the creation and its result."""
        cluster = self.config.cluster()
        if self.op.start:
            self.job.log("* starting instance...")
            self.instance = self.instance.touched(self.config.now(), admin_state=objects.ADMIN_UP)
            payload = self.instance.node_payload(cluster)
            self.call(self.instance.primary_node, calls.INSTANCE_START, instance=payload)
        else:
            disks.deactivate(self, self.instance)
        receipt = self.job.receipt(list(self.instance.nodes))
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
