"""Opcodes: what can be asked of the cluster, as frozen dataclasses with Ganeti's ids and fields.

A field carries its check; `from_dict` refuses unknown fields and wrong types with Ganeti's words.
No opcode does anything: the logical unit of the same name in `units` does.
"""

# ruff: noqa: RUF009  (`param` and its checks build dataclass fields; nothing is shared by mistake).

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from ganeti_backend import errors

Check = Callable[[Any], bool]

PRIORITY_LOW = 10
PRIORITY_NORMAL = 0
PRIORITY_HIGH = -10
SUBMIT_PRIORITIES = frozenset({PRIORITY_LOW, PRIORITY_NORMAL, PRIORITY_HIGH})
REBOOT_TYPES = ("soft", "hard", "full")
TAG_KINDS = ("cluster", "node", "nodegroup", "instance", "network")
REDACTED = "<redacted>"


def is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_natural(value: Any) -> bool:
    return is_int(value) and value >= 0


def is_number(value: Any) -> bool:
    return is_int(value) or isinstance(value, float)


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and value == value.strip()


def is_dict(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


def maybe(check: Check) -> Check:
    return lambda value: value is None or check(value)


def list_of(check: Check) -> Check:
    return lambda value: isinstance(value, (list, tuple)) and all(check(item) for item in value)


def one_of(*values: Any) -> Check:
    return lambda value: value in values


def is_depends(value: Any) -> bool:
    """A list of [job id, [statuses]], as Ganeti's depend attribute."""
    return list_of(
        lambda item: (
            isinstance(item, (list, tuple))
            and len(item) == 2
            and is_int(item[0])
            and list_of(is_text)(item[1])
        )
    )(value)


def is_modification(value: Any) -> bool:
    """One [verb, index or name, parameters] or [verb or index, parameters] of SET_PARAMS."""
    if not isinstance(value, (list, tuple)) or len(value) not in (2, 3):
        return False
    if not is_dict(value[-1]):
        return False
    if len(value) == 3:
        verb_fine = value[0] in ("add", "remove", "modify", "attach", "detach")
        return verb_fine and (is_int(value[1]) or is_name(value[1]))
    return value[0] in ("add", "remove", "attach", "detach") or is_natural(value[0])


def param(check: Check, default: Any = dataclasses.MISSING) -> Any:
    """A field with its check; a mutable default is copied for each opcode."""
    metadata = {"check": check}
    if default is dataclasses.MISSING:
        return field(metadata=metadata)
    if isinstance(default, (list, dict)):
        return field(default_factory=lambda: type(default)(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def flag(default: bool = False) -> Any:
    return param(is_bool, default)


_CHECKS: dict[type[OpCode], tuple[tuple[str, Check], ...]] = {}


def checks_of(cls: type[OpCode]) -> tuple[tuple[str, Check], ...]:
    """The checks of all fields, looked up once for each class."""
    if cls not in _CHECKS:
        fields = dataclasses.fields(cls)
        _CHECKS[cls] = tuple((item.name, item.metadata["check"]) for item in fields)
    return _CHECKS[cls]


@dataclass(frozen=True, kw_only=True)
class OpCode:
    """What all opcodes share. `TARGET` names the field that says whom it is about."""

    OP_ID: ClassVar[str] = ""
    TARGET: ClassVar[str | None] = None

    dry_run: bool = flag()
    debug_level: int = param(is_natural, 0)
    priority: int = param(lambda value: is_int(value) and -20 <= value <= 19, PRIORITY_NORMAL)
    depends: list[Any] | None = param(maybe(is_depends), None)
    comment: str | None = param(maybe(is_text), None)
    reason: list[Any] = param(list_of(lambda entry: isinstance(entry, (list, tuple))), [])

    def __post_init__(self) -> None:
        for name, check in checks_of(type(self)):
            if not check(getattr(self, name)):
                text = f"Parameter '{self.OP_ID}.{name}' fails validation"
                raise errors.OpPrereqError(text, errors.ECODE_INVAL)

    def to_dict(self) -> dict[str, Any]:
        """The opcode's input as the job file keeps it; secret OS parameters never get there."""
        # A frozen dataclass without slots keeps exactly its fields in its dictionary.
        values = dict(vars(self))
        if values.get("osparams_secret"):
            values["osparams_secret"] = dict.fromkeys(values["osparams_secret"], REDACTED)
        return {**values, "OP_ID": self.OP_ID}

    def replace(self, **changes: Any) -> Self:
        return dataclasses.replace(self, **changes)

    @property
    def target(self) -> str | None:
        """The name of the object it is about, if it is about one."""
        value = getattr(self, self.TARGET) if self.TARGET else None
        return value if isinstance(value, str) else None

    @property
    def summary(self) -> str:
        """As in job lists: INSTANCE_CREATE(web1)."""
        short = self.OP_ID.removeprefix("OP_")
        return f"{short}({self.target})" if self.target is not None else short


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
    osparams_private: dict[str, Any] | None = param(maybe(is_dict), {})
    osparams_secret: dict[str, Any] | None = param(maybe(is_dict), {})
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
    admin_state_source: str | None = param(maybe(one_of("admin", "user")), None)


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
    os_name: str | None = param(maybe(is_name), None)
    osparams: dict[str, Any] | None = param(maybe(is_dict), {})
    osparams_private: dict[str, Any] | None = param(maybe(is_dict), {})
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


@dataclass(frozen=True, kw_only=True)
class OpNetworkAdd(OpCode):
    OP_ID = "OP_NETWORK_ADD"
    TARGET = "network_name"

    network_name: str = param(is_name, "")
    network: str = param(is_name, "")
    gateway: str | None = param(maybe(is_name), None)
    network6: str | None = param(maybe(is_name), None)
    gateway6: str | None = param(maybe(is_name), None)
    mac_prefix: str | None = param(maybe(is_name), None)
    add_reserved_ips: list[str] | None = param(maybe(list_of(is_name)), None)
    conflicts_check: bool = flag(True)
    tags: list[str] = param(list_of(is_name), [])


@dataclass(frozen=True, kw_only=True)
class OpNetworkRemove(OpCode):
    OP_ID = "OP_NETWORK_REMOVE"
    TARGET = "network_name"

    network_name: str = param(is_name, "")
    force: bool = flag()


@dataclass(frozen=True, kw_only=True)
class OpNetworkConnect(OpCode):
    OP_ID = "OP_NETWORK_CONNECT"
    TARGET = "network_name"

    group_name: str = param(is_name, "")
    network_name: str = param(is_name, "")
    network_mode: str = param(one_of("bridged", "routed", "openvswitch"), "bridged")
    network_link: str = param(is_text, "")
    network_vlan: str = param(is_text, "")
    conflicts_check: bool = flag(True)


@dataclass(frozen=True, kw_only=True)
class OpNetworkDisconnect(OpCode):
    OP_ID = "OP_NETWORK_DISCONNECT"
    TARGET = "network_name"

    group_name: str = param(is_name, "")
    network_name: str = param(is_name, "")


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


CLASSES: dict[str, type[OpCode]] = {
    cls.OP_ID: cls
    for cls in (
        OpInstanceCreate, OpInstanceRemove, OpInstanceStartup, OpInstanceShutdown, OpInstanceReboot,
        OpInstanceSetParams, OpInstanceQueryData, OpNetworkAdd, OpNetworkRemove, OpNetworkConnect,
        OpNetworkDisconnect, OpTagsSet, OpTagsDel, OpClusterVerifyConfig, OpTestDelay,
    )
}  # fmt: skip


def from_dict(data: Mapping[str, Any]) -> OpCode:
    """The opcode that `data` describes; OpPrereqError says what is wrong with it."""
    op_id = data.get("OP_ID")
    cls = CLASSES.get(op_id) if isinstance(op_id, str) else None
    if cls is None:
        raise errors.OpPrereqError(f"Unknown opcode {op_id!r}", errors.ECODE_INVAL)
    known = {item.name for item in dataclasses.fields(cls)}
    for name in data:
        if name != "OP_ID" and name not in known:
            # One argument on purpose: RAPI shows this text bare, unlike a failed validation.
            text = f"Object {cls.__name__} doesn't support the parameter '{name}'"
            raise errors.OpPrereqError(text)
    return cls(**{name: value for name, value in data.items() if name != "OP_ID"})
