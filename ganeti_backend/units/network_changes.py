"""NETWORK_SET_PARAMS and NETWORK_RENAME: what can be changed about an existing network."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from ganeti_backend import errors, opcodes
from ganeti_backend.configuration import addresses
from ganeti_backend.errors import wrong
from ganeti_backend.locks import Level, Mode
from ganeti_backend.units import base, hook_environment
from ganeti_backend.units.network import NetworkUnit, checked_v6, inside, is_in

NONE = "none"  # As a value: take it away.


class NetworkSetParams(NetworkUnit[opcodes.OpNetworkSetParams]):
    HOOKS_PATH = "network-modify"

    def check_prerequisites(self) -> None:
        self.network = base.find_network(self.config, self.name)
        self.changes: dict[str, Any] = {}
        if self.op.gateway is not None:
            self.changes["gateway"] = self._gateway(self.op.gateway)
        if self.op.mac_prefix is not None:
            prefix = self.op.mac_prefix
            self.changes["mac_prefix"] = (
                None if prefix == NONE else addresses.check_mac_prefix(prefix)
            )
        for name in ("network6", "gateway6"):
            value = getattr(self.op, name)
            if value is not None:
                known = None if value == NONE else value
                self.changes[name] = checked_v6(known, network=name == "network6")
        self._check_v6()
        if self.op.add_reserved_ips or self.op.remove_reserved_ips:
            self.changes["reserved_ips"] = self._reserved()

    def _gateway(self, value: str) -> str | None:
        if value == NONE:
            return None
        subnet = ipaddress.IPv4Network(self.network.network)
        ip = inside(value, subnet)
        if ip != self.network.gateway and self.config.held(self.network, ip):
            text = f"Gateway {ip} of network {self.name} is already in use"
            raise errors.OpPrereqError(text, errors.ECODE_NOTUNIQUE)
        return ip

    def _check_v6(self) -> None:
        network6 = self.changes.get("network6", self.network.network6)
        gateway6 = self.changes.get("gateway6", self.network.gateway6)
        if gateway6 is None:
            return
        if network6 is None:
            raise wrong("IPv6 gateway given, but the network has no IPv6 range")
        if ipaddress.IPv6Address(gateway6) not in ipaddress.IPv6Network(network6):
            raise wrong(f"IPv6 gateway {gateway6} is not in network {network6}")

    def _reserved(self) -> tuple[str, ...]:
        subnet = ipaddress.IPv4Network(self.network.network)
        kept = dict.fromkeys(self.network.reserved_ips)
        for text in self.op.add_reserved_ips or ():
            ip = self._of_network(text, subnet, "reserve")
            if ip in kept or (ip and ip in (self.network.gateway, self.op.gateway)):
                self.warn(f"Cannot reserve IP address {ip}: it is reserved already")
            elif ip:
                kept[ip] = None
        for text in self.op.remove_reserved_ips or ():
            ip = self._of_network(text, subnet, "release")
            if ip and ip in (self.network.gateway, self.op.gateway):
                self.warn(f"Cannot release IP address {ip}: it is the gateway's")
            elif ip and ip not in kept:
                self.warn(f"Cannot release IP address {ip}: it is not reserved")
            kept.pop(ip, None)
        return tuple(kept)

    def _of_network(self, text: str, subnet: ipaddress.IPv4Network, what: str) -> str:
        """The address, or '' for one that the network does not have, which is said."""
        if is_in(text, subnet):
            return inside(text, subnet)
        inside(text, ipaddress.IPv4Network("0.0.0.0/0"))  # What is no address at all is refused.
        self.warn(f"Cannot {what} IP address {text}: {subnet} does not contain {text}")
        return ""

    def hook_environment(self) -> dict[str, str]:
        return hook_environment.of_network(self.network)

    def resumed(self) -> bool:
        found = self.config.network(self.name)
        if found is not None:
            self.network = found
        return found is not None

    def execute(self) -> None:
        self.network = self.network.touched(self.config.now(), **self.changes)
        self.config.commit([self.network], receipt=self.job.receipt(None))


class NetworkRename(NetworkUnit[opcodes.OpNetworkRename]):
    HOOKS_PATH = "network-rename"
    UPDATES_CONFIG = True

    def locks(self, level: Level) -> Mapping[str, Mode]:
        # The new name as well, so that nobody makes a network of this name meanwhile.
        names = [self.name, self.op.new_name]
        return dict.fromkeys(names, base.EXCLUSIVE) if level == Level.NETWORK else {}

    def check_prerequisites(self) -> None:
        self.network = base.find_network(self.config, self.name)
        clash = self.config.network(self.op.new_name)
        if clash is not None:
            text = f"Desired new name '{self.op.new_name}' clashes with existing network"
            raise errors.OpPrereqError(f"{text} (UUID: {clash.uuid})", errors.ECODE_EXISTS)

    def hook_environment(self) -> dict[str, str]:
        return {"OLD_NAME": self.op.network_name, "NEW_NAME": self.op.new_name}

    def resumed(self) -> bool:
        return self.config.network(self.op.new_name) is not None

    def execute(self) -> str:
        renamed = self.network.touched(self.config.now(), name=self.op.new_name)
        self.config.commit([renamed], receipt=self.job.receipt(self.op.new_name))
        return self.op.new_name
