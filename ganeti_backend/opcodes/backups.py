"""Opcodes about exports of instances."""

# ruff: noqa: RUF009  (`param` and its checks build dataclass fields; nothing is shared by mistake).

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganeti_backend.opcodes.fields import (
    OpCode,
    flag,
    is_int,
    is_name,
    is_natural,
    is_number,
    is_text,
    list_of,
    maybe,
    one_of,
    param,
)

MODES = ("local", "remote")


@dataclass(frozen=True, kw_only=True)
class OpBackupPrepare(OpCode):
    OP_ID = "OP_BACKUP_PREPARE"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    mode: str = param(one_of(*MODES))


@dataclass(frozen=True, kw_only=True)
class OpBackupExport(OpCode):
    OP_ID = "OP_BACKUP_EXPORT"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    compress: str = param(is_text, "none")
    shutdown_timeout: int = param(is_natural, 120)
    target_node: str | list[Any] = param(lambda value: is_name(value) or isinstance(value, list))
    target_node_uuid: str | None = param(maybe(is_name), None)
    shutdown: bool = flag(True)
    remove_instance: bool = flag()
    ignore_remove_failures: bool = flag()
    mode: str = param(one_of(*MODES), "local")
    x509_key_name: list[Any] | None = param(maybe(list_of(lambda value: True)), None)
    destination_x509_ca: str | None = param(maybe(is_text), None)
    zero_free_space: bool = flag()
    zeroing_timeout_fixed: int | None = param(maybe(is_int), None)
    zeroing_timeout_per_mib: float | None = param(maybe(is_number), None)
    long_sleep: bool = flag()


@dataclass(frozen=True, kw_only=True)
class OpBackupRemove(OpCode):
    OP_ID = "OP_BACKUP_REMOVE"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)


OPCODES: tuple[type[OpCode], ...] = (OpBackupPrepare, OpBackupExport, OpBackupRemove)
