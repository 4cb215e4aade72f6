"""Guests run by QEMU through libvirt, by default with libvirt's driver inside this very process.

The embedded driver (`qemu:///embed?root=…`) needs no libvirtd and no rights. Guests are processes
of their own: they run on when the node daemon ends or is killed, and the next one finds them again
by what the driver keeps below its root. libvirt allows one embedded driver in a process, and one
process for a root.
"""

import fcntl
import functools
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import libvirt

from ganeti_backend.errors import HypervisorError
from ganeti_backend.hypervisor import devices_of, domain_xml, embedded_root, libvirt_events
from ganeti_backend.hypervisor.base import Capabilities, Hypervisor, Place, instance_name
from ganeti_backend.hypervisor.devices import Attachment, Devices
from ganeti_backend.hypervisor.host import processors, read_memory
from ganeti_backend.hypervisor.libvirt_guest_events import GuestEvents
from ganeti_backend.hypervisor.libvirt_migration import LibvirtMigration
from ganeti_backend.hypervisor.migration import refuse_in_between

log = logging.getLogger(__name__)

DETACH_TIMEOUT = 12.0
CONSOLE_LIMIT = 8 << 20
UNDEFINE = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
)
STATS = (
    libvirt.VIR_DOMAIN_STATS_STATE
    | libvirt.VIR_DOMAIN_STATS_BALLOON
    | libvirt.VIR_DOMAIN_STATS_VCPU
)
OFF = {
    libvirt.VIR_DOMAIN_SHUTOFF,
    libvirt.VIR_DOMAIN_CRASHED,
    libvirt.VIR_DOMAIN_NOSTATE,
}


@contextmanager
def translated(what: str) -> Iterator[None]:
    """libvirt's errors as the cluster manager's."""
    try:
        yield
    except libvirt.libvirtError as error:
        raise HypervisorError(f"{what}: {error.get_error_message() or error}") from error


