"""Opcodes that take instances to other nodes, and that ask where instances could go."""

# ruff: noqa: RUF009  (`param` and its checks build dataclass fields; nothing is shared by mistake).

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganeti_backend.opcodes.fields import (
    REDACTED,
    OpCode,
    flag,
    is_bool,
    is_dict,
    is_name,
    is_natural,
    is_text,
    list_of,
    maybe,
    one_of,
    param,
)

LIVE, NON_LIVE = "live", "non-live"
DIRECTION_IN, DIRECTION_OUT = "in", "out"
ALLOCATE, RELOCATE, MULTI_ALLOCATE = "allocate", "relocate", "multi-allocate"
NODE_EVACUATE, CHANGE_GROUP = "node-evacuate", "change-group"
EVACUATION_MODES = ("primary-only", "secondary-only", "all")


@dataclass(frozen=True, kw_only=True)
class OpInstanceMigrate(OpCode):
    OP_ID = "OP_INSTANCE_MIGRATE"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    mode: str | None = param(maybe(one_of(LIVE, NON_LIVE)), None)
    live: bool | None = param(maybe(is_bool), None)
    target_node: str | None = param(maybe(is_name), None)
    target_node_uuid: str | None = param(maybe(is_name), None)
    allow_runtime_changes: bool = flag(True)
    ignore_ipolicy: bool = flag()
    iallocator: str | None = param(maybe(is_text), None)
    cleanup: bool = flag()
    allow_failover: bool = flag()
    ignore_hvversions: bool = flag()


@dataclass(frozen=True, kw_only=True)
class OpInstanceFailover(OpCode):
    OP_ID = "OP_INSTANCE_FAILOVER"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    shutdown_timeout: int = param(is_natural, 120)
    ignore_consistency: bool = flag()
    target_node: str | None = param(maybe(is_name), None)
    target_node_uuid: str | None = param(maybe(is_name), None)
    ignore_ipolicy: bool = flag()
    cleanup: bool = flag()
    iallocator: str | None = param(maybe(is_text), None)


@dataclass(frozen=True, kw_only=True)
class OpInstanceMove(OpCode):
    OP_ID = "OP_INSTANCE_MOVE"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    shutdown_timeout: int = param(is_natural, 120)
    ignore_ipolicy: bool = flag()
    target_node: str = param(is_name, "")
    target_node_uuid: str | None = param(maybe(is_name), None)
    compress: str = param(is_text, "none")
    ignore_consistency: bool = flag()


@dataclass(frozen=True, kw_only=True)
class OpInstanceChangeGroup(OpCode):
    OP_ID = "OP_INSTANCE_CHANGE_GROUP"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    early_release: bool = flag()
    iallocator: str | None = param(maybe(is_text), None)
    target_groups: list[str] | None = param(maybe(list_of(is_name)), None)


@dataclass(frozen=True, kw_only=True)
class OpInstanceMultiAlloc(OpCode):
    """`instances` are OP_INSTANCE_CREATE as dictionaries, none of which names a node."""

    OP_ID = "OP_INSTANCE_MULTI_ALLOC"

    opportunistic_locking: bool = flag()
    iallocator: str | None = param(maybe(is_text), None)
    instances: list[dict[str, Any]] = param(list_of(is_dict), [])

    def to_dict(self) -> dict[str, Any]:
        """Secrets of the wished instances do not get into the job file either."""
        return {
            **super().to_dict(),
            "instances": [without_secrets(item) for item in self.instances],
        }


@dataclass(frozen=True, kw_only=True)
class OpTestAllocator(OpCode):
    OP_ID = "OP_TEST_ALLOCATOR"
    TARGET = "iallocator"

    direction: str = param(one_of(DIRECTION_IN, DIRECTION_OUT), DIRECTION_IN)
    mode: str = param(
        one_of(ALLOCATE, RELOCATE, MULTI_ALLOCATE, NODE_EVACUATE, CHANGE_GROUP), ALLOCATE
    )
    name: str = param(is_text, "")
    nics: list[dict[str, Any]] | None = param(maybe(list_of(is_dict)), None)
    disks: list[Any] | None = param(maybe(list_of(is_dict)), None)
    hypervisor: str | None = param(maybe(is_name), None)
    iallocator: str | None = param(maybe(is_text), None)
    tags: list[str] = param(list_of(is_name), [])
    memory: int | None = param(maybe(is_natural), None)
    vcpus: int | None = param(maybe(is_natural), None)
    os: str | None = param(maybe(is_name), None)
    disk_template: str | None = param(maybe(is_name), None)
    instances: list[str] | None = param(maybe(list_of(is_name)), None)
    evac_mode: str | None = param(maybe(one_of(*EVACUATION_MODES)), None)
    target_groups: list[str] | None = param(maybe(list_of(is_name)), None)
    spindle_use: int = param(is_natural, 1)
    count: int = param(is_natural, 1)
    group_name: str | None = param(maybe(is_name), None)


def without_secrets(wish: dict[str, Any]) -> dict[str, Any]:
    """An opcode's dictionary with its secret OS parameters blotted out."""
    secret = wish.get("osparams_secret")
    return {**wish, "osparams_secret": dict.fromkeys(secret, REDACTED)} if secret else wish


OPCODES: tuple[type[OpCode], ...] = (
    OpInstanceMigrate,
    OpInstanceFailover,
    OpInstanceMove,
    OpInstanceChangeGroup,
    OpInstanceMultiAlloc,
    OpTestAllocator,
)
