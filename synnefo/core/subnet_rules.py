"""Subnets as arithmetic: ranges, gateways, pools, and what does not fit together."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from synnefo.core.addresses import Ip
from synnefo.core.faults import BadRequest
from synnefo.core.network_faults import (
    GatewayConflictWithAllocationPools,
    InvalidAllocationPool,
    InvalidInput,
    OutOfBoundsAllocationPool,
    OverlappingAllocationPools,
)

Range = tuple[str, str]
Net = IPv4Network | IPv6Network
# By the lengths of their prefixes: the ranges that a network of a cluster can have.
HELD_BY_CLUSTERS = range(16, 31)
AUTOMATIC = frozenset({"slaac", "dhcpv6-stateless"})  # Addresses follow from MACs.


def network(cidr: str, version: int) -> Net:
    """The range of a subnet; BadRequest if it is none of this version."""
    try:
        found = ip_network(cidr, strict=False)
    except ValueError as error:
        raise BadRequest(f"Invalid input for cidr: {error}.", field="cidr") from error
    if found.version != version:
        raise InvalidInput(
            f"Invalid input for operation: cidr {cidr} does not match the ip_version {version}.",
            field="cidr",
        )
    if "/" not in cidr:
        raise BadRequest(
            f"Invalid input for cidr: '{cidr}' isn't a recognized IP subnet cidr,"
            f" '{found}' is recommended.",
            field="cidr",
        )
    if found.is_loopback or found.is_multicast or not found.prefixlen:
        raise InvalidInput(f"Invalid input for operation: {cidr} cannot be used.", field="cidr")
    return found


def ends(net: Net) -> tuple[int, int]:
    """The first and the last address that a host may have."""
    first, last = int(net.network_address), int(net.broadcast_address)
    if net.version == 4:
        return (first + 1, last - 1) if net.prefixlen < 31 else (first, last)
    return (first + 1, last) if net.prefixlen < 127 else (first, last)


def _address(net: Net, number: int) -> str:
    return str(net.network_address + (number - int(net.network_address)))


def usual_gateway(net: Net) -> str:
    """The first address."""
    return _address(net, ends(net)[0])


def usual_pools(net: Net, gateway: str | None) -> list[Range]:
    """Everything but the gateway."""
    first, last = ends(net)
    held = ip_address(gateway) if gateway else None
    if held is None or held not in net or not first <= int(held) <= last:
        return [(_address(net, first), _address(net, last))]
    parts = [(first, int(held) - 1), (int(held) + 1, last)]
    return [(_address(net, low), _address(net, high)) for low, high in parts if low <= high]


def check_gateway(net: Net, gateway: str, pools: Iterable[Range]) -> None:
    """A gateway may lie outside, but it cannot be handed out, nor be the range itself."""
    held = ip_address(gateway)
    if held.version != net.version:
        raise InvalidInput(
            f"Invalid input for operation: gateway_ip {gateway} is no IPv{net.version} address.",
            field="gateway_ip",
        )
    first, last = ends(net)
    if held in net and not first <= int(held) <= last:
        raise InvalidInput(
            "Invalid input for operation: Gateway is not valid on subnet.", field="gateway_ip"
        )
    for low, high in pools:
        if int(ip_address(low)) <= int(held) <= int(ip_address(high)):
            raise GatewayConflictWithAllocationPools(
                f"Gateway ip {gateway} conflicts with allocation pool {low}-{high}.",
                field="gateway_ip",
            )


def checked_pools(net: Net, pools: Sequence[Range]) -> list[Range]:
    """The pools in their order, each within the range and none in another."""
    first, last = ends(net)
    found: list[tuple[Ip, Ip]] = []
    for low, high in pools:
        start, end = ip_address(low), ip_address(high)
        if start.version != net.version or end.version != net.version:
            raise InvalidAllocationPool(
                f"The allocation pool {low}-{high} is not valid.", field="allocation_pools"
            )
        if int(start) > int(end):
            raise InvalidAllocationPool(
                f"The allocation pool {low}-{high} is not valid.", field="allocation_pools"
            )
        if int(start) < first or int(end) > last:
            raise OutOfBoundsAllocationPool(
                f"The allocation pool {low}-{high} spans beyond the subnet cidr {net}.",
                field="allocation_pools",
            )
        found.append((start, end))
    found.sort(key=lambda one: int(one[0]))
    for before, after in itertools.pairwise(found):
        if int(after[0]) <= int(before[1]):
            raise OverlappingAllocationPools(
                f"Found overlapping allocation pools: {before[0]}-{before[1]} and"
                f" {after[0]}-{after[1]} for subnet {net}.",
                field="allocation_pools",
            )
    return [(str(start), str(end)) for start, end in found]


def fits_clusters(cidr: str) -> bool:
    """Whether a cluster can have a network of this range: none too large or too small, of IPv4."""
    net = ip_network(cidr)
    return net.version == 4 and net.prefixlen in HELD_BY_CLUSTERS


def inside(address: str | None, cidr: str | None) -> str | None:
    """The address if it lies in the range, for who knows no others."""
    known = address and cidr and ip_address(address) in ip_network(cidr)
    return address if known else None


def within(net: Net, whole: Net) -> bool:
    """Whether all of a range lies in another one."""
    same = net.version == whole.version
    return same and net.network_address in whole and net.broadcast_address in whole


def size(first: str, last: str) -> int:
    """How many addresses a range has."""
    return int(ip_address(last)) - int(ip_address(first)) + 1


def overlapping(net: Net, others: Iterable[str]) -> str | None:
    """One of the other ranges that has addresses in common."""
    for other in others:
        there = ip_network(other)
        if there.version == net.version and net.overlaps(there):
            return other
    return None


def from_mac(cidr: str, mac: str) -> str:
    """The address that a guest with this MAC gives itself (EUI-64)."""
    octets = [int(part, 16) for part in mac.split(":")]
    octets[0] ^= 2
    interface = bytes([*octets[:3], 0xFF, 0xFE, *octets[3:]])
    return str(ip_network(cidr).network_address + int.from_bytes(interface, "big"))


def check_modes(version: int, dhcp: bool, ra: str, address: str, net: Net) -> None:
    """The two modes of IPv6 subnets have to be the same, and want DHCP and a /64 as they say."""
    if not ra and not address:
        return
    if version == 4:
        raise InvalidInput(
            "Invalid input for operation: ipv6_ra_mode and ipv6_address_mode are for IPv6.",
            field="ipv6_ra_mode" if ra else "ipv6_address_mode",
        )
    if not dhcp:
        raise InvalidInput(
            "Invalid input for operation: ipv6_ra_mode or ipv6_address_mode cannot be set"
            " when enable_dhcp is set to False.",
            field="enable_dhcp",
        )
    if ra and address and ra != address:
        raise InvalidInput(
            f"Invalid input for operation: ipv6_ra_mode set to '{ra}' with ipv6_address_mode"
            f" set to '{address}' is not valid.",
            field="ipv6_address_mode",
        )
    if {ra, address} & AUTOMATIC and net.prefixlen != 64:
        raise InvalidInput(
            "Invalid input for operation: Invalid CIDR for IPv6 address mode: the prefix"
            " length must be 64.",
            field="cidr",
        )


def without(prefixes: Iterable[str], gone: Iterable[Net]) -> list[str]:
    """What is left of prefixes where some ranges are taken out."""
    left: list[Any] = [ip_network(one) for one in prefixes]
    for one in gone:
        rest: list[Any] = []
        for net in left:
            if one.version != net.version or not net.overlaps(one):
                rest.append(net)
            elif one.prefixlen > net.prefixlen:
                rest += sorted(net.address_exclude(one))
        left = rest
    return [str(net) for net in left]


def cut(
    prefixes: Sequence[str], taken: Iterable[str], length: int, wanted: str | None = None
) -> str | None:
    """The first free range of this length in a pool, or the wanted one if it is free."""
    used = [ip_network(one) for one in taken]
    for prefix in prefixes:
        whole = ip_network(prefix)
        if wanted is not None:
            net = ip_network(wanted)
            if within(net, whole) and not any(net.overlaps(one) for one in used):
                return str(net)
            continue
        if whole.prefixlen > length:
            continue
        if (found := _first_free(whole, used, length)) is not None:
            return found
    return None


def _first_free(whole: Net, used: Iterable[Net], length: int) -> str | None:
    """Walks over what is taken, not over all that could be: of IPv6 there is too much."""
    size = 1 << (whole.max_prefixlen - length)
    place, last = int(whole.network_address), int(whole.broadcast_address)
    mine = (one for one in used if one.version == whole.version)
    for one in sorted(mine, key=lambda net: int(net.network_address)):
        start, end = int(one.network_address), int(one.broadcast_address)
        if end < place:
            continue
        if start >= place + size:
            break
        place = -(-(end + 1) // size) * size
    if place + size - 1 > last:
        return None
    return f"{_address(whole, place)}/{length}"
