"""Opcodes about the disks of instances. Snapshots are ours; Ganeti has none."""

# ruff: noqa: RUF009  (`param` and its checks build dataclass fields; nothing is shared by mistake).

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganeti_backend.opcodes.fields import (
    OpCode,
    flag,
    is_dict,
    is_name,
    is_natural,
    is_text,
    list_of,
    maybe,
    one_of,
    param,
)

REPLACE_PRIMARY = "replace_on_primary"
REPLACE_SECONDARY = "replace_on_secondary"
REPLACE_NEW_SECONDARY = "replace_new_secondary"
REPLACE_AUTO = "replace_auto"
REPLACE_MODES = (REPLACE_PRIMARY, REPLACE_SECONDARY, REPLACE_NEW_SECONDARY, REPLACE_AUTO)
SNAPSHOT_CREATE, SNAPSHOT_REVERT, SNAPSHOT_REMOVE = "create", "revert", "remove"
SNAPSHOT_ACTIONS = (SNAPSHOT_CREATE, SNAPSHOT_REVERT, SNAPSHOT_REMOVE)


def is_recreated(value: Any) -> bool:
    """A disk's index, alone or with what is to be different."""
    if isinstance(value, (list, tuple)):
        return len(value) == 2 and is_natural(value[0]) and is_dict(value[1])
    return is_natural(value)


@dataclass(frozen=True, kw_only=True)
class OpInstanceGrowDisk(OpCode):
    OP_ID = "OP_INSTANCE_GROW_DISK"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    wait_for_sync: bool = flag(True)
    disk: int = param(is_natural)
    amount: int = param(is_natural)
    absolute: bool = flag()
    ignore_ipolicy: bool = flag()


@dataclass(frozen=True, kw_only=True)
class OpInstanceRecreateDisks(OpCode):
    OP_ID = "OP_INSTANCE_RECREATE_DISKS"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    disks: list[Any] = param(list_of(is_recreated), [])
    nodes: list[str] = param(list_of(is_name), [])
    node_uuids: list[str] | None = param(maybe(list_of(is_name)), None)
    iallocator: str | None = param(maybe(is_text), None)


@dataclass(frozen=True, kw_only=True)
class OpInstanceActivateDisks(OpCode):
    OP_ID = "OP_INSTANCE_ACTIVATE_DISKS"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    ignore_size: bool = flag()
    wait_for_sync: bool = flag()


@dataclass(frozen=True, kw_only=True)
class OpInstanceDeactivateDisks(OpCode):
    OP_ID = "OP_INSTANCE_DEACTIVATE_DISKS"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    force: bool = flag()


@dataclass(frozen=True, kw_only=True)
class OpInstanceReplaceDisks(OpCode):
    OP_ID = "OP_INSTANCE_REPLACE_DISKS"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    early_release: bool = flag()
    ignore_ipolicy: bool = flag()
    mode: str = param(one_of(*REPLACE_MODES))
    disks: list[int] = param(list_of(is_natural), [])
    remote_node: str | None = param(maybe(is_name), None)
    remote_node_uuid: str | None = param(maybe(is_name), None)
    iallocator: str | None = param(maybe(is_text), None)


@dataclass(frozen=True, kw_only=True)
class OpInstanceSnapshot(OpCode):
    OP_ID = "OP_INSTANCE_SNAPSHOT"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    action: str = param(one_of(*SNAPSHOT_ACTIONS), SNAPSHOT_CREATE)
    snapshot_name: str = param(is_name)


@dataclass(frozen=True, kw_only=True)
class OpInstanceSaveDisk(OpCode):
    OP_ID = "OP_INSTANCE_SAVE_DISK"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    disk: str = param(is_name, "0")
    file: str = param(is_name)
    sums: bool = flag(True)


OPCODES: tuple[type[OpCode], ...] = (
    OpInstanceSaveDisk,
    OpInstanceGrowDisk,
    OpInstanceRecreateDisks,
    OpInstanceActivateDisks,
    OpInstanceDeactivateDisks,
    OpInstanceReplaceDisks,
    OpInstanceSnapshot,
)
