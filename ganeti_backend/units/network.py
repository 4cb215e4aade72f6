"""NETWORK_ADD, NETWORK_REMOVE, NETWORK_CONNECT, NETWORK_DISCONNECT: address ranges and groups."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import TypeVar

from ganeti_backend import addresses, errors, objects, opcodes
from ganeti_backend.config import new_uuid
from ganeti_backend.locks import Level, Mode
from ganeti_backend.units import base, hook_environment
from ganeti_backend.units.instances.parameters import wrong

AnyOp = TypeVar("AnyOp", bound=opcodes.OpCode)
Connecting = TypeVar("Connecting", opcodes.OpNetworkConnect, opcodes.OpNetworkDisconnect)


class NetworkUnit(base.Unit[AnyOp]):
    OBJECT_TYPE = "NETWORK"

    network: objects.Network

    @property
    def name(self) -> str:
        return self.op.target or ""

    def locks(self, level: Level) -> Mapping[str, Mode]:
        return {self.name: base.EXCLUSIVE} if level == Level.NETWORK else {}

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        master = [self.config.cluster().master]
        return master, master


class NetworkAdd(NetworkUnit[opcodes.OpNetworkAdd]):
    HOOKS_PATH = "network-add"
    UPDATES_CONFIG = True

    def check_prerequisites(self) -> None:
        if self.config.network(self.name) is not None:
            text = f"Desired network name '{self.name}' already exists"
            raise errors.OpPrereqError(text, errors.ECODE_EXISTS)
        subnet = addresses.parse_network(self.op.network)
        reserved = [self._inside(ip, subnet) for ip in self.op.add_reserved_ips or ()]
        prefix = self.op.mac_prefix
        now = self.config.now()
        self.network = objects.Network(
            name=self.name,
            uuid=new_uuid(),
            ctime=now,
            mtime=now,
            tags=tuple(dict.fromkeys(self.op.tags)),
            network=str(subnet),
            gateway=self._inside(self.op.gateway, subnet) if self.op.gateway else None,
            network6=checked_v6(self.op.network6, network=True),
            gateway6=checked_v6(self.op.gateway6, network=False),
            mac_prefix=addresses.check_mac_prefix(prefix) if prefix else None,
            reserved_ips=tuple(dict.fromkeys(reserved)),
        )

    def _inside(self, ip: str, subnet: ipaddress.IPv4Network) -> str:
        try:
            address = ipaddress.IPv4Address(ip)
        except ValueError:
            raise wrong(f"Invalid IPv4 address '{ip}'") from None
        if address not in subnet:
            raise wrong(f"Address {ip} is not in network {subnet}")
        return str(address)

    def hook_environment(self) -> dict[str, str]:
        return hook_environment.of_network(self.network)

    def resumed(self) -> bool:
        self.network = base.find_network(self.config, self.name)
        return True

    def execute(self) -> None:
        self.config.commit([self.network], receipt=self.job.receipt(None))


def checked_v6(text: str | None, *, network: bool) -> str | None:
    if text is None:
        return None
    try:
        return str(ipaddress.IPv6Network(text) if network else ipaddress.IPv6Address(text))
    except ValueError as error:
        raise wrong(
            f"Invalid IPv6 {'network' if network else 'address'} '{text}': {error}"
        ) from None


class NetworkRemove(NetworkUnit[opcodes.OpNetworkRemove]):
    HOOKS_PATH = "network-remove"
    UPDATES_CONFIG = True

    def check_prerequisites(self) -> None:
        self.network = base.find_network(self.config, self.name)
        groups = [item.name for item in self.config.groups() if self.network.uuid in item.networks]
        if groups:
            text = f"Network '{self.name}' is still connected to node groups: {', '.join(groups)}"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)

    def hook_environment(self) -> dict[str, str]:
        return {"NETWORK_NAME": self.network.name}

    def execute(self) -> None:
        self.config.commit(delete=[self.network], receipt=self.job.receipt(None))


class ConnectionUnit(NetworkUnit[Connecting]):
    """What connecting and disconnecting share; hooks run on all nodes of the group."""

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.NODEGROUP:
            return {self.op.group_name: base.EXCLUSIVE}
        return super().locks(level)

    def check_prerequisites(self) -> None:
        self.network = base.find_network(self.config, self.name)
        self.group = base.find_group(self.config, self.op.group_name)

    def resumed(self) -> bool:
        ConnectionUnit.check_prerequisites(self)
        return True

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        nodes = [node.name for node in self.config.nodes() if node.group == self.group.uuid]
        return nodes, nodes

    def store(self, networks: dict[str, dict[str, str]]) -> None:
        self.group = self.group.touched(self.config.now(), networks=networks)
        self.config.commit([self.group], receipt=self.job.receipt(None))


class NetworkConnect(ConnectionUnit[opcodes.OpNetworkConnect]):
    HOOKS_PATH = "network-connect"

    @property
    def parameters(self) -> dict[str, str]:
        op = self.op
        return {"mode": op.network_mode, "link": op.network_link, "vlan": op.network_vlan}

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        if self.network.uuid in self.group.networks:
            text = f"Network '{self.name}' is already connected to group '{self.group.name}'"
            raise errors.OpPrereqError(text, errors.ECODE_EXISTS)
        if not self.op.network_link and self.op.network_mode != "routed":
            raise wrong("A link is needed to connect a network")

    def hook_environment(self) -> dict[str, str]:
        return hook_environment.of_group_network(self.group.name, self.parameters)

    def execute(self) -> None:
        self.store({**self.group.networks, self.network.uuid: self.parameters})


class NetworkDisconnect(ConnectionUnit[opcodes.OpNetworkDisconnect]):
    HOOKS_PATH = "network-disconnect"

    parameters: dict[str, str]

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        if self.network.uuid not in self.group.networks:
            text = f"Network '{self.name}' is not connected to group '{self.group.name}'"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        users = self._users()
        if users:
            text = f"Network '{self.name}' is used by instances: {', '.join(sorted(users))}"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        self.parameters = self.group.networks[self.network.uuid]

    def _users(self) -> list[str]:
        nodes = {node.name for node in self.config.nodes() if node.group == self.group.uuid}
        return [
            instance.name
            for instance in self.config.instances()
            if instance.primary_node in nodes
            and any(nic.network == self.network.uuid for nic in instance.nics)
        ]

    def resumed(self) -> bool:
        self.parameters = {}
        return super().resumed()

    def hook_environment(self) -> dict[str, str]:
        return hook_environment.of_group_network(self.group.name, self.parameters)

    def execute(self) -> None:
        left = {
            key: value for key, value in self.group.networks.items() if key != self.network.uuid
        }
        self.store(left)
