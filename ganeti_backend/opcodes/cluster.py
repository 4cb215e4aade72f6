"""Opcodes about the cluster as a whole, and about any object's tags."""

# ruff: noqa: RUF009  (`param` and its checks build dataclass fields; nothing is shared by mistake).

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganeti_backend.opcodes.fields import (
    TAG_KINDS,
    Check,
    OpCode,
    flag,
    is_bool,
    is_dict,
    is_int,
    is_name,
    is_natural,
    is_text,
    list_of,
    maybe,
    one_of,
    param,
)

SKIPPABLE = ("nplusone_mem",)


def is_positive(value: Any) -> bool:
    return is_int(value) and value > 0


def dict_of(check: Check) -> Check:
    return lambda value: is_dict(value) and all(check(item) for item in value.values())


def is_list_change(value: Any) -> bool:
    """[["add", name], ["remove", name], …]"""
    return list_of(
        lambda item: (
            isinstance(item, (list, tuple))
            and len(item) == 2
            and item[0] in ("add", "remove")
            and is_name(item[1])
        )
    )(value)


def is_id_ranges(value: Any) -> bool:
    """[[first, last], …]"""
    return list_of(
        lambda item: (
            isinstance(item, (list, tuple)) and len(item) == 2 and all(is_int(end) for end in item)
        )
    )(value)


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
class OpTagsGet(OpCode):
    OP_ID = "OP_TAGS_GET"
    TARGET = "name"

    kind: str = param(one_of(*TAG_KINDS), "")
    use_locking: bool = flag()
    name: str | None = param(maybe(is_name), None)


@dataclass(frozen=True, kw_only=True)
class OpTagsSearch(OpCode):
    OP_ID = "OP_TAGS_SEARCH"
    TARGET = "pattern"

    pattern: str = param(is_name, "")


@dataclass(frozen=True, kw_only=True)
class OpClusterQuery(OpCode):
    OP_ID = "OP_CLUSTER_QUERY"


@dataclass(frozen=True, kw_only=True)
class OpClusterConfigQuery(OpCode):
    OP_ID = "OP_CLUSTER_CONFIG_QUERY"

    output_fields: list[str] = param(list_of(is_name), [])


@dataclass(frozen=True, kw_only=True)
class OpClusterPostInit(OpCode):
    OP_ID = "OP_CLUSTER_POST_INIT"


@dataclass(frozen=True, kw_only=True)
class OpClusterDestroy(OpCode):
    OP_ID = "OP_CLUSTER_DESTROY"


@dataclass(frozen=True, kw_only=True)
class OpClusterRename(OpCode):
    OP_ID = "OP_CLUSTER_RENAME"
    TARGET = "name"

    name: str = param(is_name, "")


@dataclass(frozen=True, kw_only=True)
class OpClusterRedistConf(OpCode):
    OP_ID = "OP_CLUSTER_REDIST_CONF"


@dataclass(frozen=True, kw_only=True)
class OpClusterRepairDiskSizes(OpCode):
    OP_ID = "OP_CLUSTER_REPAIR_DISK_SIZES"

    instances: list[str] = param(list_of(is_name), [])


@dataclass(frozen=True, kw_only=True)
class OpClusterVerify(OpCode):
    OP_ID = "OP_CLUSTER_VERIFY"

    debug_simulate_errors: bool = flag()
    error_codes: bool = flag()
    skip_checks: list[str] = param(list_of(one_of(*SKIPPABLE)), [])
    ignore_errors: list[str] = param(list_of(is_text), [])
    verbose: bool = flag()
    group_name: str | None = param(maybe(is_name), None)
    verify_clutter: bool = flag()


@dataclass(frozen=True, kw_only=True)
class OpClusterVerifyConfig(OpCode):
    OP_ID = "OP_CLUSTER_VERIFY_CONFIG"

    debug_simulate_errors: bool = flag()
    error_codes: bool = flag()
    ignore_errors: list[str] = param(list_of(is_text), [])
    verbose: bool = flag()


@dataclass(frozen=True, kw_only=True)
class OpClusterVerifyGroup(OpCode):
    OP_ID = "OP_CLUSTER_VERIFY_GROUP"
    TARGET = "group_name"

    group_name: str = param(is_name, "")
    debug_simulate_errors: bool = flag()
    error_codes: bool = flag()
    skip_checks: list[str] = param(list_of(one_of(*SKIPPABLE)), [])
    ignore_errors: list[str] = param(list_of(is_text), [])
    verbose: bool = flag()
    verify_clutter: bool = flag()


