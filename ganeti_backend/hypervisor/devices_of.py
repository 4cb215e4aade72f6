"""Finds devices in libvirt's description of a running domain (pure)."""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from typing import Any

from ganeti_backend.errors import HypervisorError
from ganeti_backend.hypervisor import domain_xml

Find = Callable[[str, Mapping[str, Any]], ET.Element | None]


def interface(document: str, nic: Mapping[str, Any]) -> ET.Element | None:
    """The interface with this NIC's hardware address."""
    for element in ET.fromstring(document).iterfind("devices/interface"):
        found = element.find("mac")
        if found is not None and found.get("address", "").lower() == nic["mac"].lower():
            return element
    return None


def disk(document: str, wanted: Mapping[str, Any]) -> ET.Element | None:
    """The disk with this one's serial number."""
    for element in ET.fromstring(document).iterfind("devices/disk"):
        if element.findtext("serial") == domain_xml.serial_number(wanted):
            return element
    return None


def free_place(document: str) -> int:
    """The number of the first device name that no disk has."""
    targets = ET.fromstring(document).iterfind("devices/disk/target")
    taken = {target.get("dev", "")[-1:] for target in targets}
    for place, letter in enumerate(domain_xml.BUS_LETTERS):
        if letter not in taken:
            return place
    raise HypervisorError("the guest has no room for another disk")
