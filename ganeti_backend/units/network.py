"""NETWORK_ADD, NETWORK_REMOVE, NETWORK_CONNECT, NETWORK_DISCONNECT: address ranges and groups."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import TypeVar

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.configuration import addresses
from ganeti_backend.configuration.config import new_uuid
from ganeti_backend.errors import wrong
from ganeti_backend.locks import Level, Mode
from ganeti_backend.units import base, hook_environment

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
        reserved = [inside(ip, subnet) for ip in self.op.add_reserved_ips or ()]
        reserved += self._of_nodes(subnet) if self.op.conflicts_check else []
        prefix = self.op.mac_prefix
        now = self.config.now()
        self.network = objects.Network(
            name=self.name,
            uuid=new_uuid(),
            ctime=now,
            mtime=now,
            tags=tuple(dict.fromkeys(self.op.tags)),
            network=str(subnet),
            gateway=inside(self.op.gateway, subnet) if self.op.gateway else None,
            network6=checked_v6(self.op.network6, network=True),
            gateway6=self._gateway6(),
            mac_prefix=addresses.check_mac_prefix(prefix) if prefix else None,
            reserved_ips=tuple(dict.fromkeys(reserved)),
        )

    def _gateway6(self) -> str | None:
        gateway = checked_v6(self.op.gateway6, network=False)
        if gateway is None:
            return None
        if self.op.network6 is None:
            raise wrong("IPv6 gateway given, but the network has no IPv6 range")
        if ipaddress.IPv6Address(gateway) not in ipaddress.IPv6Network(self.op.network6):
            raise wrong(f"IPv6 gateway {gateway} is not in network {self.op.network6}")
        return gateway

    def _of_nodes(self, subnet: ipaddress.IPv4Network) -> list[str]:
        """Addresses that nodes have must not go to guests as well."""
        places = [ip for node in self.config.nodes() for ip in (node.primary_ip, node.secondary_ip)]
        taken = [ip for ip in dict.fromkeys(places) if ip and is_in(ip, subnet)]
        for ip in taken:
            self.info(f"Reserved IP address {ip}, which a node has")
        return taken

    def hook_environment(self) -> dict[str, str]:
        return hook_environment.of_network(self.network)

    def resumed(self) -> bool:
        self.network = base.find_network(self.config, self.name)
        return True

    def execute(self) -> None:
        self.config.commit([self.network], receipt=self.job.receipt(None))


def inside(ip: str, subnet: ipaddress.IPv4Network) -> str:
    try:
        address = ipaddress.IPv4Address(ip)
    except ValueError:
        raise wrong(f"Invalid IPv4 address '{ip}'") from None
    if address not in subnet:
        raise wrong(f"Address {ip} is not in network {subnet}")
    return str(address)


def is_in(ip: str, subnet: ipaddress.IPv4Network) -> bool:
    try:
        return ipaddress.IPv4Address(ip) in subnet
    except ValueError:  # A name, or an address of the other kind.
        return False


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
        if networks == self.group.networks:
            return
        self.group = self.group.touched(self.config.now(), networks=networks)
        self.config.commit([self.group], receipt=self.job.receipt(None))


class NetworkConnect(ConnectionUnit[opcodes.OpNetworkConnect]):
    HOOKS_PATH = "network-connect"

    @property
    def parameters(self) -> dict[str, str]:
        """Those of the connection; one that is there already keeps what it was made with."""
        return dict(self.group.networks.get(self.network.uuid, self._asked))

    @property
    def _asked(self) -> dict[str, str]:
        op = self.op
        return {"mode": op.network_mode, "link": self._link, "vlan": op.network_vlan}

    @property
    def _link(self) -> str:
        """Without a link in the request that of new network cards; what is routed may have none."""
        if self.op.network_link or self.op.network_mode == "routed":
            return self.op.network_link
        return str(self.config.cluster().fill_nicparams({})["link"])

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        if self.network.uuid in self.group.networks:
            text = f"Network '{self.name}' is already mapped to group '{self.group.name}'"
            if self.parameters != self._asked:
                text += ", with other parameters, which stay: disconnect it first to change them"
            self.warn(text)
        elif self.op.conflicts_check:
            self._check_conflicts()

    def _check_conflicts(self) -> None:
        """Guests of the group that use addresses of the range on the same link already."""
        subnet = ipaddress.IPv4Network(self.network.network)
        nodes = {node.name for node in self.config.nodes() if node.group == self.group.uuid}
        place = (self.op.network_mode, self._link)
        found = [
            f"{instance.name}/{index}: {nic.ip}"
            for instance in self.config.instances()
            if instance.primary_node in nodes
            for index, nic in enumerate(instance.nics)
            if nic.ip and nic.network is None and (nic.mode, nic.link) == place
            if is_in(nic.ip, subnet)
        ]
        if found:
            text = f"Addresses of network '{self.name}' are used outside of it: {', '.join(found)}"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)

    def hook_environment(self) -> dict[str, str]:
        return hook_environment.of_group_network(self.group.name, self.parameters)

    def execute(self) -> None:
        self.store({**self.group.networks, self.network.uuid: self.parameters})


class NetworkDisconnect(ConnectionUnit[opcodes.OpNetworkDisconnect]):
    HOOKS_PATH = "network-disconnect"

    parameters: dict[str, str]

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        self.parameters = dict(self.group.networks.get(self.network.uuid, {}))
        if not self.parameters:
            self.warn(f"Network '{self.name}' is not mapped to group '{self.group.name}'")
        users = self._users()
        if users:
            text = f"Network '{self.name}' is used by instances: {', '.join(sorted(users))}"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)

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
