"""Opcodes about the cluster as a whole, and about any object's tags."""

# ruff: noqa: RUF009  (`param` and its checks build dataclass fields; nothing is shared by mistake).

from __future__ import annotations

from dataclasses import dataclass

from ganeti_backend.opcodes.fields import (
    TAG_KINDS,
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
class OpTagsSet(OpCode):
    OP_ID = "OP_TAGS_SET"
    TARGET = "name"

    kind: str = param(one_of(*TAG_KINDS), "")
    tags: list[str] = param(list_of(is_name), [])
    name: str | None = param(maybe(is_name), None)


@dataclass(frozen=True, kw_only=True)
class OpTagsDel(OpCode):
    OP_ID = "OP_TAGS_DEL"
    TARGET = "name"

    kind: str = param(one_of(*TAG_KINDS), "")
    tags: list[str] = param(list_of(is_name), [])
    name: str | None = param(maybe(is_name), None)


@dataclass(frozen=True, kw_only=True)
class OpClusterVerifyConfig(OpCode):
    OP_ID = "OP_CLUSTER_VERIFY_CONFIG"

    error_codes: bool = flag()
    ignore_errors: list[str] = param(list_of(is_text), [])
    verbose: bool = flag()


OPCODES: tuple[type[OpCode], ...] = (
    OpTagsSet,
    OpTagsDel,
    OpClusterVerifyConfig,
)
