"""What the nodes in memory answer to calls of `node/node_care.py`."""

from typing import Any

from ganeti_backend.node_rpc.fake_disks import DiskBooks, RefusalError

GROUP, VOLUME = "xenvg", "/dev/fake1"


class FakeCare:
    """A volume group on one physical volume, whatever the disks are."""

    def _volumes(self, node: DiskBooks) -> list[dict[str, Any]]:
        common = {"vg": GROUP, "phys": VOLUME}
        return [{**common, "name": u, "disk": u, "size": size} for u, size in node.disks.items()]

    def _storage_list(
        self, node: DiskBooks, storage_type: str, name: str | None
    ) -> list[dict[str, Any]]:
        names = {"lvm-vg": GROUP, "lvm-pv": VOLUME}
        unit: dict[str, Any] = {"name": names.get(storage_type, "/fake/disks")}
        used = sum(node.disks.values())
        unit |= {"size": node.disk_space, "used": used, "free": node.disk_space - used}
        unit["allocatable"] = storage_type != "lvm-pv" or getattr(node, "allocatable", True)
        if name not in (None, unit["name"]):
            raise RefusalError(f"there is no storage unit {name} of type {storage_type}")
        return [unit]

    def _storage_modify(
        self, node: Any, storage_type: str, name: str, changes: dict[str, Any]
    ) -> None:
        self._storage_list(node, storage_type, name)
        node.allocatable = changes["allocatable"]

    def _storage_repair(self, node: DiskBooks, storage_type: str, name: str) -> None:
        self._storage_list(node, storage_type, name)

    def _certificate_request(self, node: Any) -> dict[str, str | None]:
        return {"csr": None}

    def _certificate_install(self, node: Any, trusted: str, certificate: str | None) -> None:
        """There is no line whose certificates could be renewed."""

    def _node_powercycle(self, node: Any) -> str:
        node.guests.clear()
        return "Reboot scheduled in 5 seconds"

    def _restricted_command(self, node: Any, command: str) -> dict[str, str]:
        if command not in node.commands:
            raise RefusalError(f"there is no restricted command {command}")
        return {"output": node.commands[command]}
