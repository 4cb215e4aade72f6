"""Opcodes that let guests stand still, in memory or saved to disk: ours, Ganeti has none."""

from __future__ import annotations

from dataclasses import dataclass

from ganeti_backend.opcodes.fields import OpCode, is_name, maybe, param


@dataclass(frozen=True, kw_only=True)
class OpInstancePause(OpCode):
    OP_ID = "OP_INSTANCE_PAUSE"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)


@dataclass(frozen=True, kw_only=True)
class OpInstanceUnpause(OpCode):
    OP_ID = "OP_INSTANCE_UNPAUSE"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)


@dataclass(frozen=True, kw_only=True)
class OpInstanceSuspend(OpCode):
    OP_ID = "OP_INSTANCE_SUSPEND"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)


@dataclass(frozen=True, kw_only=True)
class OpInstanceResume(OpCode):
    OP_ID = "OP_INSTANCE_RESUME"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)


OPCODES: tuple[type[OpCode], ...] = (
    OpInstancePause,
    OpInstanceUnpause,
    OpInstanceSuspend,
    OpInstanceResume,
)
