"""Address pools as arithmetic; which addresses are taken is the database's knowledge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

MOST_AT_ONCE = 500
Ip = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Pool:
    """The addresses from `start` to `end`, both included, but for the excluded ones.

    Where there are `ranges`, only what lies in one of them counts.
    """

    start: Ip
    end: Ip
    excluded: frozenset[Ip] = field(default_factory=frozenset)
    ranges: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, start: str, end: str, *excluded: str) -> Pool:
        """A pool from texts; empty ones among the excluded count for nothing."""
        without = frozenset(ip_address(text) for text in excluded if text)
        return cls(ip_address(start), ip_address(end), without)

    def within(self, ranges: Iterable[Sequence[str]]) -> Pool:
        """The same pool, but only what lies in one of these ranges; none means all of it."""
        pairs = tuple((int(ip_address(low)), int(ip_address(high))) for low, high in ranges)
        return replace(self, ranges=pairs)

    def _counts(self, address: Ip) -> bool:
        if address in self.excluded:
            return False
        number = int(address)
        return not self.ranges or any(low <= number <= high for low, high in self.ranges)

    @property
    def size(self) -> int:
        """How many offsets there are, the excluded ones counted."""
        return int(self.end) - int(self.start) + 1

    def offset(self, address: str) -> int:
        """Where an address lies."""
        return int(ip_address(address)) - int(self.start)

    def has(self, address: str) -> bool:
        """Whether it can be handed out."""
        found = ip_address(address)
        inside = found.version == self.start.version and int(self.start) <= int(found)
        return inside and int(found) <= int(self.end) and self._counts(found)

    def windows(self, begin: int, width: int) -> Iterator[list[str]]:
        """All addresses in growing portions, from the offset `begin` on and around the end."""
        done = 0
        while done < self.size:
            size = min(width, self.size - done)
            portion = (self.start + (begin + done + step) % self.size for step in range(size))
            yield [str(address) for address in portion if self._counts(address)]
            done, width = done + size, min(width * 4, MOST_AT_ONCE)


def pool_bounds(cidr: str) -> tuple[str, str, str]:
    """First and last address for servers of a whole network, and its usual gateway (the first)."""
    network = ip_network(cidr)
    gateway = network.network_address + 1
    return str(gateway + 1), str(network.broadcast_address - 1), str(gateway)


def reason_against(address: str, cidr: str, gateway: str) -> str | None:
    """Why a server cannot have this address, or None."""
    try:
        wanted = ip_address(address)
    except ValueError:
        return f"'{address}' is not an IP address"
    network = ip_network(cidr)
    if wanted not in network:
        return f"IP address {address} is not in the network {cidr}"
    ends = {network.network_address, network.broadcast_address}
    if str(wanted) == gateway or (network.version == 4 and wanted in ends):
        return f"IP address {address} is reserved in {cidr}"
    return None


def prefix_length(cidr: str) -> int:
    """The 20 of 198.18.0.0/20."""
    return ip_network(cidr).prefixlen
