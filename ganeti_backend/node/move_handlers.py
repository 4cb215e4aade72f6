"""What a node does to send guests and disks to another node; a part of `NodeHandlers`."""

import base64
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ganeti_backend.hypervisor.base import Hypervisor, instance_name
from ganeti_backend.hypervisor.devices import Devices
from ganeti_backend.node import disk_copies
from ganeti_backend.node.fill_tasks import FillTasks
from ganeti_backend.settings import Settings
from ganeti_backend.storage import seed
from ganeti_backend.storage.base import Progress, Storage

Instance = Mapping[str, Any]
Disk = Mapping[str, Any]


class MoveHandlers:
    """Drivers and tasks are the node's."""

    hypervisor: Hypervisor
    _pretend: bool
    _settings: Settings
    _tasks: FillTasks

    @abstractmethod
    def _storage(self, disk: Disk) -> Storage: ...

    @abstractmethod
    def _devices(self, instance: Instance) -> Devices: ...

    @abstractmethod
    def _seed(self, name: str) -> Path: ...

    @abstractmethod
    def instance_forget(self, name: str) -> None: ...

    def copy_disk(self, order: Mapping[str, Any], progress: Progress) -> None:
        """The work of one copying task. Twins of disks have no content."""
        if not self._pretend:
            disk_copies.send(self._settings, self._storage(order["disk"]), order, progress)

    def disk_copy(
        self, task_id: str, disk: Disk, peer: Mapping[str, Any], compress: str
    ) -> dict[str, Any]:
        self._storage(disk)
        self._tasks.start(task_id, {"disk": disk, "peer": dict(peer), "compress": compress})
        return {"task": task_id, **self._tasks.status(task_id)}

    def disk_write(self, disk: Disk, offset: int, data: str, encoding: str, last: bool) -> None:
        if not self._pretend:
            disk_copies.receive(self._storage(disk), disk, offset, data, encoding, last=last)

    def seed_write(self, instance: Instance, customization: Mapping[str, Any]) -> None:
        if not self._pretend:
            seed.write(self._seed(instance_name(instance)), instance, customization)

    def migration_describe(self, name: str) -> dict[str, Any]:
        image = self._seed(instance_name({"name": name}))
        packed = base64.b64encode(image.read_bytes()).decode() if image.exists() else None
        return {**self.hypervisor.migration.describe(name), "seed": packed}

    def migration_prepare(self, instance: Instance, description: Mapping[str, Any]) -> str:
        image = self._seed(instance_name(instance))
        if description.get("seed"):
            image.write_bytes(base64.b64decode(description["seed"]))
            image.chmod(0o600)
        return self.hypervisor.migration.prepare(instance, self._devices(instance), description)

    def migration_start(self, name: str, address: str, live: bool) -> None:
        self.hypervisor.migration.start(name, address, live=live)

    def migration_progress(self, name: str) -> dict[str, Any]:
        return asdict(self.hypervisor.migration.progress(name))

    def migration_settle(self, name: str, keep: bool) -> None:
        self.hypervisor.migration.settle(name, keep=keep)
        if not keep:
            self.instance_forget(name)
