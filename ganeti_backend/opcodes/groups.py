"""Opcodes about node groups."""

# ruff: noqa: RUF009  (`param` and its checks build dataclass fields; nothing is shared by mistake).

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganeti_backend.opcodes.fields import (
    OpCode,
    flag,
    is_dict,
    is_name,
    list_of,
    maybe,
    one_of,
    param,
)

ALLOC_POLICIES = ("preferred", "last_resort", "unallocable")


@dataclass(frozen=True, kw_only=True)
class OpGroupAdd(OpCode):
    OP_ID = "OP_GROUP_ADD"
    TARGET = "group_name"

    group_name: str = param(is_name, "")
    alloc_policy: str | None = param(maybe(one_of(*ALLOC_POLICIES)), None)
    ndparams: dict[str, Any] | None = param(maybe(is_dict), None)
    diskparams: dict[str, Any] | None = param(maybe(is_dict), None)
    hv_state: dict[str, Any] | None = param(maybe(is_dict), None)
    disk_state: dict[str, Any] | None = param(maybe(is_dict), None)
    ipolicy: dict[str, Any] | None = param(maybe(is_dict), None)


@dataclass(frozen=True, kw_only=True)
class OpGroupRemove(OpCode):
    OP_ID = "OP_GROUP_REMOVE"
    TARGET = "group_name"

    group_name: str = param(is_name, "")


@dataclass(frozen=True, kw_only=True)
class OpGroupRename(OpCode):
    """Without a target, as in Ganeti: its summary names neither the old nor the new name."""

    OP_ID = "OP_GROUP_RENAME"

    group_name: str = param(is_name, "")
    new_name: str = param(is_name, "")


@dataclass(frozen=True, kw_only=True)
class OpGroupSetParams(OpCode):
    OP_ID = "OP_GROUP_SET_PARAMS"
    TARGET = "group_name"

    group_name: str = param(is_name, "")
    alloc_policy: str | None = param(maybe(one_of(*ALLOC_POLICIES)), None)
    ndparams: dict[str, Any] | None = param(maybe(is_dict), None)
    diskparams: dict[str, Any] | None = param(maybe(is_dict), None)
    hv_state: dict[str, Any] | None = param(maybe(is_dict), None)
    disk_state: dict[str, Any] | None = param(maybe(is_dict), None)
    ipolicy: dict[str, Any] | None = param(maybe(is_dict), None)


@dataclass(frozen=True, kw_only=True)
class OpGroupAssignNodes(OpCode):
    OP_ID = "OP_GROUP_ASSIGN_NODES"
    TARGET = "group_name"

    group_name: str = param(is_name, "")
    force: bool = flag()
    nodes: list[str] = param(list_of(is_name), None)
    node_uuids: list[str] | None = param(maybe(list_of(is_name)), None)


@dataclass(frozen=True, kw_only=True)
class OpGroupEvacuate(OpCode):
    OP_ID = "OP_GROUP_EVACUATE"
    TARGET = "group_name"

    group_name: str = param(is_name, "")
    early_release: bool = flag()
    iallocator: str | None = param(maybe(is_name), None)
    target_groups: list[str] | None = param(maybe(list_of(is_name)), None)
    sequential: bool = flag()
    force_failover: bool = flag()


OPCODES: tuple[type[OpCode], ...] = (
    OpGroupAdd,
    OpGroupRemove,
    OpGroupRename,
    OpGroupSetParams,
    OpGroupAssignNodes,
    OpGroupEvacuate,
)
