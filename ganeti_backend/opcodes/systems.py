"""Opcodes about OS definitions, and about what an installed system is called and shows."""

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
    param,
)


@dataclass(frozen=True, kw_only=True)
class OpOsDiagnose(OpCode):
    OP_ID = "OP_OS_DIAGNOSE"

    output_fields: list[str] = param(list_of(is_name))
    names: list[str] = param(list_of(is_name), [])


@dataclass(frozen=True, kw_only=True)
class OpInstanceReinstall(OpCode):
    """`clear_osparams` and `remove_osparams` come from Ganeti 3.1."""

    OP_ID = "OP_INSTANCE_REINSTALL"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    force_variant: bool = flag()
    os_type: str | None = param(maybe(is_name), None)
    osparams: dict[str, Any] | None = param(maybe(is_dict), None)
    osparams_private: dict[str, Any] | None = param(maybe(is_dict), None)
    osparams_secret: dict[str, Any] | None = param(maybe(is_dict), None)
    clear_osparams: bool = flag()
    clear_osparams_private: bool = flag()
    remove_osparams: list[str] | None = param(maybe(list_of(is_name)), None)
    remove_osparams_private: list[str] | None = param(maybe(list_of(is_name)), None)


@dataclass(frozen=True, kw_only=True)
class OpInstanceRename(OpCode):
    OP_ID = "OP_INSTANCE_RENAME"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    new_name: str = param(is_name)
    name_check: bool = flag(True)
    ip_check: bool = flag(True)


@dataclass(frozen=True, kw_only=True)
class OpInstanceConsole(OpCode):
    OP_ID = "OP_INSTANCE_CONSOLE"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)


OPCODES: tuple[type[OpCode], ...] = (
    OpOsDiagnose,
    OpInstanceReinstall,
    OpInstanceRename,
    OpInstanceConsole,
)
