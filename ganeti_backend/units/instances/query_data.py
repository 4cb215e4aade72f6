"""INSTANCE_QUERY_DATA: everything about instances, from the configuration and from their nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganeti_backend import objects, opcodes
from ganeti_backend.locks import ALL, Level, Mode
from ganeti_backend.units import base


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
        cluster = self.config.cluster()
        node = self.config.node(instance.primary_node)
        group = self.config.group(node.group) if node is not None else None
        be_actual = cluster.fill_beparams(instance.beparams)
        be_actual.pop("memory")
        return {
            "name": instance.name,
            "config_state": instance.admin_state,
            "run_state": self._run_state(instance),
            "pnode": instance.primary_node,
            "pnode_group_uuid": group.uuid if group else None,
            "pnode_group_name": group.name if group else None,
            "snodes": [],
            "snodes_group_uuids": [],
            "snodes_group_names": [],
            "os": instance.os,
            "nics": [self._nic(nic) for nic in instance.nics],
            "disk_template": instance.disk_template,
            "disks": [show_disk(index, disk) for index, disk in enumerate(instance.disks)],
            "hypervisor": instance.hypervisor,
            "network_port": None,
            "hv_instance": instance.hvparams,
            "hv_actual": cluster.fill_hvparams(instance.hypervisor, instance.hvparams),
            "be_instance": instance.beparams,
            "be_actual": be_actual,
            "os_instance": instance.osparams,
            "os_actual": {**cluster.osparams.get(instance.os, {}), **instance.osparams},
            "serial_no": instance.serial_no,
            "mtime": instance.mtime,
            "ctime": instance.ctime,
            "uuid": instance.uuid,
        }

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


def show_disk(index: int, disk: objects.Disk) -> dict[str, Any]:
    return {
        "iv_name": f"disk/{index}",
        "dev_type": disk.template,
        "logical_id": ["loop", disk.path],
        "drbd_info": None,
        "pstatus": [disk.path, None, None, None, None, False, 1],
        "sstatus": None,
        "children": [],
        "mode": disk.mode,
        "size": disk.size,
        "spindles": disk.spindles,
        "name": disk.name,
        "uuid": disk.uuid,
    }
