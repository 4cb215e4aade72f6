"""Opcodes about instances."""

# ruff: noqa: RUF009  (`param` and its checks build dataclass fields; nothing is shared by mistake).

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganeti_backend.opcodes.fields import (
    REBOOT_TYPES,
    OpCode,
    flag,
    is_bool,
    is_dict,
    is_modification,
    is_name,
    is_natural,
    is_text,
    list_of,
    maybe,
    one_of,
    param,
)


@dataclass(frozen=True, kw_only=True)
class OpInstanceCreate(OpCode):
    OP_ID = "OP_INSTANCE_CREATE"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    force_variant: bool = flag()
    wait_for_sync: bool = flag(True)
    name_check: bool = flag(True)
    ignore_ipolicy: bool = flag()
    opportunistic_locking: bool = flag()
    beparams: dict[str, Any] = param(is_dict, {})
    disks: list[dict[str, Any]] = param(list_of(is_dict), [])
    disk_template: str | None = param(maybe(is_name), None)
    group_name: str | None = param(maybe(is_name), None)
    file_driver: str | None = param(maybe(is_text), None)
    file_storage_dir: str | None = param(maybe(is_text), None)
    hvparams: dict[str, Any] = param(is_dict, {})
    hypervisor: str | None = param(maybe(is_name), None)
    iallocator: str | None = param(maybe(is_text), None)
    identify_defaults: bool = flag()
    ip_check: bool = flag(True)
    conflicts_check: bool = flag(True)
    mode: str = param(one_of("create", "import", "remote-import"), "create")
    nics: list[dict[str, Any]] = param(list_of(is_dict), [])
    no_install: bool | None = param(maybe(is_bool), None)
    osparams: dict[str, Any] = param(is_dict, {})
    osparams_private: dict[str, Any] | None = param(maybe(is_dict), None)
    osparams_secret: dict[str, Any] | None = param(maybe(is_dict), None)
    os_type: str | None = param(maybe(is_name), None)
    pnode: str | None = param(maybe(is_name), None)
    pnode_uuid: str | None = param(maybe(is_name), None)
    snode: str | None = param(maybe(is_name), None)
    snode_uuid: str | None = param(maybe(is_name), None)
    source_handshake: list[Any] | None = param(maybe(list_of(lambda value: True)), None)
    source_instance_name: str | None = param(maybe(is_text), None)
    source_shutdown_timeout: int = param(is_natural, 120)
    source_x509_ca: str | None = param(maybe(is_text), None)
    src_node: str | None = param(maybe(is_name), None)
    src_node_uuid: str | None = param(maybe(is_name), None)
    src_path: str | None = param(maybe(is_text), None)
    compress: str = param(is_text, "none")
    start: bool = flag(True)
    forthcoming: bool = flag()
    commit: bool = flag()
    tags: list[str] = param(list_of(is_name), [])
    instance_communication: bool = flag()
    helper_startup_timeout: int | None = param(maybe(is_natural), 300)
    helper_shutdown_timeout: int | None = param(maybe(is_natural), 7200)


@dataclass(frozen=True, kw_only=True)
class OpInstanceRemove(OpCode):
    OP_ID = "OP_INSTANCE_REMOVE"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    shutdown_timeout: int = param(is_natural, 120)
    ignore_failures: bool = flag()


@dataclass(frozen=True, kw_only=True)
class OpInstanceStartup(OpCode):
    OP_ID = "OP_INSTANCE_STARTUP"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    force: bool = flag()
    ignore_offline_nodes: bool = flag()
    hvparams: dict[str, Any] = param(is_dict, {})
    beparams: dict[str, Any] = param(is_dict, {})
    no_remember: bool = flag()
    startup_paused: bool = flag()
    shutdown_timeout: int = param(is_natural, 120)


@dataclass(frozen=True, kw_only=True)
class OpInstanceShutdown(OpCode):
    OP_ID = "OP_INSTANCE_SHUTDOWN"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    force: bool = flag()
    ignore_offline_nodes: bool = flag()
    timeout: int = param(is_natural, 120)
    no_remember: bool = flag()
    admin_state_source: str | None = param(maybe(one_of("admin", "user")), "admin")


@dataclass(frozen=True, kw_only=True)
class OpInstanceReboot(OpCode):
    OP_ID = "OP_INSTANCE_REBOOT"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    shutdown_timeout: int = param(is_natural, 120)
    ignore_secondaries: bool = flag()
    reboot_type: str = param(one_of(*REBOOT_TYPES), "hard")


@dataclass(frozen=True, kw_only=True)
class OpInstanceSetParams(OpCode):
    OP_ID = "OP_INSTANCE_SET_PARAMS"
    TARGET = "instance_name"

    instance_name: str = param(is_name, "")
    instance_uuid: str | None = param(maybe(is_name), None)
    force: bool = flag()
    force_variant: bool = flag()
    ignore_ipolicy: bool = flag()
    nics: list[Any] = param(list_of(is_modification), [])
    disks: list[Any] = param(list_of(is_modification), [])
    beparams: dict[str, Any] = param(is_dict, {})
    runtime_mem: int | None = param(maybe(is_natural), None)
    hvparams: dict[str, Any] = param(is_dict, {})
    disk_template: str | None = param(maybe(is_name), None)
    ext_params: dict[str, Any] = param(is_dict, {})
    file_driver: str | None = param(maybe(is_text), None)
    file_storage_dir: str | None = param(maybe(is_text), None)
    pnode: str | None = param(maybe(is_name), None)
    pnode_uuid: str | None = param(maybe(is_name), None)
    remote_node: str | None = param(maybe(is_name), None)
    remote_node_uuid: str | None = param(maybe(is_name), None)
    iallocator: str | None = param(maybe(is_text), None)
    os_name: str | None = param(maybe(is_name), None)
    osparams: dict[str, Any] | None = param(maybe(is_dict), {})
    osparams_private: dict[str, Any] | None = param(maybe(is_dict), None)
    wait_for_sync: bool = flag(True)
    offline: bool | None = param(maybe(is_bool), None)
    conflicts_check: bool = flag(True)
    hotplug: bool = flag()
    hotplug_if_possible: bool = flag()
    instance_communication: bool | None = param(maybe(is_bool), None)


@dataclass(frozen=True, kw_only=True)
class OpInstanceQueryData(OpCode):
    OP_ID = "OP_INSTANCE_QUERY_DATA"

    use_locking: bool = flag()
    instances: list[str] = param(list_of(is_name), [])
    static: bool = flag()


OPCODES: tuple[type[OpCode], ...] = (
    OpInstanceCreate,
    OpInstanceRemove,
    OpInstanceStartup,
    OpInstanceShutdown,
    OpInstanceReboot,
    OpInstanceSetParams,
    OpInstanceQueryData,
)
