"""How jobs of the pretended cluster fail: in Ganeti's words, as job results have them."""

from __future__ import annotations

import ipaddress
from collections.abc import Container

from synnefo.ports import NetworkSpec

LARGEST, SMALLEST = 16, 30  # By their prefixes: what the cluster can count the addresses of.


class JobFails(Exception):  # noqa: N818  # The name says what happens.
    """A job ends in error: Ganeti's class, text and code."""

    def __init__(self, kind: str, text: str, code: str) -> None:
        super().__init__(text)
        self.result = [kind, [text, code]]


def refuse_taken(name: str, known: Container[str]) -> None:
    """Two of one name cannot be."""
    if name in known:
        raise JobFails("OpPrereqError", f"'{name}' is already in the cluster", "already_exists")


def refuse_outside(address: str, cidr: str) -> None:
    """A card in a network has an address of it, or none."""
    if ipaddress.ip_address(address) not in ipaddress.ip_network(cidr):
        text = f"Address {address} is outside of the network's range {cidr}"
        raise JobFails("OpPrereqError", text, "wrong_input")


def refuse_ranges(spec: NetworkSpec) -> None:
    """Ranges that are too large or too small, and gateways that lie outside."""
    length = ipaddress.ip_network(spec.cidr).prefixlen
    if not LARGEST <= length <= SMALLEST:
        text = f"The size of {spec.cidr} must be between /{LARGEST} and /{SMALLEST}"
        raise JobFails("OpPrereqError", text, "wrong_input")
    for gateway, cidr in ((spec.gateway, spec.cidr), (spec.gateway6, spec.cidr6)):
        if gateway is not None and cidr is not None:
            refuse_outside(gateway, cidr)
