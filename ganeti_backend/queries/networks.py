"""Fields of networks, the pool of addresses among them."""

import ipaddress
from collections.abc import Callable
from typing import Any

from ganeti_backend.objects import Network
from ganeti_backend.queries.fields import (
    OBJECT_BULK,
    UNAVAILABLE,
    Field,
    Kind,
    Table,
    attribute,
    object_fields,
)
from ganeti_backend.queries.snapshot import Snapshot

Get = Callable[[Network, Snapshot], Any]

BULK = (
    "name", "network", "gateway", "network6", "gateway6", "mac_prefix", "free_count",
    "reserved_count", "map", "group_list", "inst_list", "external_reservations",
)  # fmt: skip
FREE = "."
TAKEN = "X"


def reserved(network: Network) -> set[ipaddress.IPv4Address]:
    """The addresses no instance gets: the ends of the range, the gateway, those kept by hand."""
    block = ipaddress.IPv4Network(network.network)
    kept = {block.network_address, block.broadcast_address}
    texts = [*network.reserved_ips, *([network.gateway] if network.gateway else [])]
    return kept | {ipaddress.IPv4Address(text) for text in texts}


def pool(network: Network, snapshot: Snapshot) -> str:
    """The range as one character for each address: free or taken."""
    block = ipaddress.IPv4Network(network.network)
    first = int(block.network_address)
    places = bytearray(FREE.encode() * block.num_addresses)
    held = snapshot.addresses_of_network.get(network.uuid, {})
    for address in {*reserved(network), *map(ipaddress.ip_address, held)}:
        place = int(address) - first
        if 0 <= place < len(places):
            places[place : place + 1] = TAKEN.encode()
    return places.decode()


def _groups(network: Network, snapshot: Snapshot) -> list[list[str]]:
    return [
        [group.name, parameters["mode"], parameters["link"], parameters.get("vlan", "")]
        for group in snapshot.groups.values()
        for uuid, parameters in group.networks.items()
        if uuid == network.uuid
    ]


def _instances(network: Network, snapshot: Snapshot) -> list[str]:
    return snapshot.instances_of_network.get(network.uuid, [])


def _fields() -> list[Field[Network]]:
    rows: list[tuple[str, str, Kind, str, Get]] = [
        ("name", "Network", Kind.TEXT, "Name", attribute("name")),
        ("network", "Subnet", Kind.TEXT, "IPv4 subnet", attribute("network")),
        ("gateway", "Gateway", Kind.OTHER, "IPv4 gateway", attribute("gateway", UNAVAILABLE)),
        ("network6", "IPv6Subnet", Kind.OTHER, "IPv6 subnet", attribute("network6", UNAVAILABLE)),
        ("gateway6", "IPv6Gateway", Kind.OTHER, "IPv6 gateway",
         attribute("gateway6", UNAVAILABLE)),
        ("mac_prefix", "MacPrefix", Kind.OTHER, "MAC address prefix",
         attribute("mac_prefix", UNAVAILABLE)),
        ("free_count", "FreeCount", Kind.NUMBER, "Number of available addresses",
         lambda n, s: pool(n, s).count(FREE)),
        ("reserved_count", "ReservedCount", Kind.NUMBER, "Number of reserved addresses",
         lambda n, s: pool(n, s).count(TAKEN)),
        ("map", "Map", Kind.TEXT, "Actual mapping", pool),
        ("external_reservations", "ExternalReservations", Kind.TEXT, "External reservations",
         lambda n, _s: ", ".join(str(address) for address in sorted(reserved(n)))),
        ("group_list", "GroupList", Kind.OTHER,
         "List of nodegroups (group name, NIC mode, NIC link)", _groups),
        ("group_cnt", "NodeGroups", Kind.NUMBER, "Number of nodegroups",
         lambda n, s: len(_groups(n, s))),
        ("inst_list", "InstanceList", Kind.OTHER, "List of instances", _instances),
        ("inst_cnt", "Instances", Kind.NUMBER, "Number of instances",
         lambda n, s: len(_instances(n, s))),
    ]  # fmt: skip
    return [Field(name, title, kind, doc, get) for name, title, kind, doc, get in rows]


TABLE: Table[Network] = Table([*_fields(), *object_fields("Network")], bulk=(*BULK, *OBJECT_BULK))
