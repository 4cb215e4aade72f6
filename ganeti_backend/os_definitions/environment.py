"""What the scripts of an OS definition are told: variables named as Ganeti's manual names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ganeti_backend.disk_templates import TEMPLATES
from ganeti_backend.os_definitions.definition import Definition, split_name

COMMAND_PATH = "/sbin:/bin:/usr/sbin:/usr/bin"
NIC_DEVICE = "nic_type"
DISK_DEVICE = "disk_type"
BLOCK = "block"
IN_FILE = "file:loop"

Values = Mapping[str, Any]
Environment = dict[str, str]


def basic(definition: Definition, full_name: str, parameters: Values, debug: int) -> Environment:
    """All that the verify script gets, and the part that the other scripts share with it."""
    found = {
        "PATH": COMMAND_PATH,
        "OS_API_VERSION": str(definition.api_version),
        "OS_NAME": definition.name,
        "OS_VARIANT": definition.variant(split_name(full_name)[1]),
        "DEBUG_LEVEL": str(debug),
    }
    for name, value in parameters.items():
        found[f"OSP_{name.upper().replace('-', '_')}"] = text(value)
    return found


def of_instance(
    instance: Values, paths: Sequence[str], networks: Mapping[str, Values]
) -> Environment:
    """The instance with its disks (`paths` in their order), interfaces and parameters."""
    disks, nics = instance["disks"], instance["nics"]
    found = {
        "INSTANCE_NAME": instance["name"],
        "INSTANCE_UUID": instance["uuid"],
        "INSTANCE_OS": instance["os"],
        "INSTANCE_PRIMARY_NODE": instance["primary_node"],
        "INSTANCE_SECONDARY_NODES": instance.get("secondary_node") or "",
        "HYPERVISOR": instance["hypervisor"],
        "DISK_COUNT": str(len(disks)),
        "NIC_COUNT": str(len(nics)),
    }
    hvparams = instance["hvparams"]
    for index, (disk, path) in enumerate(zip(disks, paths, strict=True)):
        found.update(_prefixed(f"DISK_{index}_", _disk(disk, path, hvparams)))
    for index, nic in enumerate(nics):
        network = networks.get(nic.get("network") or "")
        found.update(_prefixed(f"NIC_{index}_", _nic(nic, network, hvparams)))
    for kind, parameters in (("BE", instance["beparams"]), ("HV", hvparams)):
        found.update(_prefixed(f"INSTANCE_{kind}_", parameters))
    return found


def text(value: Any) -> str:
    """A value as a variable holds it."""
    return "" if value is None else str(value)


def _prefixed(prefix: str, values: Values) -> Environment:
    return {f"{prefix}{name}": text(value) for name, value in values.items()}


def _disk(disk: Values, path: str, hvparams: Values) -> dict[str, Any]:
    found = {
        "PATH": path,
        "SIZE": disk["size"],
        "ACCESS": disk["mode"],
        "UUID": disk["uuid"],
        "BACKEND_TYPE": IN_FILE if TEMPLATES[disk["template"]].in_files else BLOCK,
    }
    if disk.get("name"):
        found["NAME"] = disk["name"]
    if hvparams.get(DISK_DEVICE):
        found["FRONTEND_TYPE"] = hvparams[DISK_DEVICE]
    return found


def _nic(nic: Values, network: Values | None, hvparams: Values) -> dict[str, Any]:
    found = {"MAC": nic["mac"], "UUID": nic["uuid"], "MODE": nic["mode"], "LINK": nic["link"]}
    for name in ("name", "ip", "vlan"):
        if nic.get(name):
            found[name.upper()] = nic[name]
    if nic["mode"] == "bridged":
        found["BRIDGE"] = nic["link"]
    if hvparams.get(NIC_DEVICE):
        found["FRONTEND_TYPE"] = hvparams[NIC_DEVICE]
    if network is not None:
        found.update(_network(network))
    return found


def _network(network: Values) -> dict[str, Any]:
    values = {
        "NETWORK_NAME": network["name"],
        "NETWORK_UUID": network["uuid"],
        "NETWORK_SUBNET": network.get("network"),
        "NETWORK_GATEWAY": network.get("gateway"),
        "NETWORK_SUBNET6": network.get("network6"),
        "NETWORK_GATEWAY6": network.get("gateway6"),
        "NETWORK_MAC_PREFIX": network.get("mac_prefix"),
        "NETWORK_TAGS": " ".join(network.get("tags") or ()),
    }
    return {name: value for name, value in values.items() if value}
