"""Builds libvirt's description of a domain: one function for each device, nothing is executed here.

Every device is stated in full, also where libvirt has a default, so that a newer libvirt makes the
same machine. Whole documents are compared with `tests/golden/domain_xml`.
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ganeti_backend.errors import HypervisorError
from ganeti_backend.hypervisor.base import memory_of, vcpus_of
from ganeti_backend.hypervisor.devices import Attachment, Devices

MACHINE = "pc"
BUS_LETTERS = "abcdefghijklmnopqrstuvwxyz"
VIDEO_MEMORY = "16384"
KERNEL_ARGS = "ro console=ttyS0"


@dataclass(frozen=True)
class Machine:
    """What differs between nodes, not between instances."""

    domain_type: str
    node: str
    console_log: str


def domain(instance: Mapping[str, Any], devices: Devices, machine: Machine) -> str:
    """The whole document."""
    hvparams = instance.get("hvparams") or {}
    root = ET.Element("domain", type=machine.domain_type)
    _text(root, "name", instance["name"])
    _text(root, "uuid", instance["uuid"])
    _text(root, "description", mark(machine.node))
    _text(root, "memory", str(memory_of(instance)), unit="MiB")
    _text(root, "vcpu", str(vcpus_of(instance)), placement="static")
    root.append(boot(hvparams))
    root.append(features(hvparams))
    cpu = processor(hvparams, machine.domain_type)
    if cpu is not None:
        root.append(cpu)
    root.append(clock())
    for event, action in (("poweroff", "destroy"), ("reboot", "restart"), ("crash", "destroy")):
        _text(root, f"on_{event}", action)
    root.append(_devices(instance, devices, machine))
    return tostring(root)


def mark(node: str) -> str:
    """How a domain says whose it is, on a libvirt that serves several nodes."""
    return f"instance of node {node}"


def boot(hvparams: Mapping[str, Any]) -> ET.Element:
    """From the disk by BIOS, or a kernel given by the node's administrator."""
    element = ET.Element("os")
    _text(element, "type", "hvm", arch="x86_64", machine=hvparams.get("machine_version") or MACHINE)
    kernel = hvparams.get("kernel_path")
    if not kernel:
        ET.SubElement(element, "boot", dev="hd")
        return element
    _text(element, "kernel", kernel)
    if hvparams.get("initrd_path"):
        _text(element, "initrd", hvparams["initrd_path"])
    arguments = hvparams.get("kernel_args") or KERNEL_ARGS
    root_path = hvparams.get("root_path")
    _text(element, "cmdline", f"root={root_path} {arguments}" if root_path else arguments)
    return element


def features(hvparams: Mapping[str, Any]) -> ET.Element:
    """ACPI is how a guest hears that it should power off."""
    element = ET.Element("features")
    if hvparams.get("acpi", True):
        ET.SubElement(element, "acpi")
    ET.SubElement(element, "apic")
    return element


def processor(hvparams: Mapping[str, Any], domain_type: str) -> ET.Element | None:
    """The host's own where it runs natively; else the emulator's plain one, which is quicker."""
    wanted = hvparams.get("cpu_type")
    if wanted and wanted != "default":
        element = ET.Element("cpu", mode="custom", match="exact", check="none")
        _text(element, "model", wanted, fallback="forbid")
        return element
    if domain_type == "kvm":
        return ET.Element("cpu", mode="host-passthrough", check="none", migratable="on")
    return None


def clock() -> ET.Element:
    """The hardware clock shows UTC."""
    element = ET.Element("clock", offset="utc")
    ET.SubElement(element, "timer", name="rtc", tickpolicy="catchup")
    ET.SubElement(element, "timer", name="pit", tickpolicy="delay")
    ET.SubElement(element, "timer", name="hpet", present="no")
    return element


