"""INSTANCE_QUERY_DATA: everything about instances, from the configuration and from their nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.locks import ALL, Level, Mode
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base, disk_identity
from ganeti_backend.units.instances import disks

LDISK_OKAY, LDISK_FAULTY = 1, 3  # Ganeti's numbers.


class InstanceQueryData(base.Unit[opcodes.OpInstanceQueryData]):
    """Data that is not static comes from the last look at the nodes, at most a second old."""

    OBJECT_TYPE = "INSTANCE"

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.INSTANCE and self.op.use_locking and not self.op.static:
            return dict.fromkeys(self.op.instances or [ALL], base.SHARED)
        return {}

    def check_prerequisites(self) -> None:
        names = self.op.instances or [item.name for item in self.config.instances()]
        self.instances = [base.find_instance(self.config, name) for name in names]

    def execute(self) -> dict[str, Any]:
        self.live = None if self.op.static else self.reach.live.live()
        return {instance.name: self._show(instance) for instance in self.instances}

    def _show(self, instance: objects.Instance) -> dict[str, Any]:
        return {
            "name": instance.name,
            "config_state": instance.admin_state,
            "run_state": self._run_state(instance),
            **self._places(instance),
            "os": instance.os,
            "nics": [self._nic(nic) for nic in instance.nics],
            "disk_template": instance.disk_template,
            "disks": [self._disk(instance, index) for index in range(len(instance.disks))],
            "hypervisor": instance.hypervisor,
            "network_port": None,
            **self._parameters(instance),
            "serial_no": instance.serial_no,
            "mtime": instance.mtime,
            "ctime": instance.ctime,
            "uuid": instance.uuid,
            # Ours; left out where there are none, so that answers look as Ganeti's.
            **({"snapshots": instance.snapshots} if instance.snapshots else {}),
        }

    def _places(self, instance: objects.Instance) -> dict[str, Any]:
        """Its nodes, and the groups that they are in."""
        own = next(iter(self._groups([instance.primary_node])), None)
        others = self._groups(instance.nodes[1:])
        return {
            "pnode": instance.primary_node,
            "pnode_group_uuid": own.uuid if own else None,
            "pnode_group_name": own.name if own else None,
            "snodes": list(instance.nodes[1:]),
            "snodes_group_uuids": [found.uuid for found in others],
            "snodes_group_names": [found.name for found in others],
        }

    def _parameters(self, instance: objects.Instance) -> dict[str, Any]:
        """Its own ones, and what they are with those of the cluster."""
        cluster = self.config.cluster()
        be_actual = cluster.fill_beparams(instance.beparams)
        be_actual.pop("memory")
        return {
            "hv_instance": instance.hvparams,
            "hv_actual": cluster.fill_hvparams(instance.hypervisor, instance.hvparams, instance.os),
            "be_instance": instance.beparams,
            "be_actual": be_actual,
            "os_instance": instance.osparams,
            "os_actual": cluster.fill_osparams(instance.os, instance.osparams, private=False),
        }

    def _groups(self, names: Sequence[str]) -> list[objects.NodeGroup]:
        nodes = [self.config.node(name) for name in names]
        found = [self.config.group(node.group) for node in nodes if node is not None]
        return [group for group in found if group is not None]

    def _disk(self, instance: objects.Instance, index: int) -> dict[str, Any]:
        disk = instance.disks[index]
        shown = show_disk(instance, index)
        if len(disks.holders(instance, disk)) > 1:
            looks = [self._look(node, disk) for node in instance.nodes]
            shown |= dict(zip(("pstatus", "sstatus"), looks, strict=True))
        return shown

    def _look(self, node: str, disk: objects.Disk) -> list[Any] | None:
        """How the node has its copy; None if it does not say."""
        if self.live is None or self.live.instances(node) is None:
            return None
        try:
            found = self.call(node, calls.DISK_STATUS, disk=disk.to_dict())
        except errors.NodeError:
            return None
        if found is None:
            return None
        state = LDISK_OKAY if found["complete"] else LDISK_FAULTY
        return [disk.path, None, None, found["sync_percent"], None, found["degraded"], state]

    def _run_state(self, instance: objects.Instance) -> str | None:
        if self.live is None:
            return None
        running = self.live.instances(instance.primary_node)
        if running is None:
            return None
        state = running.get(instance.name, {}).get("state")
        return "up" if state in ("running", "paused") else "down"

    def _nic(self, nic: objects.Nic) -> list[Any]:
        network = self.config.network(nic.network) if nic.network else None
        shown = [nic.name, nic.uuid, nic.ip, nic.mac, nic.mode, nic.link, nic.vlan, nic.network]
        if network is None:
            return [*shown, None]
        data = network.to_dict()
        data.pop("reserved_ips")
        pool = self.config.pool(network)
        bits = {name: pool[name] for name in ("reservations", "ext_reservations")}
        return [*shown, {**data, **bits}]


def show_disk(instance: objects.Instance, index: int) -> dict[str, Any]:
    disk = instance.disks[index]
    mirrored = len(disks.holders(instance, disk)) > 1
    return {
        "iv_name": f"disk/{index}",
        "dev_type": disk.template,
        "logical_id": disk_identity.logical_id(instance, disk),
        "drbd_info": mirror(instance) if mirrored else None,
        "pstatus": [disk.path, None, None, None, None, False, LDISK_OKAY],
        "sstatus": None,
        "children": [],
        "mode": disk.mode,
        "size": disk.size,
        "spindles": disk.spindles,
        "name": disk.name,
        "uuid": disk.uuid,
    }


def mirror(instance: objects.Instance) -> dict[str, Any]:
    return {
        "primary_node": instance.primary_node,
        "primary_minor": None,
        "secondary_node": instance.secondary_node,
        "secondary_minor": None,
        "port": None,
    }
