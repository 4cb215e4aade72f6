"""Address pools as arithmetic; which addresses are taken is the database's knowledge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

MOST_AT_ONCE = 500
Ip = IPv4Address | IPv6Address


def canonical(text: str) -> str | None:
    """The address as it is kept and compared; None for what is no address."""
    try:
        return str(ip_address(text))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Pool:
    """The addresses from `start` to `end`, both included, but for the excluded ones.

    Where there are `ranges`, the pool is these, one after the other, and what lies between them
    takes no time to pass over.
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
        """The same pool, but only these ranges of it; none means all of it."""
        pairs = tuple((int(ip_address(low)), int(ip_address(high))) for low, high in ranges)
        return replace(self, ranges=pairs)

    @property
    def _ranges(self) -> tuple[tuple[int, int], ...]:
        return self.ranges or ((int(self.start), int(self.end)),)

    @property
    def size(self) -> int:
        """How many offsets there are, the excluded ones counted."""
        return sum(high - low + 1 for low, high in self._ranges)

    def offset(self, address: str) -> int:
        """Where an address of the pool lies."""
        number, before = int(ip_address(address)), 0
        for low, high in self._ranges:
            if low <= number <= high:
                return before + number - low
            before += high - low + 1
        raise ValueError(f"{address} is not in the pool")

    def _at(self, offset: int) -> Ip:
        for low, high in self._ranges:
            if offset <= high - low:
                return self.start + (low + offset - int(self.start))
            offset -= high - low + 1
        raise ValueError("the pool ends before")

    def has(self, address: str) -> bool:
        """Whether it can be handed out."""
        found = ip_address(address)
        if found.version != self.start.version or found in self.excluded:
            return False
        return any(low <= int(found) <= high for low, high in self._ranges)

    def windows(self, begin: int, width: int) -> Iterator[list[str]]:
        """All addresses in growing portions, from the offset `begin` on and around the end."""
        done, size = 0, self.size
        while done < size:
            portion = min(width, size - done)
            some = (self._at((begin + done + step) % size) for step in range(portion))
            yield [str(address) for address in some if address not in self.excluded]
            done, width = done + portion, min(width * 4, MOST_AT_ONCE)


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
