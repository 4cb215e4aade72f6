"""IPv4 pools and hardware addresses: which are in use, which are promised to a job, which is next.

In-use addresses are learnt from the NICs in the configuration, so they can never disagree with it;
promises live in memory only and end with the job that asked. Callers hold the configuration's lock.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

from ganeti_backend import errors, objects

IN_USE = 1
RESERVED = 2
PROMISED = 4
SMALLEST_PREFIX = 16  # A pool keeps one byte for each address; Ganeti draws the same line.
LARGEST_PREFIX = 30
MAC_PREFIX_PARTS = 3


class Pool:
    """The addresses of one network, one byte of flags each."""

    def __init__(self, network: objects.Network) -> None:
        self.network = ipaddress.IPv4Network(network.network)
        self.flags = bytearray(self.network.num_addresses)
        edges = [self.network.network_address, self.network.broadcast_address]
        kept = [ipaddress.IPv4Address(ip) for ip in (*network.reserved_ips, network.gateway) if ip]
        for address in (*edges, *kept):
            self.flags[self._offset(address)] |= RESERVED

    def _offset(self, address: ipaddress.IPv4Address) -> int:
        return int(address) - int(self.network.network_address)

    def __contains__(self, ip: str) -> bool:
        return ipaddress.IPv4Address(ip) in self.network

    def mark(self, ip: str, flag: int) -> None:
        if ip in self:
            self.flags[self._offset(ipaddress.IPv4Address(ip))] |= flag

    def unmark(self, ip: str, flag: int) -> None:
        if ip in self:
            self.flags[self._offset(ipaddress.IPv4Address(ip))] &= ~flag

    def state(self, ip: str) -> int:
        return self.flags[self._offset(ipaddress.IPv4Address(ip))]

    def first_free(self) -> str | None:
        offset = self.flags.find(0)
        return None if offset < 0 else str(self.network.network_address + offset)

    def free_count(self) -> int:
        return self.flags.count(0)

    def map(self) -> str:
        """Ganeti's picture of the pool: X taken, . free."""
        return "".join("X" if flag else "." for flag in self.flags)

    def bits(self, flag: int) -> str:
        return "".join("1" if value & flag else "0" for value in self.flags)


def parse_network(text: str, what: str = "network") -> ipaddress.IPv4Network:
    """An IPv4 network of a size that a pool can have, or OpPrereqError."""
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise errors.OpPrereqError(
            f"Invalid {what} {text!r}: {error}", errors.ECODE_INVAL
        ) from None
    if not SMALLEST_PREFIX <= network.prefixlen <= LARGEST_PREFIX:
        bounds = f"/{SMALLEST_PREFIX} and /{LARGEST_PREFIX}"
        text = f"The size of {what} {text} must be between {bounds}"
        raise errors.OpPrereqError(text, errors.ECODE_INVAL)
    return network


def check_mac_prefix(prefix: str) -> str:
    parts = prefix.lower().split(":")
    if len(parts) != MAC_PREFIX_PARTS or any(len(p) != 2 or not is_hex(p) for p in parts):
        raise errors.OpPrereqError(f"Invalid MAC prefix {prefix!r}", errors.ECODE_INVAL)
    return ":".join(parts)


def check_mac(mac: str) -> str:
    parts = mac.lower().split(":")
    if len(parts) != 6 or any(len(p) != 2 or not is_hex(p) for p in parts):
        raise errors.OpPrereqError(f"Invalid MAC address {mac!r}", errors.ECODE_INVAL)
    return ":".join(parts)


def is_hex(text: str) -> bool:
    return all(character in "0123456789abcdef" for character in text)


@dataclass
class Promises:
    """What one job was promised."""

    ips: list[tuple[str, str]] = field(default_factory=list)  # network uuid, address
    macs: list[str] = field(default_factory=list)


class Addresses:
    """All pools and all hardware addresses of the cluster."""

    def __init__(self) -> None:
        self.pools: dict[str, Pool] = {}
        self._macs: dict[str, int] = {}
        self._promised: dict[str, Promises] = {}

    def add_network(self, network: objects.Network, nics: Iterator[objects.Nic]) -> None:
        """Start or renew a pool; `nics` are those connected to it."""
        pool = Pool(network)
        for nic in nics:
            if nic.ip:
                pool.mark(nic.ip, IN_USE)
        for promises in self._promised.values():
            for uuid, ip in promises.ips:
                if uuid == network.uuid:
                    pool.mark(ip, PROMISED)
        self.pools[network.uuid] = pool

    def remove_network(self, uuid: str) -> None:
        self.pools.pop(uuid, None)

    def add_nic(self, nic: objects.Nic) -> None:
        self._macs[nic.mac] = self._macs.get(nic.mac, 0) + 1
        if nic.network in self.pools and nic.ip:
            self.pools[nic.network].mark(nic.ip, IN_USE)

    def remove_nic(self, nic: objects.Nic) -> None:
        count = self._macs.pop(nic.mac, 1) - 1
        if count > 0:
            self._macs[nic.mac] = count
        if nic.network in self.pools and nic.ip:
            self.pools[nic.network].unmark(nic.ip, IN_USE)

    def promise_ip(self, owner: str, network: objects.Network, ip: str | None, check: bool) -> str:
        """Keep an address for a job: the given one, or the first free one."""
        pool = self.pools[network.uuid]
        if ip is None:
            ip = pool.first_free()
            if ip is None:
                text = f"Network {network.name} is full: it has no free address left"
                raise errors.OpPrereqError(text, errors.ECODE_NORES)
        elif ip not in pool:
            text = f"Address {ip} is outside of network {network.name} ({network.network})"
            raise errors.OpPrereqError(text, errors.ECODE_INVAL)
        elif pool.state(ip) & (IN_USE | PROMISED) or (check and pool.state(ip) & RESERVED):
            text = f"IP address {ip} is already in use in network {network.name}"
            raise errors.OpPrereqError(text, errors.ECODE_NOTUNIQUE)
        pool.mark(ip, PROMISED)
        self._promised.setdefault(owner, Promises()).ips.append((network.uuid, ip))
        return ip

    def held(self, network: objects.Network, ip: str) -> bool:
        """Whether it is in use or promised; what is kept by hand does not count."""
        return bool(self.pools[network.uuid].state(ip) & (IN_USE | PROMISED))

    def promise_mac(self, owner: str, prefix: str, mac: str | None) -> str:
        if mac is not None:
            if self._taken(mac):
                raise errors.OpPrereqError(
                    f"MAC address {mac} already in use in cluster", errors.ECODE_NOTUNIQUE
                )
        else:
            mac = random_mac(prefix)
            while self._taken(mac):
                mac = random_mac(prefix)
        self._macs[mac] = self._macs.get(mac, 0) + 1
        self._promised.setdefault(owner, Promises()).macs.append(mac)
        return mac

    def _taken(self, mac: str) -> bool:
        return mac in self._macs

    def release(self, owner: str) -> None:
        """The job is over: what it was promised is either in the configuration by now or free."""
        promises = self._promised.pop(owner, None)
        if promises is None:
            return
        for uuid, ip in promises.ips:
            if uuid in self.pools:
                self.pools[uuid].unmark(ip, PROMISED)
        for mac in promises.macs:
            count = self._macs.pop(mac, 1) - 1
            if count > 0:
                self._macs[mac] = count


def random_mac(prefix: str) -> str:
    tail = secrets.token_bytes(3)
    return f"{prefix}:{tail[0]:02x}:{tail[1]:02x}:{tail[2]:02x}"
