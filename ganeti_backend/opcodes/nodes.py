"""Opcodes about nodes. `OpNodeAdd.port` is ours: a node daemon may listen anywhere."""

# ruff: noqa: RUF009  (`param` and its checks build dataclass fields; nothing is shared by mistake).

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganeti_backend.opcodes.fields import (
    OpCode,
    flag,
    is_bool,
    is_dict,
    is_int,
    is_name,
    is_number,
    list_of,
    maybe,
    one_of,
    param,
)

EVACUATE_PRIMARY = "primary-only"
EVACUATE_SECONDARY = "secondary-only"
EVACUATE_ALL = "all"
MIGRATION_MODES = ("live", "non-live")
OOB_COMMANDS = ("power-on", "power-off", "power-cycle", "power-status", "health")
STORAGE_TYPES = ("file", "sharedfile", "lvm-pv", "lvm-vg", "diskless", "ext", "rados", "gluster")


def is_port(value: Any) -> bool:
    return is_int(value) and 0 < value < 65536


@dataclass(frozen=True, kw_only=True)
class OpNodeAdd(OpCode):
    OP_ID = "OP_NODE_ADD"
    TARGET = "node_name"

    node_name: str = param(is_name, "")
    hv_state: dict[str, Any] | None = param(maybe(is_dict), None)
    disk_state: dict[str, Any] | None = param(maybe(is_dict), None)
    primary_ip: str | None = param(maybe(is_name), None)
    secondary_ip: str | None = param(maybe(is_name), None)
    readd: bool = flag()
    group: str | None = param(maybe(is_name), None)
    master_capable: bool | None = param(maybe(is_bool), None)
    vm_capable: bool | None = param(maybe(is_bool), None)
    ndparams: dict[str, Any] | None = param(maybe(is_dict), None)
    node_setup: bool = flag()
    port: int | None = param(maybe(is_port), None)


@dataclass(frozen=True, kw_only=True)
class OpNodeRemove(OpCode):
    OP_ID = "OP_NODE_REMOVE"
    TARGET = "node_name"

    node_name: str = param(is_name, "")
    node_uuid: str | None = param(maybe(is_name), None)


@dataclass(frozen=True, kw_only=True)
class OpNodeSetParams(OpCode):
    OP_ID = "OP_NODE_SET_PARAMS"
    TARGET = "node_name"

    node_name: str = param(is_name, "")
    node_uuid: str | None = param(maybe(is_name), None)
    force: bool = flag()
    hv_state: dict[str, Any] | None = param(maybe(is_dict), None)
    disk_state: dict[str, Any] | None = param(maybe(is_dict), None)
    master_candidate: bool | None = param(maybe(is_bool), None)
    offline: bool | None = param(maybe(is_bool), None)
    drained: bool | None = param(maybe(is_bool), None)
    auto_promote: bool = flag()
    master_capable: bool | None = param(maybe(is_bool), None)
    vm_capable: bool | None = param(maybe(is_bool), None)
    secondary_ip: str | None = param(maybe(is_name), None)
    ndparams: dict[str, Any] | None = param(maybe(is_dict), None)
    powered: bool | None = param(maybe(is_bool), None)


@dataclass(frozen=True, kw_only=True)
class OpNodeEvacuate(OpCode):
    OP_ID = "OP_NODE_EVACUATE"
    TARGET = "node_name"

    early_release: bool = flag()
    node_name: str = param(is_name, "")
    node_uuid: str | None = param(maybe(is_name), None)
    remote_node: str | None = param(maybe(is_name), None)
    remote_node_uuid: str | None = param(maybe(is_name), None)
    iallocator: str | None = param(maybe(is_name), None)
    mode: str = param(one_of(EVACUATE_PRIMARY, EVACUATE_SECONDARY, EVACUATE_ALL), None)
    ignore_soft_errors: bool | None = param(maybe(is_bool), None)