def _devices(instance: Mapping[str, Any], devices: Devices, machine: Machine) -> ET.Element:
    element = ET.Element("devices")
    given = instance.get("disks") or ()
    for index, (item, path) in enumerate(zip(given, devices.disks, strict=True)):
        element.append(disk(item, path, index))
    if devices.seed is not None:
        element.append(seed(devices.seed, len(given)))
    nics = instance.get("nics") or ()
    for item, attachment in zip(nics, devices.attachments, strict=True):
        element.append(interface(item, attachment))
    element.append(serial(machine.console_log))
    element.append(screen(instance.get("hvparams") or {}))
    element.append(video())
    element.append(ET.Element("controller", type="usb", model="none"))
    element.append(ET.Element("memballoon", model="virtio", autodeflate="on"))
    element.append(random())
    return element


def disk(item: Mapping[str, Any], path: str, index: int) -> ET.Element:
    """A raw file; the format is stated so that the emulator never guesses it from the content."""
    element = ET.Element("disk", type="file", device="disk")
    ET.SubElement(
        element, "driver", name="qemu", type="raw", cache="writeback", io="threads", discard="unmap"
    )
    ET.SubElement(element, "source", file=path)
    ET.SubElement(element, "target", dev=f"vd{BUS_LETTERS[index]}", bus="virtio")
    if item.get("mode") == "ro":
        ET.SubElement(element, "readonly")
    _text(element, "serial", serial_number(item))
    return element


def serial_number(item: Mapping[str, Any]) -> str:
    """How guest and driver know the disk; virtio carries no more than this of it."""
    return str(item["uuid"])[:20]


def seed(path: str, index: int) -> ET.Element:
    """The seed comes after the disks, so that it does not change the names of these."""
    element = ET.Element("disk", type="file", device="disk")
    ET.SubElement(element, "driver", name="qemu", type="raw")
    ET.SubElement(element, "source", file=path)
    ET.SubElement(element, "target", dev=f"vd{BUS_LETTERS[index]}", bus="virtio")
    ET.SubElement(element, "readonly")
    _text(element, "serial", "cidata")
    return element


def interface(nic: Mapping[str, Any], attachment: Attachment) -> ET.Element:
    """One network interface, without a boot ROM since nothing boots from the network."""
    kind = attachment["type"]
    if kind not in {"user", "bridge", "ethernet"}:
        raise HypervisorError(f"cannot attach an interface to {kind!r}")
    element = ET.Element("interface", type=kind)
    ET.SubElement(element, "mac", address=nic["mac"])
    if kind == "bridge":
        ET.SubElement(element, "source", bridge=attachment["bridge"])
    if "tap" in attachment:
        target = ET.SubElement(element, "target", dev=attachment["tap"])
        if kind == "ethernet":
            target.set("managed", "no")
    ET.SubElement(element, "model", type="virtio")
    ET.SubElement(element, "rom", enabled="no")
    return element


def serial(log: str) -> ET.Element:
    """A terminal for administrators whose output is also kept in a file."""
    element = ET.Element("serial", type="pty")
    ET.SubElement(element, "log", file=log, append="on")
    ET.SubElement(element, "target", port="0")
    return element


def screen(hvparams: Mapping[str, Any]) -> ET.Element:
    """VNC on a port that libvirt chooses; only this machine may connect."""
    address = hvparams.get("vnc_bind_address") or "127.0.0.1"
    element = ET.Element("graphics", type="vnc", port="-1", autoport="yes")
    ET.SubElement(element, "listen", type="address", address=address)
    return element


def video() -> ET.Element:
    """A plain display adapter."""
    element = ET.Element("video")
    ET.SubElement(element, "model", type="vga", vram=VIDEO_MEMORY, heads="1", primary="yes")
    return element


def random() -> ET.Element:
    """Entropy, without which a young guest waits."""
    element = ET.Element("rng", model="virtio")
    _text(element, "backend", "/dev/urandom", model="random")
    return element


def tostring(element: ET.Element) -> str:
    """Indented text, one device on its own lines."""
    ET.indent(element)
    return ET.tostring(element, encoding="unicode") + "\n"


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = text
