"""Which addresses a port gets: those asked for, or the next ones of each version."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network

from django.db import IntegrityError, transaction

from synnefo.core.network_faults import (
    AllocationOnAutoAddressSubnet,
    InvalidInput,
    InvalidIpForNetwork,
    InvalidIpForSubnet,
    IpAddressAlreadyAllocated,
    IpAddressGenerationFailure,
    SubnetNotFound,
)
from synnefo.core.subnet_rules import AUTOMATIC, ends, from_mac
from synnefo.db.models import Address, Port, Subnet
from synnefo.intents.network.addresses import COMPUTE, free_in, serves

Wish = Mapping[str, str]  # subnet_id, ip_address or both


def is_automatic(subnet: Subnet) -> bool:
    """Whether guests make their addresses themselves."""
    return subnet.ipv6_address_mode in AUTOMATIC


def give(port: Port, wishes: Sequence[Wish] | None, owner: str = "") -> None:
    """Addresses for a new port; None leaves the choice to us, an empty list wants none.

    `owner` is what the port is for where that is not written yet.
    """
    subnets = list(
        Subnet.objects.select_for_update().filter(network_id=port.network_id).order_by("pk")
    )
    if wishes is None:
        _give_usual(port, subnets, owner or (COMPUTE if port.server_id else port.owner))
        return
    # What is asked for goes first, so that the free ones are found around it.
    for wish in sorted(wishes, key=lambda one: "ip_address" not in one):
        _give(port, wish, subnets)
    if wishes:
        give_automatic(port, subnets)


def give_automatic(port: Port, subnets: Sequence[Subnet]) -> None:
    """The addresses that a guest makes for itself, where the port does not have them yet."""
    if port.router_id is not None:
        return
    held = set(port.addresses.values_list("subnet_id", flat=True))
    for subnet in subnets:
        if is_automatic(subnet) and subnet.pk not in held:
            hold(port, subnet, from_mac(subnet.cidr, port.mac_address))


def change(port: Port, wishes: Sequence[Wish]) -> bool:
    """Other addresses for a port; those that it has and still wants it keeps. Whether any moved."""
    held = list(port.addresses.select_related("subnet"))
    kept, wanted = [], []
    for wish in sorted(wishes, key=lambda one: "ip_address" not in one):
        like = next((one for one in held if one not in kept and _meets(one, wish)), None)
        if like is None:
            wanted.append(wish)
        else:
            kept.append(like)
    # A guest goes on to make addresses for itself, unless the port is to have none at all.
    stay = [one for one in held if wishes and is_automatic(one.subnet) and port.router_id is None]
    gone = [one.pk for one in held if one not in kept and one not in stay]
    Address.objects.filter(pk__in=gone).delete()
    if wanted:
        give(port, wanted)
    port.__dict__.pop("_prefetched_objects_cache", None)
    return bool(gone or wanted)


def _meets(held: Address, wish: Wish) -> bool:
    if "subnet_id" in wish and wish["subnet_id"] != str(held.subnet.uuid):
        return False
    return wish.get("ip_address", held.address) == held.address


def _give_usual(port: Port, subnets: Sequence[Subnet], owner: str) -> None:
    """One of IPv4, one of IPv6, and all that guests make for themselves."""
    usable = [one for one in subnets if serves(one, owner)]
    if subnets and not usable:
        raise IpAddressGenerationFailure(
            f"No valid service subnet for the given device owner, network_id {port.network.uuid},"
            f" device_owner {owner}."
        )
    for version in (4, 6):
        pools = [one for one in usable if one.ip_version == version and not is_automatic(one)]
        for subnet in pools:
            if free := free_in(subnet, 1):
                hold(port, subnet, free[0])
                break
        else:
            if pools:
                raise IpAddressGenerationFailure(
                    f"No more IP addresses available on network {port.network.uuid}."
                )
    give_automatic(port, usable)


def _give(port: Port, wish: Wish, subnets: Sequence[Subnet]) -> None:
    subnet = _named(wish["subnet_id"], port, subnets) if "subnet_id" in wish else None
    address = wish.get("ip_address")
    if address is None and subnet is not None:
        address = _next(port, subnet)
    elif address is not None and subnet is None:
        subnet = _containing(address, port, subnets)
    if address is None or subnet is None:
        raise InvalidInput(
            "Invalid input for operation: IP allocation requires subnet_id or ip_address.",
            field="fixed_ips",
        )
    _check_inside(address, subnet)
    _check_automatic(port, subnet, address)
    hold(port, subnet, address)


def _named(identifier: str, port: Port, subnets: Sequence[Subnet]) -> Subnet:
    for subnet in subnets:
        if str(subnet.uuid) == identifier:
            return subnet
    mine = port.network.project_id
    if not Subnet.objects.filter(uuid=uuid.UUID(identifier), network__project_id=mine).exists():
        raise SubnetNotFound(f"Subnet {identifier} could not be found.")
    raise InvalidInput(
        f"Invalid input for operation: Failed to create port on network {port.network.uuid},"
        f" because fixed_ips included invalid subnet {identifier}.",
        field="fixed_ips",
    )


def _containing(address: str, port: Port, subnets: Sequence[Subnet]) -> Subnet:
    wanted = ip_address(address)
    for subnet in subnets:
        if wanted in ip_network(subnet.cidr):
            return subnet
    raise InvalidIpForNetwork(
        f"IP address {address} is not a valid IP for any of the subnets on the specified"
        f" network {port.network.uuid}.",
        field="fixed_ips",
    )


def _check_inside(address: str, subnet: Subnet) -> None:
    net, wanted = ip_network(subnet.cidr), ip_address(address)
    first, last = ends(net)
    if wanted not in net or not first <= int(wanted) <= last:
        raise InvalidIpForSubnet(
            f"IP address {address} is not a valid IP for the specified subnet.", field="fixed_ips"
        )


def _check_automatic(port: Port, subnet: Subnet, address: str) -> None:
    if not is_automatic(subnet) or port.router_id is not None:
        return
    if address != from_mac(subnet.cidr, port.mac_address):
        raise AllocationOnAutoAddressSubnet(
            f"IPv6 address {address} can not be directly assigned to a port on subnet"
            f" {subnet.uuid} as the subnet is configured for automatic addresses",
            field="fixed_ips",
        )


def _next(port: Port, subnet: Subnet) -> str:
    if is_automatic(subnet) and port.router_id is None:
        return from_mac(subnet.cidr, port.mac_address)
    if free := free_in(subnet, 1):
        return free[0]
    raise IpAddressGenerationFailure(
        f"No more IP addresses available on network {port.network.uuid}."
    )


def hold(port: Port, subnet: Subnet, address: str) -> None:
    """Store that a port has an address, unless another one has."""
    try:
        with transaction.atomic():
            Address.objects.create(port=port, subnet=subnet, address=address)
    except IntegrityError as taken:
        raise IpAddressAlreadyAllocated(
            f"IP address {address} already allocated in subnet {subnet.uuid}", field="fixed_ips"
        ) from taken
