"""Opcodes about networks."""

# ruff: noqa: RUF009  (`param` and its checks build dataclass fields; nothing is shared by mistake).

from __future__ import annotations

from dataclasses import dataclass

from ganeti_backend.opcodes.fields import (
    OpCode,
    flag,
    is_name,
    is_text,
    list_of,
    maybe,
    one_of,
    param,
)


@dataclass(frozen=True, kw_only=True)
class OpNetworkAdd(OpCode):
    OP_ID = "OP_NETWORK_ADD"
    TARGET = "network_name"

    network_name: str = param(is_name, "")
    network: str = param(is_name, "")
    gateway: str | None = param(maybe(is_name), None)
    network6: str | None = param(maybe(is_name), None)
    gateway6: str | None = param(maybe(is_name), None)
    mac_prefix: str | None = param(maybe(is_name), None)
    add_reserved_ips: list[str] | None = param(maybe(list_of(is_name)), None)
    conflicts_check: bool = flag(True)
    tags: list[str] = param(list_of(is_name), [])


@dataclass(frozen=True, kw_only=True)
class OpNetworkRemove(OpCode):
    OP_ID = "OP_NETWORK_REMOVE"
    TARGET = "network_name"

    network_name: str = param(is_name, "")
    force: bool = flag()


@dataclass(frozen=True, kw_only=True)
class OpNetworkSetParams(OpCode):
    """The word `none` takes a value away; the IPv4 range itself stays what it is."""

    OP_ID = "OP_NETWORK_SET_PARAMS"
    TARGET = "network_name"

    network_name: str = param(is_name, "")
    gateway: str | None = param(maybe(is_name), None)
    network6: str | None = param(maybe(is_name), None)
    gateway6: str | None = param(maybe(is_name), None)
    mac_prefix: str | None = param(maybe(is_name), None)
    add_reserved_ips: list[str] | None = param(maybe(list_of(is_name)), None)
    remove_reserved_ips: list[str] | None = param(maybe(list_of(is_name)), None)


@dataclass(frozen=True, kw_only=True)
class OpNetworkRename(OpCode):
    OP_ID = "OP_NETWORK_RENAME"
    TARGET = "network_name"

    network_name: str = param(is_name, "")
    new_name: str = param(is_name, "")


@dataclass(frozen=True, kw_only=True)
class OpNetworkConnect(OpCode):
    OP_ID = "OP_NETWORK_CONNECT"
    TARGET = "network_name"

    group_name: str = param(is_name, "")
    network_name: str = param(is_name, "")
    network_mode: str = param(one_of("bridged", "routed", "openvswitch"), "bridged")
    network_link: str = param(is_text, "")
    network_vlan: str = param(is_text, "")
    conflicts_check: bool = flag(True)


@dataclass(frozen=True, kw_only=True)
class OpNetworkDisconnect(OpCode):
    OP_ID = "OP_NETWORK_DISCONNECT"
    TARGET = "network_name"

    group_name: str = param(is_name, "")
    network_name: str = param(is_name, "")


OPCODES: tuple[type[OpCode], ...] = (
    OpNetworkAdd,
    OpNetworkRemove,
    OpNetworkSetParams,
    OpNetworkRename,
    OpNetworkConnect,
    OpNetworkDisconnect,
)
