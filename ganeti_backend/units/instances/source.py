"""What an import takes from an export: the order of the new instance, and its disks' content."""

from __future__ import annotations

from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.backups.description import Export
from ganeti_backend.errors import wrong
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base, export_folders
from ganeti_backend.units.instances import systems
from ganeti_backend.units.instances.parameters import BE_FLAGS, BE_NUMBERS
from ganeti_backend.units.node_tasks import reporting

Op = opcodes.OpInstanceCreate
SAME = "auto"


class Source:
    """One export on one node."""

    def __init__(self, unit: base.Unit[Op]) -> None:
        """OpPrereqError if there is none, or it cannot be read."""
        path = unit.op.src_path or unit.op.instance_name
        wanted = unit.op.src_node or unit.op.src_node_uuid
        if wanted is None and path.startswith("/"):
            raise wrong("Importing an instance from a path requires a source node option")
        node = base.online_node(unit.config, wanted) if wanted is not None else None
        self.node = node.name if node is not None else export_folders.find(unit, path)
        try:
            answer = unit.call(self.node, calls.EXPORT_INFO, path=path)
        except errors.NodeError as error:
            raise errors.OpPrereqError(error.message, errors.ECODE_ENVIRON) from error
        self.name = str(answer["export"])
        self.export = Export(answer["sections"], f"{self.name} on node {self.node}")

    def completed(self, op: Op, cluster: objects.Cluster) -> Op:
        """The order with everything it does not say taken from the export."""
        export = self.export
        dumps = export.dumps
        if op.disks and len(op.disks) < len(dumps):
            text = f"Not enough disks to import (instance: {len(op.disks)}, export: {len(dumps)})"
            raise wrong(text)
        hypervisor = op.hypervisor or self._hypervisor(cluster)
        beparams = {n: v for n, v in export.beparams.items() if n in (*BE_NUMBERS, *BE_FLAGS)}
        hvparams = export.hvparams if hypervisor == export.instance_value("hypervisor") else {}
        if op.identify_defaults:
            beparams = _own(beparams, cluster.fill_beparams({}))
            hvparams = _own(hvparams, cluster.fill_hvparams(hypervisor, {}))
        return op.replace(
            os_type=op.os_type or export.os or None,
            disks=op.disks or export.disks,
            disk_template=op.disk_template or export.instance_value("disk_template"),
            nics=self._nics(op),
            hypervisor=hypervisor,
            beparams={**beparams, **op.beparams},
            hvparams={**hvparams, **op.hvparams},
            osparams={**export.osparams, **op.osparams},
            osparams_private={**export.osparams_private, **(op.osparams_private or {})},
            tags=op.tags or (export.instance_value("tags") or "").split(),
        )

    def _hypervisor(self, cluster: objects.Cluster) -> str:
        exported = self.export.instance_value("hypervisor")
        return exported if exported in cluster.enabled_hypervisors else cluster.hypervisor

    def _nics(self, op: Op) -> list[dict[str, Any]]:
        """The exported interfaces, or the ordered ones with the exported hardware addresses.

        An instance of another name is another one: the first may still be there with its addresses.
        """
        same = op.instance_name == self.export.name
        exported = self.export.nics
        if not op.nics:
            return exported if same else [_anew(nic) for nic in exported]
        found = []
        for index, nic in enumerate(op.nics):
            keep = same and index < len(exported) and nic.get("mac", SAME) == SAME
            found.append({**nic, "mac": exported[index].get("mac", SAME)} if keep else dict(nic))
        return found

    def restore(
        self, unit: base.Unit[Op], instance: objects.Instance, system: systems.System
    ) -> None:
        """Fill the disks from the dumps; OpExecError if one cannot be."""
        scripts = systems.Scripts(unit, instance, system)
        for index, file in enumerate(self.export.dumps):
            if file is None:
                continue
            unit.job.log(f"importing disk/{index} from {self.name} on {self.node}")
            dump = systems.Dump(index, self.node, self.name, file)
            scripts.restore(dump, reporting(unit.job.log, f"disk/{index}"))
        if self.export.name != instance.name:
            try:
                unit.job.log(f"Running rename script for {instance.name}")
                scripts.rename(self.export.name)
            except errors.OpExecError as error:
                unit.warn(error.message)


def _own(values: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if defaults.get(name) != value}


def _anew(nic: dict[str, Any]) -> dict[str, Any]:
    changed = {name: value for name, value in nic.items() if name != "mac"}
    if "network" in nic and "ip" in nic:
        changed["ip"] = "pool"
    return changed