@dataclass(frozen=True, kw_only=True)
class OpNodeMigrate(OpCode):
    OP_ID = "OP_NODE_MIGRATE"
    TARGET = "node_name"

    node_name: str = param(is_name, "")
    node_uuid: str | None = param(maybe(is_name), None)
    mode: str | None = param(maybe(one_of(*MIGRATION_MODES)), None)
    live: bool | None = param(maybe(is_bool), None)
    target_node: str | None = param(maybe(is_name), None)
    target_node_uuid: str | None = param(maybe(is_name), None)
    allow_runtime_changes: bool = flag(True)
    ignore_ipolicy: bool = flag()
    iallocator: str | None = param(maybe(is_name), None)


@dataclass(frozen=True, kw_only=True)
class OpNodePowercycle(OpCode):
    OP_ID = "OP_NODE_POWERCYCLE"
    TARGET = "node_name"

    node_name: str = param(is_name, "")
    node_uuid: str | None = param(maybe(is_name), None)
    force: bool = flag()


@dataclass(frozen=True, kw_only=True)
class OpNodeQueryvols(OpCode):
    OP_ID = "OP_NODE_QUERYVOLS"

    output_fields: list[str] = param(list_of(is_name), None)
    nodes: list[str] = param(list_of(is_name), [])


@dataclass(frozen=True, kw_only=True)
class OpNodeQueryStorage(OpCode):
    OP_ID = "OP_NODE_QUERY_STORAGE"

    output_fields: list[str] = param(list_of(is_name), None)
    storage_type: str | None = param(maybe(one_of(*STORAGE_TYPES)), None)
    nodes: list[str] = param(list_of(is_name), [])
    name: str | None = param(maybe(is_name), None)


@dataclass(frozen=True, kw_only=True)
class OpNodeModifyStorage(OpCode):
    OP_ID = "OP_NODE_MODIFY_STORAGE"
    TARGET = "node_name"

    node_name: str = param(is_name, "")
    node_uuid: str | None = param(maybe(is_name), None)
    storage_type: str = param(one_of(*STORAGE_TYPES), None)
    name: str | None = param(maybe(is_name), None)
    changes: dict[str, Any] = param(is_dict, None)


@dataclass(frozen=True, kw_only=True)
class OpRepairNodeStorage(OpCode):
    OP_ID = "OP_REPAIR_NODE_STORAGE"
    TARGET = "node_name"

    node_name: str = param(is_name, "")
    node_uuid: str | None = param(maybe(is_name), None)
    storage_type: str = param(one_of(*STORAGE_TYPES), None)
    name: str | None = param(maybe(is_name), None)
    ignore_consistency: bool = flag()


@dataclass(frozen=True, kw_only=True)
class OpOobCommand(OpCode):
    OP_ID = "OP_OOB_COMMAND"

    node_names: list[str] = param(list_of(is_name), [])
    node_uuids: list[str] | None = param(maybe(list_of(is_name)), None)
    command: str = param(one_of(*OOB_COMMANDS), None)
    timeout: int = param(lambda value: is_int(value) and value > 0, 60)
    ignore_status: bool = flag()
    power_delay: float = param(lambda value: is_number(value) and value >= 0, 2.0)


@dataclass(frozen=True, kw_only=True)
class OpRestrictedCommand(OpCode):
    OP_ID = "OP_RESTRICTED_COMMAND"

    use_locking: bool = flag()
    nodes: list[str] = param(list_of(is_name), None)
    node_uuids: list[str] | None = param(maybe(list_of(is_name)), None)
    command: str = param(is_name, "")


OPCODES: tuple[type[OpCode], ...] = (
    OpNodeAdd,
    OpNodeRemove,
    OpNodeSetParams,
    OpNodeEvacuate,
    OpNodeMigrate,
    OpNodePowercycle,
    OpNodeQueryvols,
    OpNodeQueryStorage,
    OpNodeModifyStorage,
    OpRepairNodeStorage,
    OpOobCommand,
    OpRestrictedCommand,
)
