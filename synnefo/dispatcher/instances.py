"""How a server is described to a cluster, from rows that were loaded before."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from synnefo.core import naming
from synnefo.core.addresses import prefix_length
from synnefo.core.placement import ANTI_AFFINITY
from synnefo.core.subnet_rules import AUTOMATIC
from synnefo.db.models import Address, Port, Server, Volume
from synnefo.intents.network import cards
from synnefo.ports import DiskSpec, InstanceSpec, NicSpec

OS_DEFINITION = "image"


def instance_of(server: Server, prefix: str) -> InstanceSpec:
    """All that the cluster has to know; cards and disks in their order."""
    volumes = _disks(server)
    return InstanceSpec(
        name=naming.instance_name(prefix, server.pk),
        vcpus=server.flavor.vcpus,
        memory=server.flavor.ram,
        disk_template=server.flavor.disk_template,
        os=OS_DEFINITION,
        disks=tuple(disk_of(one, prefix) for one in volumes),
        nics=_nics(server, prefix),
        osparams=_osparams(server),
        install=_source(server) is not None,
        node=server.wanted_node or None,
        second_node=server.second_node or None,
        tags=_tags(server),
    )


def _tags(server: Server) -> tuple[str, ...]:
    """Tells the cluster's balancer, too, that servers of a group must not share a node."""
    group = server.group
    apart = group is not None and group.policy == ANTI_AFFINITY and (group.most_per_node or 1) == 1
    return (f"{naming.APART}:{group.uuid}",) if group is not None and apart else ()


def _ports(server: Server) -> list[Port]:
    return sorted(server.ports.all(), key=lambda port: (port.index, port.pk))


def networks_of(server: Server) -> set[int]:
    """The numbers of the networks that its cards are on."""
    ports = _ports(server)
    held = cards.loaded_places(ports)
    return {held[one.pk].network if one.pk in held else one.network_id for one in ports}


def _nics(server: Server, prefix: str) -> tuple[NicSpec, ...]:
    """The cards in their order; one without an address is told to have none."""
    ports, found = _ports(server), []
    held = cards.loaded_places(ports)
    for port in ports:
        place = held.get(port.pk) or cards.Place(port.network_id, cards.NO_ADDRESS)
        found.append(
            NicSpec(
                name=naming.nic_name(prefix, port.pk),
                network=naming.network_name(prefix, place.network),
                ip=place.ip,
                mac=port.mac_address or None,
            )
        )
    return tuple(found)


def _disks(server: Server) -> list[Volume]:
    """The disks that the instance is made with."""
    return sorted(server.volumes.all(), key=lambda volume: volume.index)


def disk_of(volume: Volume, prefix: str) -> DiskSpec:
    """A disk. A volume is filled from what was saved of it, but for the disk to boot from, which
    the OS definition fills; it is saved under the name of its attachment before it goes.
    """
    spec = DiskSpec(naming.disk_name(prefix, volume.pk), volume.size)
    if volume.local:
        return spec
    attachment = volume.attachments.filter(server=volume.server).values_list("uuid", flat=True)
    spec = replace(spec, keep_as=str(attachment.get()))
    if volume.content is None or volume.index == 0:
        return spec
    return replace(spec, fill=str(volume.content.uuid), fill_format=volume.content.disk_format)


def _source(server: Server) -> tuple[str, str] | None:
    """The file that the first disk is filled from, and its format."""
    if server.image is not None:
        return str(server.image.uuid), server.image.disk_format or "raw"
    for volume in server.volumes.all():
        if volume.index == 0 and volume.content is not None:
            return str(volume.content.uuid), volume.content.disk_format
    return None


def _osparams(server: Server) -> dict[str, str]:
    """What the OS definition puts onto the disk, and what it tells the guest about itself."""
    source = _source(server)
    if source is None:
        return {}
    properties: dict[str, Any] = {
        "hostname": server.hostname or server.name,
        "addresses": [_address(port, one) for port in _ports(server) for one in _told(port)],
        "keys": [server.public_key] if server.public_key else [],
    }
    if server.user_data:
        properties["user_data"] = server.user_data
    if server.personality:
        properties["files"] = server.personality
    return {
        "img_id": source[0],
        "img_format": source[1],
        "img_properties": json.dumps(properties, separators=(",", ":")),
    }


def _told(port: Port) -> list[Address]:
    """The addresses of a card that its guest does not find out by itself."""
    rows = sorted(port.addresses.all(), key=lambda row: row.pk)
    return [row for row in rows if row.subnet.ipv6_address_mode not in AUTOMATIC]


def _address(port: Port, row: Address) -> dict[str, Any]:
    """What a guest has to know of one; what most subnets do not have is left out."""
    subnet = row.subnet
    found: dict[str, Any] = {
        "address": row.address,
        "prefix": prefix_length(subnet.cidr),
        "gateway": subnet.gateway or None,
    }
    if port.mac_address:
        found["mac"] = port.mac_address
    if subnet.dns_nameservers:
        found["nameservers"] = subnet.dns_nameservers
    if subnet.host_routes:
        routes = subnet.host_routes
        found["routes"] = [{"to": one["destination"], "via": one["nexthop"]} for one in routes]
    return found
