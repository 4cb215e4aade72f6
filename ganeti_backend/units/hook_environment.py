"""Variables that hooks get about instances and networks, named as Ganeti 3.0 names them (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ganeti_backend import objects
from ganeti_backend.units import disk_identity

Environment = dict[str, str]
# Of no instance's own, but hooks are told.
GLOBAL_HVPARAMS = {"migration_mode": "live"}


def of_instance(
    instance: objects.Instance,
    cluster: objects.Cluster,
    networks: Mapping[str, objects.Network],
    status: str | None = None,
) -> Environment:
    """`status` replaces the admin state: a creation says whether the instance will be started."""
    beparams = cluster.fill_beparams(instance.beparams)
    hvparams = cluster.fill_hvparams(instance.hypervisor, instance.hvparams, instance.os)
    return {
        **_of_itself(instance, beparams, instance.admin_state if status is None else status),
        **_of_parts(instance, networks),
        **numbered("INSTANCE_BE_", {k: v for k, v in beparams.items() if k != "memory"}),
        **numbered("INSTANCE_HV_", {**GLOBAL_HVPARAMS, **hvparams}),
    }


def _of_itself(instance: objects.Instance, beparams: Mapping[str, Any], status: str) -> Environment:
    return {
        "OP_TARGET": instance.name,
        "INSTANCE_NAME": instance.name,
        "INSTANCE_PRIMARY": instance.primary_node,
        "INSTANCE_SECONDARIES": instance.secondary_node or "",
        "INSTANCE_OS_TYPE": instance.os,
        "INSTANCE_STATUS": status,
        "INSTANCE_MINMEM": str(beparams["minmem"]),
        "INSTANCE_MAXMEM": str(beparams["maxmem"]),
        "INSTANCE_MEMORY": str(beparams["memory"]),
        "INSTANCE_VCPUS": str(beparams["vcpus"]),
        "INSTANCE_DISK_TEMPLATE": instance.disk_template,
        "INSTANCE_HYPERVISOR": instance.hypervisor,
        "INSTANCE_TAGS": " ".join(instance.tags),
        "INSTANCE_NIC_COUNT": str(len(instance.nics)),
        "INSTANCE_DISK_COUNT": str(len(instance.disks)),
    }


def _of_parts(instance: objects.Instance, networks: Mapping[str, objects.Network]) -> Environment:
    """Its cards and disks, each with its number."""
    found: Environment = {}
    for index, nic in enumerate(instance.nics):
        known = networks.get(nic.network or "")
        found.update(numbered(f"INSTANCE_NIC{index}_", of_nic(nic, known)))
    for index, disk in enumerate(instance.disks):
        found.update(numbered(f"INSTANCE_DISK{index}_", of_disk(instance, disk)))
    return found


def numbered(prefix: str, values: Mapping[str, Any]) -> Environment:
    return {f"{prefix}{name}": str(value) for name, value in values.items()}


def of_nic(nic: objects.Nic, network: objects.Network | None) -> Environment:
    found = {
        "IP": nic.ip or "",
        "MAC": nic.mac,
        "MODE": nic.mode,
        "LINK": nic.link,
        "VLAN": nic.vlan,
        "UUID": nic.uuid,
    }
    if nic.name:
        found["NAME"] = nic.name
    if nic.mode == "bridged":
        found["BRIDGE"] = nic.link
    if network is not None:
        found["NETWORK_UUID"] = network.uuid
        found.update(of_network(network))
        found["NETWORK_TAGS"] = " ".join(network.tags)
    return found


def of_network(network: objects.Network) -> Environment:
    values = {
        "NETWORK_NAME": network.name,
        "NETWORK_SUBNET": network.network,
        "NETWORK_GATEWAY": network.gateway,
        "NETWORK_SUBNET6": network.network6,
        "NETWORK_GATEWAY6": network.gateway6,
        "NETWORK_MAC_PREFIX": network.mac_prefix,
        "NETWORK_TAGS": " ".join(network.tags),
    }
    return {name: value for name, value in values.items() if value}


def of_disk(instance: objects.Instance, disk: objects.Disk) -> Environment:
    found = {"SIZE": str(disk.size), "MODE": disk.mode, "UUID": disk.uuid}
    if disk.name:
        found["NAME"] = disk.name
    return {**found, **disk_identity.variables(instance, disk)}


def of_group_network(group: str, parameters: Mapping[str, str]) -> Environment:
    """What a connection has; of one that is not there nothing is told."""
    told = {f"GROUP_NETWORK_{name.upper()}": value for name, value in parameters.items()}
    return {"GROUP_NAME": group, **told}


def networks_by_uuid(networks: Iterable[objects.Network]) -> dict[str, objects.Network]:
    return {network.uuid: network for network in networks}