class LibvirtHypervisor(Hypervisor):
    """The guests of one node: domains of one connection, marked with the node's name."""

    capabilities = Capabilities()

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._uri = place.uri.format(node_dir=quote(str(place.folder)))
        # What libvirt learns about the emulator in seconds holds for all nodes of a machine.
        self._cache = place.folder.parent / "libvirt-cache"
        self._uri = embedded_root.prepare(self._uri, self._cache)
        libvirt_events.start()
        with translated(f"cannot connect to {self._uri}"):
            self._connection = libvirt.open(self._uri)
            self._events = GuestEvents(self._connection)
        self._migration = LibvirtMigration(
            place, self._connection, self._find, translated, self.forget
        )
        threading.Thread(target=self._warm_up, name="libvirt-warm-up", daemon=True).start()

    def host(self) -> dict[str, int]:
        """From /proc: libvirt counts only one NUMA node on some machines."""
        memory = read_memory()
        guests = sum(
            guest["memory"]
            for guest in self.instances().values()
            if guest["state"] not in {"shutdown", "suspended"}
        )
        own = max(memory.total - memory.available - guests, 0)
        return {
            "memory_total": memory.total,
            "memory_free": max(memory.total - own - guests, 0),
            "memory_dom0": own,
            **processors(),
        }

    def instances(self) -> dict[str, dict[str, Any]]:
        """All domains in one call that waits for no guest, without those between two nodes."""
        flags = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
        with translated("cannot list guests"):
            found = self._connection.getAllDomainStats(STATS, flags)
        listed = {}
        for dom, stats in found:
            facts = _facts(stats)
            waits = facts["state"] == "paused" and self._migration.in_between(dom)
            if facts["state"] == "shutdown" and dom.hasManagedSaveImage():
                facts["state"] = "suspended"
            if self._is_ours(dom) and not waits:
                listed[dom.name()] = facts
        return listed

    def start(self, instance: Mapping[str, Any], devices: Devices, *, paused: bool) -> None:
        """Define anew with the present parameters, then start."""
        name = instance_name(instance)
        log_file = self.place.console(name)
        machine = domain_xml.Machine(self.place.accelerator, self.place.node, str(log_file))
        document = domain_xml.domain(instance, devices, machine)
        with translated(f"cannot start {name}"):
            old = self._find(name)
            if old is not None and old.isActive():
                refuse_in_between(name, self._migration.progress(name).stage)
                _resume(old, paused)
                return
            if old is not None and old.hasManagedSaveImage():
                old.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED if paused else 0)
                return
            if old is not None:
                old.undefineFlags(UNDEFINE)
            _limit(log_file)
            dom = self._connection.defineXML(document)
            try:
                dom.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED if paused else 0)
            except libvirt.libvirtError:
                dom.undefineFlags(UNDEFINE)
                raise

    def shutdown(self, name: str, timeout: float, *, force: bool) -> None:
        """Press the power button until the guest is off, then pull the plug."""
        with translated(f"cannot stop {name}"), self._events.stop_expected(name):
            dom = self._find(name)
            if dom is None:
                return
            if not force and timeout > 0:
                if dom.isActive():
                    _resume(dom, paused=False)  # Who stands still hears no button.
                press = functools.partial(
                    dom.shutdownFlags, libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN
                )
                self._events.press(press, lambda: not dom.isActive(), timeout)
            _destroy(dom)
            dom.undefineFlags(UNDEFINE)

    def reboot(self, name: str, timeout: float, *, hard: bool) -> None:
        """Press the power button with the promise of a restart, else reset."""
        with translated(f"cannot reboot {name}"):
            dom = self._find(name)
            if dom is None or not dom.isActive():
                raise HypervisorError(f"instance {name} is not running")
            before = self._events.reboots(name)
            if not hard and timeout > 0:
                press = functools.partial(dom.reboot, libvirt.VIR_DOMAIN_REBOOT_ACPI_POWER_BTN)
                if self._events.press(press, lambda: self._events.reboots(name) > before, timeout):
                    return
                log.info("%s did not reboot by itself in %g s, resetting it", name, timeout)
            dom.reset()

    def forget(self, name: str) -> None:
        """Pull the plug and remove definition and console file."""
        with translated(f"cannot remove {name}"), self._events.stop_expected(name):
            dom = self._find(name)
            if dom is not None:
                _destroy(dom)
                dom.undefineFlags(UNDEFINE)
        self._events.forget(name)
        self.place.console(name).unlink(missing_ok=True)

    def console(self, name: str) -> dict[str, Any]:
        """The VNC port of the running guest."""
        with translated(f"no console of {name}"):
            dom = self._find(name)
            if dom is None or not dom.isActive():
                raise HypervisorError(f"instance {name} is not running")
            graphics = ET.fromstring(dom.XMLDesc()).find("devices/graphics[@type='vnc']")
        if graphics is None or int(graphics.get("port", "-1")) < 0:
            raise HypervisorError(f"instance {name} has no VNC screen")
        host = graphics.get("listen") or "127.0.0.1"
        return {"kind": "vnc", "host": host, "port": int(graphics.get("port", "-1"))}

    def attach_nic(
        self, instance: Mapping[str, Any], nic: Mapping[str, Any], attachment: Attachment
    ) -> None:
        """Plug in, unless an interface with this MAC is there."""
        name = instance["name"]
        with translated(f"cannot attach an interface to {name}"):
            dom = self._running(name)
            if devices_of.interface(dom.XMLDesc(), nic) is None:
                element = domain_xml.interface(nic, attachment)
                dom.attachDeviceFlags(domain_xml.tostring(element), libvirt.VIR_DOMAIN_AFFECT_LIVE)

    def detach_nic(self, instance: Mapping[str, Any], nic: Mapping[str, Any]) -> None:
        """Ask the guest to let go of the interface until it does."""
        self._detach(instance["name"], devices_of.interface, nic, f"interface {nic['mac']}")

    def attach_disk(self, instance: Mapping[str, Any], disk: Mapping[str, Any], path: str) -> None:
        """Plug in under the first free device name, unless the disk is there."""
        name = instance["name"]
        with translated(f"cannot attach a disk to {name}"):
            dom = self._running(name)
            found = dom.XMLDesc()
            if devices_of.disk(found, disk) is None:
                element = domain_xml.disk(disk, path, devices_of.free_place(found))
                dom.attachDeviceFlags(domain_xml.tostring(element), libvirt.VIR_DOMAIN_AFFECT_LIVE)

    def detach_disk(self, name: str, disk: Mapping[str, Any]) -> None:
        """Ask the guest to let go of the disk until it does."""
        self._detach(name, devices_of.disk, disk, f"disk {disk['uuid']}")

    def _detach(
        self, name: str, find: devices_of.Find, thing: Mapping[str, Any], shown: str
    ) -> None:
        """A guest is only asked to let go of a device, and one that is booting does not hear."""
        with translated(f"cannot detach {shown} from {name}"):
            dom = self._find(name)

            def gone() -> bool:
                active = dom is not None and dom.isActive()
                return not active or find(dom.XMLDesc(), thing) is None

            def ask() -> None:
                element = find(dom.XMLDesc(), thing)
                if element is not None:
                    text = domain_xml.tostring(element)
                    dom.detachDeviceFlags(text, libvirt.VIR_DOMAIN_AFFECT_LIVE)

            if not gone() and not self._events.press(ask, gone, DETACH_TIMEOUT):
                raise HypervisorError(f"guest {name} does not let go of {shown}")

    def set_memory(self, name: str, memory: int) -> None:
        """By the balloon; a guest without its driver keeps what it has."""
        with translated(f"cannot change the memory of {name}"):
            dom = self._running(name)
            most = dom.maxMemory() // 1024
            if memory > most:
                raise HypervisorError(f"{name} was started with at most {most} MiB of memory")
            dom.setMemoryFlags(memory * 1024, libvirt.VIR_DOMAIN_AFFECT_LIVE)

    def hold(self, name: str) -> bool:
        """The emulator writes out what it has of the disks' content before it stands still."""
        with translated(f"cannot pause {name}"):
            dom = self._find(name)
            if dom is None or not dom.isActive() or dom.state()[0] != libvirt.VIR_DOMAIN_RUNNING:
                return False
            dom.suspend()
            return True

    def let_go(self, name: str) -> None:
        """Resume it."""
        with translated(f"cannot let {name} go on"):
            dom = self._find(name)
            if dom is not None and dom.isActive():
                _resume(dom, paused=False)

    def suspend(self, name: str) -> None:
        """By libvirt's managed save, which belongs to the definition and goes with it."""
        with translated(f"cannot suspend {name}"), self._events.stop_expected(name):
            dom = self._find(name)
            if dom is not None and dom.isActive():
                dom.managedSave(0)

    def disk_grown(self, path: str, size: int) -> None:
        """Tell the running guest that has this disk."""
        with translated("cannot tell the guest the disk's new size"):
            for dom in self._connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
                sources = ET.fromstring(dom.XMLDesc()).iterfind("devices/disk/source")
                if any(source.get("file") == path for source in sources):
                    dom.blockResize(path, size << 20, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)

    @property
    def migration(self) -> LibvirtMigration:
        """From emulator to emulator."""
        return self._migration

    def close(self) -> None:
        """Close the connection; guests run on."""
        with translated("cannot disconnect"):
            self._connection.close()

    def _warm_up(self) -> None:
        """Let libvirt learn about the emulator before the first guest has to wait for that.

        One node at a time: the others then find the answer in the shared cache.
        """
        self._cache.mkdir(parents=True, exist_ok=True)
        try:
            with (self._cache / "lock").open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                kind = self.place.accelerator
                self._connection.getDomainCapabilities(None, "x86_64", domain_xml.MACHINE, kind)
        except libvirt.libvirtError as error:
            log.error("guests of type %s cannot run here: %s", self.place.accelerator, error)

    def _find(self, name: str) -> Any:
        """The domain of this name, or None."""
        try:
            return self._connection.lookupByName(name)
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                return None
            raise

    def _running(self, name: str) -> Any:
        dom = self._find(name)
        if dom is None or not dom.isActive():
            raise HypervisorError(f"instance {name} is not running")
        return dom

    def _is_ours(self, dom: Any) -> bool:
        """On a daemon shared by several nodes each sees its own; an embedded one has no others."""
        if embedded_root.of(self._uri) is not None:
            return True
        try:
            mark = dom.metadata(libvirt.VIR_DOMAIN_METADATA_DESCRIPTION, None)
        except libvirt.libvirtError:
            # Somebody else's domain has no description at all.
            return False
        return bool(mark == domain_xml.mark(self.place.node))


