"""What opcodes are made of: fields that carry their check, and what all opcodes share."""

# ruff: noqa: RUF009  (`param` and its checks build dataclass fields; nothing is shared by mistake).

from __future__ import annotations

import dataclasses
from collections.abc import Callable
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
