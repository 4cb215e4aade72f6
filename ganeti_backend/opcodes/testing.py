"""Opcodes that only try the machinery."""

# ruff: noqa: RUF009  (`param` and its checks build dataclass fields; nothing is shared by mistake).

from __future__ import annotations

from dataclasses import dataclass

from ganeti_backend.opcodes.fields import (
    OpCode,
    flag,
    is_name,
    is_natural,
    is_number,
    list_of,
    maybe,
    param,
)


@dataclass(frozen=True, kw_only=True)
class OpTestDelay(OpCode):
    OP_ID = "OP_TEST_DELAY"

    duration: float = param(lambda value: is_number(value) and value >= 0, 0.0)
    on_master: bool = flag(True)
    on_nodes: list[str] = param(list_of(is_name), [])
    on_node_uuids: list[str] | None = param(maybe(list_of(is_name)), None)
    repeat: int = param(is_natural, 0)
    interruptible: bool = flag()
    no_locks: bool = flag()


OPCODES: tuple[type[OpCode], ...] = (OpTestDelay,)
