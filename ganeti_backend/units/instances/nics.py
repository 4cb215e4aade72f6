"""Makes and changes NICs: fills in the network's parameters, promises addresses to the job."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Mapping
from typing import Any

from ganeti_backend import errors, objects
from ganeti_backend.configuration import addresses
from ganeti_backend.configuration.config import Config, new_uuid
from ganeti_backend.errors import wrong
from ganeti_backend.units import base

KEYS = frozenset({"mac", "ip", "network", "mode", "link", "vlan", "bridge", "name"})
MODES = ("bridged", "routed", "openvswitch")
GENERATE = ("auto", "generate")
NONE = ("none", "")
POOL = "pool"


class NicMaker:
    """Makes NICs for one job and one node group."""

    def __init__(
        self, config: Config, owner: str, group: objects.NodeGroup | None, conflicts_check: bool
    ) -> None:
        self._config = config
        self._owner = owner
        self._group = group
        self._conflicts_check = conflicts_check

    def new(self, wanted: Mapping[str, Any]) -> objects.Nic:
        """A NIC with its own hardware address, and an address of the pool if that was asked for."""
        check_keys(wanted)
        network = self._network(wanted)
        nic = objects.Nic(
            uuid=new_uuid(),
            mac="",
            name=text_or_none(wanted.get("name")),
            network=network.uuid if network else None,
            **self._parameters(wanted, network, {}),
        )
        address = self._ip(wanted.get("ip"), network, nic)
        mac = self._mac(wanted.get("mac"), network)
        return dataclasses.replace(nic, ip=address, mac=mac)

    def modified(self, old: objects.Nic, wanted: Mapping[str, Any]) -> objects.Nic:
        """The NIC with what was named changed; a new network takes its parameters along."""
        check_keys(wanted)
        moved = "network" in wanted
        network = self._network(wanted) if moved else self._config.network(old.network or "")
        before = {} if moved else {"mode": old.mode, "link": old.link, "vlan": old.vlan}
        changed = dataclasses.replace(
            old,
            network=network.uuid if network else None,
            name=text_or_none(wanted["name"]) if "name" in wanted else old.name,
            **self._parameters(wanted, network if moved else None, before),
        )
        if moved or wanted.get("ip", old.ip) != old.ip:
            changed = dataclasses.replace(changed, ip=self._ip(wanted.get("ip"), network, changed))
        if "mac" in wanted and wanted["mac"] != old.mac:
            changed = dataclasses.replace(changed, mac=self._mac(wanted["mac"], network))
        return changed

    def _network(self, wanted: Mapping[str, Any]) -> objects.Network | None:
        name = text_or_none(wanted.get("network"))
        return base.find_network(self._config, name) if name is not None else None

    def _parameters(
        self,
        wanted: Mapping[str, Any],
        network: objects.Network | None,
        before: Mapping[str, str],
    ) -> dict[str, str]:
        if network is not None:
            for key in ("mode", "link", "vlan", "bridge"):
                if wanted.get(key):
                    text = f"If network is given, no {key} is allowed to be passed"
                    raise wrong(text)
            return self._connection(network)
        given = {key: str(wanted[key]) for key in ("mode", "link", "vlan") if wanted.get(key)}
        if wanted.get("bridge"):
            given["link"] = str(wanted["bridge"])
        filled = self._config.cluster().fill_nicparams({**before, **given})
        if filled["mode"] not in MODES:
            raise wrong(f"Invalid NIC mode '{filled['mode']}'")
        return {key: str(filled[key]) for key in ("mode", "link", "vlan")}

    def _connection(self, network: objects.Network) -> dict[str, str]:
        connection = self._group.networks.get(network.uuid) if self._group else None
        if connection is None:
            group = self._group.name if self._group else "?"
            text = f"Network '{network.name}' is not connected to node group '{group}'"
            raise errors.OpPrereqError(text, errors.ECODE_INVAL)
        return {key: connection.get(key, "") for key in ("mode", "link", "vlan")}

    def _ip(self, wanted: Any, network: objects.Network | None, nic: objects.Nic) -> str | None:
        if wanted == POOL:
            if network is None:
                raise wrong("if ip=pool, parameter network must be passed too")
            return self._config.promise_ip(self._owner, network)
        address = text_or_none(wanted)
        if address is None:
            if nic.mode == "routed":
                raise wrong("Cannot set the NIC IP address to None on a routed NIC")
            return None
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            raise wrong(f"Invalid IP address '{address}'") from None
        if network is not None and parsed.version == 4:
            check = self._conflicts_check
            return self._config.promise_ip(self._owner, network, str(parsed), check)
        return str(parsed)

    def _mac(self, wanted: Any, network: objects.Network | None) -> str:
        prefix = (network and network.mac_prefix) or self._config.cluster().mac_prefix
        if wanted is None or wanted in GENERATE:
            return self._config.promise_mac(self._owner, prefix)
        if not isinstance(wanted, str):
            raise wrong(f"Invalid MAC address {wanted!r}")
        return self._config.promise_mac(self._owner, prefix, addresses.check_mac(wanted))


def check_keys(wanted: Mapping[str, Any]) -> None:
    unknown = sorted(set(wanted) - KEYS)
    if unknown:
        raise wrong(f"Unknown NIC parameter '{unknown[0]}'")
    for key, value in wanted.items():
        if value is not None and not isinstance(value, str):
            raise wrong(f"Invalid value {value!r} for NIC parameter '{key}'")


def text_or_none(value: Any) -> str | None:
    return None if value is None or str(value).lower() in NONE else str(value)
