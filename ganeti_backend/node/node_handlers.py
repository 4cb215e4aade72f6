"""What a node does for each call: every public method is the handler of the call of its name.

Here drivers meet: disks and attachments become the devices that the hypervisor gives a guest.
"""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ganeti_backend
from ganeti_backend import hypervisor, network, storage
from ganeti_backend.errors import HypervisorError
from ganeti_backend.hypervisor.base import Place, instance_name
from ganeti_backend.hypervisor.devices import Devices
from ganeti_backend.node import console_files, emulator_certificates, hook_scripts
from ganeti_backend.node.disk_handlers import DiskHandlers
from ganeti_backend.node.fill_tasks import FillTasks
from ganeti_backend.node.move_handlers import MoveHandlers
from ganeti_backend.node.node_care import NodeCare
from ganeti_backend.node.node_certificates import NodeCertificates
from ganeti_backend.node.os_handlers import OsHandlers
from ganeti_backend.node_rpc.calls import CALLS
from ganeti_backend.node_rpc.server import Handler
from ganeti_backend.replication.replica import Replica
from ganeti_backend.settings import NodeSettings, Settings
from ganeti_backend.storage import image_copy, saved, seed
from ganeti_backend.storage.base import Progress, Storage

Instance = Mapping[str, Any]
Disk = Mapping[str, Any]
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SOFT, HARD, FULL = "soft", "hard", "full"