def _facts(stats: Mapping[str, Any]) -> dict[str, Any]:
    state = stats.get("state.state", libvirt.VIR_DOMAIN_NOSTATE)
    if state in OFF:
        shown = "shutdown"
    else:
        shown = "paused" if state == libvirt.VIR_DOMAIN_PAUSED else "running"
    memory = int(stats.get("balloon.current", stats.get("balloon.maximum", 0)))
    vcpus = int(stats.get("vcpu.current", stats.get("vcpu.maximum", 0)))
    return {"state": shown, "memory": memory // 1024, "vcpus": vcpus}


def _resume(dom: Any, paused: bool) -> None:
    if not paused and dom.state()[0] == libvirt.VIR_DOMAIN_PAUSED:
        dom.resume()


def _destroy(dom: Any) -> None:
    if not dom.isActive():
        return
    try:
        dom.destroyFlags(libvirt.VIR_DOMAIN_DESTROY_DEFAULT)
    except libvirt.libvirtError:
        # It may have ended by itself between the look and the deed.
        if dom.isActive():
            raise


def _limit(path: Path) -> None:
    """Empty a console file that has become too long; the emulator appends, so this is safe."""
    if path.exists() and path.stat().st_size > CONSOLE_LIMIT:
        os.truncate(path, 0)
