"""Guests that exist on paper: one small file each, so that they survive the node daemon.

They start and stop at once and say on their console what a real guest says. Everything above the
driver cannot tell the difference.
"""

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganeti_backend.errors import HypervisorError
from ganeti_backend.hypervisor.base import (
    Capabilities,
    Hypervisor,
    Place,
    instance_name,
    memory_of,
    vcpus_of,
)
from ganeti_backend.hypervisor.devices import Attachment, Devices
from ganeti_backend.hypervisor.fake_migration import STAGE, FakeMigration, stage_of
from ganeti_backend.hypervisor.guest_stages import Stage
from ganeti_backend.hypervisor.migration import refuse_in_between

MEMORY = 256 * 1024
RESERVED = 1024
OFF = frozenset({"shutdown", "suspended"})
PROCESSORS = 64


class FakeHypervisor(Hypervisor):
    """Keeps the books in memory too, because a full node is asked often."""

    capabilities = Capabilities(reads_disks=False)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._folder = place.folder / "instances"
        self._lock = threading.Lock()
        self._guests: dict[str, dict[str, Any]] = {}
        for path in self._folder.glob("*.json"):
            self._guests[path.stem] = json.loads(path.read_text())
        self._used = sum(map(_held, self._guests.values()))
        free = lambda: self.host()["memory_free"]  # noqa: E731 - a name for one argument.
        self._migration = FakeMigration(_Books(self), self._folder, free)

    def host(self) -> dict[str, int]:
        """A generous machine."""
        return {
            "memory_total": MEMORY,
            "memory_free": max(MEMORY - RESERVED - self._used, 0),
            "memory_dom0": RESERVED,
            "cpu_total": PROCESSORS,
            "cpu_nodes": 1,
            "cpu_sockets": 1,
            "cpu_dom0": 1,
        }

    def instances(self) -> dict[str, dict[str, Any]]:
        """The books, without guests that stand still on their way to or from another node."""
        shown = ("state", "memory", "vcpus")
        with self._lock:
            return {
                name: {key: guest[key] for key in shown}
                for name, guest in self._guests.items()
                if STAGE not in guest
            }

    def start(self, instance: Mapping[str, Any], devices: Devices, *, paused: bool) -> None:
        """Write the guest down and let it speak."""
        name, needed = instance_name(instance), memory_of(instance)
        free = self.host()["memory_free"]
        with self._lock:
            if name in self._guests and self._guests[name]["state"] not in OFF:
                refuse_in_between(name, stage_of(self._guests[name]))
                if self._guests[name]["state"] == "paused" and not paused:
                    self._put(name, {**self._guests[name], "state": "running"})
                return
            if needed > free:
                raise HypervisorError(f"{needed} MiB of memory needed, {free} MiB free")
            if name in self._guests and self._guests[name]["state"] == "suspended":
                self._put(name, {**self._guests[name], "state": "running"})
                return
            guest: dict[str, Any] = {
                "state": "paused" if paused else "running",
                "memory": needed,
                "vcpus": vcpus_of(instance),
                "banner": _banner(instance),
                "macs": [nic["mac"] for nic in instance.get("nics", ())],
                "disks": [disk["uuid"] for disk in instance.get("disks", ())],
            }
            self._put(name, guest)
        self._say(name, guest["banner"])

    def shutdown(self, name: str, timeout: float, *, force: bool) -> None:
        """Strike the guest out."""
        with self._lock:
            known = name in self._guests
            self._drop(name)
        if known:
            self._say(name, "Power down.\n")

    def reboot(self, name: str, timeout: float, *, hard: bool) -> None:
        """Let the guest say its lines again."""
        with self._lock:
            guest = self._guests.get(name)
        if guest is None or stage_of(guest) is not Stage.HERE:
            raise HypervisorError(f"instance {name} is not running")
        self._say(name, "Restarting system.\n" + guest["banner"])

    def forget(self, name: str) -> None:
        """Remove both files."""
        with self._lock:
            self._drop(name)
        self.place.console(name).unlink(missing_ok=True)

    def console(self, name: str) -> dict[str, Any]:
        """There is no screen."""
        if name not in self._guests:
            raise HypervisorError(f"instance {name} is not running")
        text = f"{name} runs on the fake hypervisor, which has no screen"
        return {"kind": "msg", "message": text}

    def attach_nic(
        self, instance: Mapping[str, Any], nic: Mapping[str, Any], attachment: Attachment
    ) -> None:
        """Write the interface down."""
        with self._lock:
            guest = self._running(instance["name"])
            macs = [mac for mac in guest["macs"] if mac != nic["mac"]]
            self._put(instance["name"], {**guest, "macs": [*macs, nic["mac"]]})

    def detach_nic(self, instance: Mapping[str, Any], nic: Mapping[str, Any]) -> None:
        """Strike the interface out."""
        with self._lock:
            guest = self._guests.get(instance["name"])
            if guest is not None and nic["mac"] in guest["macs"]:
                macs = [mac for mac in guest["macs"] if mac != nic["mac"]]
                self._put(instance["name"], {**guest, "macs": macs})

    def attach_disk(self, instance: Mapping[str, Any], disk: Mapping[str, Any], path: str) -> None:
        """Write the disk down."""
        with self._lock:
            guest = self._running(instance["name"])
            others = [uuid for uuid in guest.get("disks", ()) if uuid != disk["uuid"]]
            self._put(instance["name"], {**guest, "disks": [*others, disk["uuid"]]})

    def detach_disk(self, name: str, disk: Mapping[str, Any]) -> None:
        """Strike the disk out."""
        with self._lock:
            guest = self._guests.get(name)
            if guest is not None and disk["uuid"] in guest.get("disks", ()):
                others = [uuid for uuid in guest["disks"] if uuid != disk["uuid"]]
                self._put(name, {**guest, "disks": others})

    def set_memory(self, name: str, memory: int) -> None:
        """Write it down."""
        with self._lock:
            self._put(name, {**self._running(name), "memory": memory})

    def hold(self, name: str) -> bool:
        """Write it down."""
        with self._lock:
            guest = self._guests.get(name)
            if guest is None or stage_of(guest) is not Stage.HERE or guest["state"] != "running":
                return False
            self._put(name, {**guest, "state": "paused"})
            return True

    def let_go(self, name: str) -> None:
        """Write that down, too."""
        with self._lock:
            guest = self._guests.get(name)
            if guest is not None and guest["state"] == "paused":
                self._put(name, {**guest, "state": "running"})

    def suspend(self, name: str) -> None:
        """Write it down."""
        with self._lock:
            guest = self._guests.get(name)
            if guest is None or guest["state"] == "suspended":
                return
            self._put(name, {**self._running(name), "state": "suspended"})

    def disk_grown(self, path: str, size: int) -> None:
        """No guest looks at its disk."""

    @property
    def migration(self) -> FakeMigration:
        """From folder to folder."""
        return self._migration

    def close(self) -> None:
        """Nothing is held."""

    def _running(self, name: str) -> dict[str, Any]:
        guest = self._guests.get(name)
        if guest is None or guest["state"] in OFF or stage_of(guest) is not Stage.HERE:
            raise HypervisorError(f"instance {name} is not running")
        return guest

    def _put(self, name: str, guest: dict[str, Any]) -> None:
        temporary = self._folder / f".{name}.new"
        temporary.write_text(json.dumps(guest))
        temporary.rename(self._file(name))
        self._used += _held(guest) - _held(self._guests.get(name))
        self._guests[name] = guest

    def _drop(self, name: str) -> None:
        if (guest := self._guests.pop(name, None)) is not None:
            self._used -= _held(guest)
            self._file(name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _say(self, name: str, text: str) -> None:
        with self.place.console(name).open("a") as file:
            file.write(text)


class _Books:
    """The driver's guests as its migrations see them."""

    def __init__(self, driver: FakeHypervisor) -> None:
        self._driver = driver

    def guest(self, name: str) -> dict[str, Any] | None:
        return self._driver._guests.get(name)

    def put(self, name: str, guest: dict[str, Any]) -> None:
        with self._driver._lock:
            self._driver._put(name, guest)

    def drop(self, name: str) -> None:
        with self._driver._lock:
            self._driver._drop(name)

    def say(self, name: str, text: str) -> None:
        self._driver._say(name, text)


def _held(guest: Mapping[str, Any] | None) -> int:
    """The memory that a guest takes away from the others, MiB."""
    return 0 if guest is None or guest["state"] in OFF else int(guest["memory"])


def _banner(instance: Mapping[str, Any]) -> str:
    """The lines of a boot."""
    name = instance["name"]
    nics = [nic for nic in instance.get("nics", ()) if nic.get("ip")]
    addresses = "".join(f" eth{index}={nic['ip']}" for index, nic in enumerate(nics))
    return (
        f"Booting {name} on the fake hypervisor\n"
        f"memory {memory_of(instance)} MiB, {vcpus_of(instance)} vcpu, "
        f"{len(instance.get('disks', ()))} disk(s), {len(instance.get('nics', ()))} nic(s)\n"
        f"GUEST-READY host={name}{addresses}\n"
    )
