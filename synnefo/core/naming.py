"""Identifiers: how rows of the database are called on the backends."""

import re

# Tags of instances that must not share a node; the cluster's `htools:iextags` names it, too.
APART = "snf-apart"


def instance_name(prefix: str, server_id: int) -> str:
    """The instance of a server."""
    return f"{prefix}-{server_id}"


def nic_name(prefix: str, port_id: int) -> str:
    """The card of a port."""
    return f"{prefix}-nic-{port_id}"


def disk_name(prefix: str, volume_id: int) -> str:
    """The disk of a volume."""
    return f"{prefix}-vol-{volume_id}"


def rescue_name(prefix: str, server_id: int) -> str:
    """The disk that a server is rescued from, which is no volume."""
    return f"{prefix}-rescue-{server_id}"


def network_number(network_id: int, subnet_id: int, apart: bool) -> int:
    """What backends count a subnet's network by: below 0 where the subnet has one of its own."""
    return -subnet_id if apart else network_id


def network_name(prefix: str, number: int) -> str:
    """The network of a network, or the one that a subnet has apart from it."""
    return f"{prefix}-net-{number}" if number > 0 else f"{prefix}-subnet-{-number}"


def _id_in(pattern: str, prefix: str, name: str | None) -> int | None:
    # Without leading zeros and bounded, so that each row has exactly one name.
    match = re.fullmatch(re.escape(prefix) + pattern + r"([1-9][0-9]{0,17})", name or "", re.ASCII)
    return int(match[1]) if match else None


def server_id(prefix: str, name: str | None) -> int | None:
    """The server that an instance belongs to; None for instances that are not ours."""
    return _id_in("-", prefix, name)


def port_id(prefix: str, name: str | None) -> int | None:
    """The port that a card belongs to."""
    return _id_in("-nic-", prefix, name)


def volume_id(prefix: str, name: str | None) -> int | None:
    """The volume that a disk belongs to."""
    return _id_in("-vol-", prefix, name)


def network_number_in(prefix: str, name: str | None) -> int | None:
    """The network that a backend's network belongs to, or below 0 the subnet."""
    subnet = _id_in("-subnet-", prefix, name)
    return -subnet if subnet is not None else _id_in("-net-", prefix, name)