class NodeHandlers(DiskHandlers, MoveHandlers):
    """One node with its drivers."""

    def __init__(self, settings: Settings, node: NodeSettings) -> None:
        self._settings = settings
        self._folder = node.dir
        self._name = node.name
        self._hooks = settings.hooks_of(node)
        place = Place(
            node.dir,
            node.name,
            settings.libvirt_uri,
            settings.accelerator,
            node.address,
            emulator_certificates.folder(node.dir, settings.tls),
        )
        self.hypervisor = hypervisor.build(settings.hypervisor, place)
        self._network = network.build(settings.network)
        self._pretend = not self.hypervisor.capabilities.reads_disks
        self._storages: dict[str, Storage] = storage.of_node(
            settings.disk_templates,
            node.dir / "disks",
            settings.shared_dir,
            pretend=self._pretend,
        )
        self.certificates = NodeCertificates(settings.tls, node.name)
        self._care = NodeCare(settings, node, self.hypervisor, self._storages)
        self.held_guests = node.dir / "held"
        self.held_guests.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._tasks = FillTasks(node.dir / "tasks", self._fill)
        self._systems = OsHandlers(settings, node, self._storage, self._pretend)
        self._replica = Replica(node.dir / "replica")
        self.stop = threading.Event()

    def table(self) -> dict[str, Handler]:
        """Call name to handler."""
        care = self._care.table() | self._systems.table() | self.certificates.table()
        return care | {name: getattr(self, name) for name in CALLS if name not in care}

    def version(self) -> dict[str, str]:
        return {"version": getattr(ganeti_backend, "__version__", "0"), "node": self._name}

    def node_info(self) -> dict[str, Any]:
        spaces = [driver.space() for driver in self._storages.values()]
        largest = max(spaces, key=lambda space: space.total)
        return {
            **self.hypervisor.host(),
            "disk_total": largest.total,
            "disk_free": largest.free,
            "bootid": BOOT_ID.read_text().strip(),
        }

    def instances_info(self) -> dict[str, dict[str, Any]]:
        return self.hypervisor.instances()

    def instance_start(self, instance: Instance, paused: bool) -> None:
        self.hypervisor.start(instance, self._devices(instance), paused=paused)

    def instance_shutdown(self, name: str, timeout: float, force: bool) -> None:
        self.hypervisor.shutdown(name, float(timeout), force=force)
        self._network.release(name)

    def instance_reboot(self, instance: Instance, kind: str, timeout: float) -> None:
        name = instance_name(instance)
        if kind not in {SOFT, HARD, FULL}:
            raise HypervisorError(f"unknown kind of reboot {kind!r}")
        if kind == FULL:
            self.instance_shutdown(name, timeout, force=False)
            self.instance_start(instance, paused=False)
        else:
            self.hypervisor.reboot(name, float(timeout), hard=kind == HARD)

    def instance_pause(self, name: str) -> None:
        self.hypervisor.hold(name)

    def instance_unpause(self, name: str) -> None:
        self.hypervisor.let_go(name)

    def instance_suspend(self, name: str) -> None:
        self.hypervisor.suspend(name)

    def instance_forget(self, name: str) -> None:
        instance_name({"name": name})
        self.hypervisor.forget(name)
        self._network.release(name)
        self._seed(name).unlink(missing_ok=True)

    def instance_rename(self, name: str, new_name: str) -> None:
        """What is kept under an instance's name, kept under its new one; the guest is down."""
        for each in (name, new_name):
            instance_name({"name": each})
        if name == new_name:
            return
        place = self.hypervisor.place
        moves = (
            (self._seed(name), self._seed(new_name)),
            (place.console(name), place.console(new_name)),
        )
        for old, new in moves:
            if old.exists():
                old.replace(new)
        self.hypervisor.forget(name)

    def instance_console(self, name: str) -> dict[str, Any]:
        return self.hypervisor.console(name)

    def console_output(self, name: str, length: int | None) -> dict[str, str]:
        instance_name({"name": name})
        return {"output": console_files.tail(self.hypervisor.place.console(name), length)}

    def disk_remove(self, disk: Disk) -> None:
        self._systems.release_disk(disk)
        super().disk_remove(disk)

    def image_fill(self, task_id: str, wait: float, **order: Any) -> dict[str, Any]:
        # A name that cannot be is refused at once; the copy itself reports through the task.
        image_copy.find(self._settings.image_dir, order["image_id"], order["image_format"])
        self._tasks.start(task_id, order)
        return {"task": task_id, **self._tasks.status(task_id, wait)}

    def disk_save(self, task_id: str, wait: float, **order: Any) -> dict[str, Any]:
        self._tasks.start(task_id, order)
        return {"task": task_id, **self._tasks.status(task_id, wait)}

    def image_sums(self, file: str) -> dict[str, Any]:
        return saved.sums(self._settings.image_dir, file)

    def task_status(self, task_id: str, wait: float, percent: int | None) -> dict[str, Any]:
        if self._systems.tasks.knows(task_id):
            return self._systems.tasks.status(task_id, wait, percent)
        return self._tasks.status(task_id, wait, percent)

    def hooks_run(self, hooks_path: str, phase: str, env: Mapping[str, str]) -> list[list[str]]:
        return hook_scripts.run(self._hooks, hooks_path, phase, env)

    def hotplug_nic(self, instance: Instance, action: str, nic: Mapping[str, Any]) -> None:
        name = instance_name(instance)
        if action not in {"add", "remove", "modify"}:
            raise HypervisorError(f"cannot {action!r} an interface")
        if action in {"remove", "modify"}:
            self.hypervisor.detach_nic(instance, nic)
            self._network.release(name, nic)
        if action in {"add", "modify"}:
            attachment = self._network.attachment(name, nic)
            self.hypervisor.attach_nic(instance, nic, attachment)

    def replica_update(self, **batch: Any) -> dict[str, Any]:
        return self._replica.update(**batch)

    def replica_status(self) -> dict[str, Any]:
        return self._replica.status()

    def test_delay(self, duration: float) -> None:
        self.stop.wait(float(duration))

    def close(self) -> None:
        """Let go of the drivers; guests run on."""
        self.stop.set()
        self._replica.close()
        self.hypervisor.close()

    def _devices(self, instance: Instance) -> Devices:
        """What the guest gets of this node."""
        name = instance_name(instance)
        image = self._seed(name)
        return Devices(
            disks=[self._storage(disk).path(disk) for disk in instance.get("disks") or ()],
            attachments=[self._network.attachment(name, n) for n in instance.get("nics") or ()],
            seed=str(image) if image.exists() else None,
        )

    def _seed(self, name: str) -> Path:
        return self._folder / "seeds" / f"{name}.iso"

    def _fill(self, order: Mapping[str, Any], progress: Progress) -> None:
        """The work of one task: the disk's content, then the seed beside it."""
        if "peer" in order:
            self.copy_disk(order, progress)
            return
        if self.fill_locally(order, progress):
            return
        if "file" in order:
            path = Path(self._systems.content(order["disk"]))
            with self._standing_still(order.get("guest")):
                saved.save(path, self._settings.image_dir, order["file"], progress)
            return
        disk, instance = order["disk"], order["instance"]
        image = image_copy.find(self._settings.image_dir, order["image_id"], order["image_format"])
        self._storage(disk).fill(disk, image, progress)
        if self._pretend and order.get("data") and image.format == "raw":
            # A volume's bytes outlive its guests on paper, too.
            image_copy.copy(image, Path(self._systems.content(disk)), progress)
        if not self._pretend and not order.get("data"):
            seed.write(self._seed(instance_name(instance)), instance, order["customization"] or {})
