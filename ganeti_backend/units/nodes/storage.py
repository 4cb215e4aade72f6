"""NODE_QUERYVOLS, NODE_QUERY_STORAGE, NODE_MODIFY_STORAGE, REPAIR_NODE_STORAGE.

A storage unit is what disks are cut from: a folder, a volume group, a physical volume.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.errors import wrong
from ganeti_backend.locks import Level, Mode
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.nodes.base import NodeUnit, find_nodes, instances_of, refused

VOLUME_FIELDS = ("node", "phys", "vg", "name", "size", "instance")
STORAGE_FIELDS = ("node", "type", "name", "size", "used", "free", "allocatable")
LVM_PV, LVM_VG = "lvm-pv", "lvm-vg"
MODIFIABLE = {LVM_PV: frozenset({"allocatable"})}
REPAIRABLE = frozenset({LVM_VG})
STORAGE_OF = {"file": "file", "sharedfile": "sharedfile", "plain": LVM_VG, "drbd": LVM_VG}
Looking = TypeVar("Looking", opcodes.OpNodeQueryvols, opcodes.OpNodeQueryStorage)


class Looks(base.Unit[Looking]):
    """Units that ask several nodes and change nothing."""

    OBJECT_TYPE = "NODE"
    FIELDS: Sequence[str] = ()

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level != Level.NODE:
            return {}
        known = (self.config.node(name) for name in self.op.nodes)
        return {node.name: base.SHARED for node in known if node is not None}

    def check_prerequisites(self) -> None:
        unknown = [name for name in self.op.output_fields if name not in self.FIELDS]
        if unknown:
            raise wrong(f"Unknown output fields selected: {', '.join(unknown)}")
        self.nodes = find_nodes(self.config, self.op.nodes)

    def ask(self, node: objects.Node, call: calls.Call, **arguments: Any) -> list[Any]:
        """What the node answers; one that does not is told about and left out."""
        if node.offline:
            return []
        try:
            return list(self.call(node.name, call, **arguments))
        except errors.NodeError as error:
            self.warn(f"Can't get data from node {node.name}: {error.message}")
            return []


class NodeQueryvols(Looks[opcodes.OpNodeQueryvols]):
    FIELDS = VOLUME_FIELDS

    def execute(self) -> list[list[str]]:
        rows = []
        for node in self.nodes:
            owners = self._owners(node.name)
            found = self.ask(node, calls.VOLUMES)
            for volume in sorted(found, key=lambda item: str(item["name"])):
                owner = owners.get(str(volume["disk"]), "-")
                values = {**volume, "node": node.name, "instance": owner}
                # Ganeti's volumes are all texts, the size as well.
                rows.append([str(values[name]) for name in self.op.output_fields])
        return rows

    def _owners(self, node: str) -> dict[str, str]:
        """Instance names by the uuids of their disks."""
        return {
            disk.uuid: instance.name
            for instance in instances_of(self.config, node)
            for disk in instance.disks
        }


class NodeQueryStorage(Looks[opcodes.OpNodeQueryStorage]):
    FIELDS = STORAGE_FIELDS

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        self.kind = self.op.storage_type or self._default()
        if self.kind not in (*STORAGE_OF.values(), LVM_PV):
            raise wrong(f"Storage of type '{self.kind}' does not report its space")

    def _default(self) -> str:
        """Of the first enabled disk template that has any."""
        enabled = self.config.cluster().enabled_disk_templates
        found = [STORAGE_OF[name] for name in enabled if name in STORAGE_OF]
        if not found:
            raise wrong("No enabled disk template has a storage type that can be listed")
        return found[0]

    def execute(self) -> list[list[Any]]:
        rows = []
        for node in self.nodes:
            found = self.ask(node, calls.STORAGE_LIST, storage_type=self.kind, name=self.op.name)
            for unit in found:
                values = {**unit, "node": node.name, "type": self.kind}
                rows.append([values[name] for name in self.op.output_fields])
        return rows


class NodeModifyStorage(NodeUnit[opcodes.OpNodeModifyStorage]):
    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        kind = self.op.storage_type
        if kind not in MODIFIABLE:
            raise wrong(f"Storage units of type '{kind}' can not be modified")
        unknown = sorted(set(self.op.changes) - MODIFIABLE[kind])
        if unknown:
            names = ", ".join(unknown)
            raise wrong(f"The following fields can not be modified for '{kind}': {names}")
        if self.op.name is None or not self.op.changes:
            raise wrong("A storage unit's name and what to change must be given")
        if self.node.offline:
            raise refused(f"Can't use offline node {self.node.name}")

    def execute(self) -> None:
        fields = {"storage_type": self.op.storage_type, "name": self.op.name}
        self.call(self.node.name, calls.STORAGE_MODIFY, **fields, changes=self.op.changes)


class RepairNodeStorage(NodeUnit[opcodes.OpRepairNodeStorage]):
    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        if self.op.storage_type not in REPAIRABLE:
            raise wrong(f"Storage units of type '{self.op.storage_type}' can not be repaired")
        if self.op.name is None:
            raise wrong("A storage unit's name must be given")
        if self.node.offline:
            raise refused(f"Can't use offline node {self.node.name}")
        self._check_mirrors()

    def _check_mirrors(self) -> None:
        """A running instance whose other copy is on a dead node would lose its last one."""
        if self.op.ignore_consistency:
            return
        for instance in instances_of(self.config, self.node.name):
            if instance.admin_state != objects.ADMIN_UP:
                continue
            others = [name for name in instance.nodes if name != self.node.name]
            for name in others:
                other = self.config.node(name)
                if other is not None and other.offline:
                    raise refused(f"Faulty disk of instance {instance.name} on node {name}")

    def execute(self) -> None:
        self.info(f"Repairing storage unit '{self.op.name}' on {self.node.name} ...")
        fields = {"storage_type": self.op.storage_type, "name": self.op.name}
        self.call(self.node.name, calls.STORAGE_REPAIR, **fields)
