"""Turns the description of a running machine into the one that waits for its state on another node.

Addresses of devices must be the same on both sides, also of those that were plugged in later, so
the description is the source's own; only what belongs to the node is replaced.
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from ganeti_backend.errors import HypervisorError
from ganeti_backend.hypervisor import domain_xml
from ganeti_backend.hypervisor.devices import Devices

EMULATOR_NAMESPACE = "http://libvirt.org/schemas/domain/qemu/1.0"
ARRIVING = "arriving"
SEED_SERIAL = "cidata"

ET.register_namespace("qemu", EMULATOR_NAMESPACE)


def document(
    source: str, instance: Mapping[str, Any], devices: Devices, machine: domain_xml.Machine
) -> str:
    """The machine of `source` with this node's paths and connections, waiting."""
    root = ET.fromstring(source)
    root.attrib.pop("id", None)
    root.set("type", machine.domain_type)
    _set(root, "title", ARRIVING)
    _set(root, "description", domain_xml.mark(machine.node))
    for label in root.findall("seclabel"):
        root.remove(label)
    inside = root.find("devices")
    if inside is None:
        raise HypervisorError("the source described a machine without devices")
    _place_disks(inside, instance, devices)
    _place_interfaces(inside, instance, devices)
    for serial in [*inside.findall("serial"), *inside.findall("console")]:
        _place_serial(serial, machine.console_log)
    for screen in inside.findall("graphics"):
        screen.set("port", "-1")
    _wait(root)
    return domain_xml.tostring(root)


def _place_disks(inside: ET.Element, instance: Mapping[str, Any], devices: Devices) -> None:
    given = instance.get("disks") or ()
    paths = {
        domain_xml.serial_number(item): path
        for item, path in zip(given, devices.disks, strict=True)
    }
    if devices.seed is not None:
        paths[SEED_SERIAL] = devices.seed
    for disk in inside.findall("disk"):
        serial, source = disk.findtext("serial") or "", disk.find("source")
        if serial not in paths or source is None:
            raise HypervisorError(f"the running machine has a disk {serial!r} that is not known")
        for child in list(source):
            source.remove(child)
        source.attrib.clear()
        source.set("file", paths[serial])


def _place_interfaces(inside: ET.Element, instance: Mapping[str, Any], devices: Devices) -> None:
    nics = instance.get("nics") or ()
    here = {
        str(nic["mac"]).lower(): domain_xml.interface(nic, attachment)
        for nic, attachment in zip(nics, devices.attachments, strict=True)
    }
    for found in inside.findall("interface"):
        mac = found.find("mac")
        wanted = here.get(mac.get("address", "").lower() if mac is not None else "")
        if wanted is None:
            raise HypervisorError("the running machine has an interface that is not known")
        address = found.find("address")
        if address is not None:
            wanted.append(address)
        inside[list(inside).index(found)] = wanted


def _place_serial(serial: ET.Element, log: str) -> None:
    """The terminal's device is this node's to choose."""
    serial.attrib.pop("tty", None)
    for source in serial.findall("source"):
        serial.remove(source)
    for found in serial.findall("log"):
        found.set("file", log)


def _wait(root: ET.Element) -> None:
    for old in root.findall(f"{{{EMULATOR_NAMESPACE}}}commandline"):
        root.remove(old)
    line = ET.SubElement(root, f"{{{EMULATOR_NAMESPACE}}}commandline")
    for word in ("-incoming", "defer"):
        ET.SubElement(line, f"{{{EMULATOR_NAMESPACE}}}arg", value=word)


def _set(root: ET.Element, tag: str, text: str) -> None:
    """libvirt wants these near the top, so an element that is there is used again."""
    found = root.find(tag)
    if found is None:
        found = ET.Element(tag)
        root.insert(1, found)
    found.text = text