@dataclass(frozen=True, kw_only=True)
class OpClusterVerifyDisks(OpCode):
    OP_ID = "OP_CLUSTER_VERIFY_DISKS"

    group_name: str | None = param(maybe(is_name), None)


@dataclass(frozen=True, kw_only=True)
class OpGroupVerifyDisks(OpCode):
    OP_ID = "OP_GROUP_VERIFY_DISKS"
    TARGET = "group_name"

    group_name: str = param(is_name, "")


@dataclass(frozen=True, kw_only=True)
class OpClusterSetParams(OpCode):
    OP_ID = "OP_CLUSTER_SET_PARAMS"

    force: bool = flag()
    hv_state: dict[str, Any] | None = param(maybe(is_dict), None)
    disk_state: dict[str, Any] | None = param(maybe(is_dict), None)
    vg_name: str | None = param(maybe(is_text), None)
    enabled_hypervisors: list[str] | None = param(maybe(list_of(is_name)), None)
    hvparams: dict[str, Any] | None = param(maybe(dict_of(is_dict)), None)
    beparams: dict[str, Any] | None = param(maybe(is_dict), None)
    os_hvp: dict[str, Any] | None = param(maybe(dict_of(is_dict)), None)
    osparams: dict[str, Any] | None = param(maybe(dict_of(is_dict)), None)
    osparams_private_cluster: dict[str, Any] | None = param(maybe(dict_of(is_dict)), None)
    diskparams: dict[str, Any] | None = param(maybe(dict_of(is_dict)), None)
    candidate_pool_size: int | None = param(maybe(is_positive), None)
    max_running_jobs: int | None = param(maybe(is_positive), None)
    max_tracked_jobs: int | None = param(maybe(is_positive), None)
    uid_pool: list[Any] | None = param(maybe(is_id_ranges), None)
    add_uids: list[Any] | None = param(maybe(is_id_ranges), None)
    remove_uids: list[Any] | None = param(maybe(is_id_ranges), None)
    maintain_node_health: bool | None = param(maybe(is_bool), None)
    prealloc_wipe_disks: bool | None = param(maybe(is_bool), None)
    nicparams: dict[str, Any] | None = param(maybe(is_dict), None)
    ndparams: dict[str, Any] | None = param(maybe(is_dict), None)
    ipolicy: dict[str, Any] | None = param(maybe(is_dict), None)
    drbd_helper: str | None = param(maybe(is_text), None)
    default_iallocator: str | None = param(maybe(is_text), None)
    default_iallocator_params: dict[str, Any] | None = param(maybe(is_dict), None)
    mac_prefix: str | None = param(maybe(is_name), None)
    master_netdev: str | None = param(maybe(is_text), None)
    master_netmask: int | None = param(maybe(is_natural), None)
    reserved_lvs: list[str] | None = param(maybe(list_of(is_name)), None)
    hidden_os: list[Any] | None = param(maybe(is_list_change), None)
    blacklisted_os: list[Any] | None = param(maybe(is_list_change), None)
    use_external_mip_script: bool | None = param(maybe(is_bool), None)
    enabled_disk_templates: list[str] | None = param(maybe(list_of(is_name)), None)
    modify_etc_hosts: bool | None = param(maybe(is_bool), None)
    file_storage_dir: str | None = param(maybe(is_text), None)
    shared_file_storage_dir: str | None = param(maybe(is_text), None)
    gluster_storage_dir: str | None = param(maybe(is_text), None)
    install_image: str | None = param(maybe(is_text), None)
    instance_communication_network: str | None = param(maybe(is_text), None)
    zeroing_image: str | None = param(maybe(is_text), None)
    compression_tools: list[str] | None = param(maybe(list_of(is_name)), None)
    enabled_user_shutdown: bool | None = param(maybe(is_bool), None)
    enabled_data_collectors: dict[str, Any] | None = param(maybe(dict_of(is_bool)), None)
    data_collector_interval: dict[str, Any] | None = param(maybe(dict_of(is_int)), None)


OPCODES: tuple[type[OpCode], ...] = (
    OpTagsSet,
    OpTagsDel,
    OpTagsGet,
    OpTagsSearch,
    OpClusterQuery,
    OpClusterConfigQuery,
    OpClusterPostInit,
    OpClusterDestroy,
    OpClusterRename,
    OpClusterRedistConf,
    OpClusterRepairDiskSizes,
    OpClusterVerify,
    OpClusterVerifyConfig,
    OpClusterVerifyGroup,
    OpClusterVerifyDisks,
    OpGroupVerifyDisks,
    OpClusterSetParams,
)
