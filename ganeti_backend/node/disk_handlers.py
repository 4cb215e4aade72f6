"""What a node does for calls about disks; a part of `NodeHandlers`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ganeti_backend.errors import GenericError, HypervisorError
from ganeti_backend.hypervisor.base import Hypervisor, instance_name
from ganeti_backend.node.fill_tasks import FillTasks
from ganeti_backend.storage.base import Image, Progress, Storage

Instance = Mapping[str, Any]
Disk = Mapping[str, Any]


class DiskHandlers:
    """The storage drivers of one node."""

    hypervisor: Hypervisor
    held_guests: Path  # A note of each guest that stands still for a snapshot.
    _storages: dict[str, Storage]
    _tasks: FillTasks

    def disk_create(self, instance_name: str, disk: Disk) -> dict[str, str]:
        return {"path": self._storage(disk).create(disk)}

    def disk_remove(self, disk: Disk) -> None:
        self._tasks.cancel(disk.get("uuid"))
        self._storage(disk).remove(disk)

    def disk_grow(self, disk: Disk, amount: int) -> None:
        driver = self._storage(disk)
        size = driver.grow(disk, int(amount))
        self.hypervisor.disk_grown(driver.path(disk), size)

    def disk_activate(self, disk: Disk, role: str, peer: str | None) -> dict[str, str]:
        return {"path": self._storage(disk).activate(disk, role, peer)}

    def disk_deactivate(self, disk: Disk) -> None:
        self._storage(disk).deactivate(disk)

    def disk_status(self, disk: Disk) -> dict[str, Any] | None:
        found = self._storage(disk).status(disk)
        return asdict(found) if found is not None else None

    def disk_replace(self, disk: Disk) -> None:
        self._storage(disk).replace(disk)

    def disk_snapshot(
        self, task_id: str, disk: Disk, name: str, wait: float, **more: Any
    ) -> dict[str, Any]:
        self._tasks.start(task_id, {"disk": disk, "snapshot": name, **more})
        return {"task": task_id, **self._tasks.status(task_id, wait)}

    def _snapshot(self, order: Mapping[str, Any], progress: Progress) -> None:
        disks = [order["disk"], *order.get("others", ())]
        with self._standing_still(order.get("guest")):
            for number, disk in enumerate(disks):

                def part(percent: int, number: int = number) -> None:
                    progress((100 * number + percent) // len(disks))

                self._storage(disk).snapshot(disk, order["snapshot"], part)

    @contextmanager
    def _standing_still(self, guest: str | None) -> Iterator[None]:
        """Hold a running guest. Should this daemon die, the next one lets it go with the task."""
        if guest is None:
            yield
            return
        note = self.held_guests / instance_name({"name": guest})
        held = note.exists()
        note.touch()
        held = self.hypervisor.hold(guest) or held
        try:
            yield
        finally:
            if held:
                self.hypervisor.let_go(guest)
            note.unlink(missing_ok=True)

    def disk_snapshot_remove(self, disk: Disk, name: str) -> None:
        self._tasks.cancel(disk.get("uuid"))
        self._storage(disk).drop_snapshot(disk, name)

    def disk_transfer(self, task_id: str, source: Disk, disk: Disk, wait: float) -> dict[str, Any]:
        self._tasks.start(task_id, {"disk": disk, "source": source})
        return {"task": task_id, **self._tasks.status(task_id, wait)}

    def fill_locally(self, order: Mapping[str, Any], progress: Progress) -> bool:
        """The work of a task whose data is on this node; False if it is another kind of task."""
        disk = order["disk"]
        driver = self._storage(disk)
        if "source" in order:
            path = Path(self._storage(order["source"]).path(order["source"]))
            driver.fill(disk, Image(path, "raw"), progress)
        elif order.get("action") == "revert":
            driver.revert(disk, order["snapshot"], progress)
        elif "snapshot" in order:
            self._snapshot(order, progress)
        else:
            return False
        return True

    def instance_balloon(self, name: str, memory: int) -> None:
        self.hypervisor.set_memory(name, memory)

    def disk_convert(self, disk: Disk, template: str) -> dict[str, str]:
        return {"path": self._storage(disk).convert(disk, template)}

    def hotplug_disk(self, instance: Instance, action: str, disk: Disk) -> None:
        name = instance_name(instance)
        if action == "add":
            self.hypervisor.attach_disk(instance, disk, self._storage(disk).path(disk))
        elif action == "remove":
            self.hypervisor.detach_disk(name, disk)
        else:
            raise HypervisorError(f"cannot {action!r} a disk")

    def _storage(self, disk: Disk) -> Storage:
        template = disk.get("template")
        if template not in self._storages:
            known = ", ".join(self._storages)
            raise GenericError(f"disk template {template!r} is not enabled here, only {known}")
        return self._storages[template]
