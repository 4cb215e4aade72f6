"""Checks what opcodes say about disks and makes disks of it (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ganeti_backend import errors, objects
from ganeti_backend.configuration.config import new_uuid
from ganeti_backend.errors import wrong
from ganeti_backend.units.instances.parameters import size_in_mib

MAX_DISKS = 16
MODES = ("rw", "ro")
# What Ganeti's disks can be told. Those that only one kind of storage knows travel in `params`.
PLACES = frozenset({"vg", "metavg", "provider", "access", "adopt"})
# What disks that are volumes are told; see `volume_disks`.
ORDERS = frozenset({"fill", "fill_format"})
KEPT = frozenset({"keep_as"})
KNOWN = frozenset({"size", "mode", "name", "spindles", "type", "uuid", *PLACES, *ORDERS, *KEPT})
FREE_FORM = "ext"  # Its providers have parameters that nobody else knows.


def new_disks(template: str, given: Sequence[Mapping[str, Any]]) -> tuple[objects.Disk, ...]:
    """The disks of a new instance, not made yet."""
    if template == "diskless" and given:
        raise wrong("Diskless instances can't have disks")
    if len(given) > MAX_DISKS:
        raise wrong(f"Instances may have at most {MAX_DISKS} disks")
    if any(wanted.get("size") is None for wanted in given):
        raise wrong("Missing disk size")
    disks = tuple(new_disk(template, wanted) for wanted in given)
    check_unique(disks)
    return disks


def new_disk(template: str, wanted: Mapping[str, Any]) -> objects.Disk:
    """One disk with an identity of its own."""
    if template == "diskless":
        raise wrong("Disk operations not supported for diskless instances")
    check_names(template, wanted)
    if wanted.get("adopt"):
        raise wrong("Disk adoption is not supported")
    check_provider(template, wanted)
    if wanted.get("size") is None:
        raise wrong("Required disk parameter 'size' missing")
    return objects.Disk(
        uuid=new_uuid(),
        size=size_in_mib(wanted["size"]),
        template=template,
        name=name_of(wanted.get("name")),
        mode=mode_of(wanted.get("mode", "rw")),
        spindles=spindles_of(wanted.get("spindles")),
        params={key: value for key, value in wanted.items() if is_special(key)},
    )


def modified(disk: objects.Disk, wanted: Mapping[str, Any]) -> objects.Disk:
    """The disk with another name, mode or number of spindles; its size is for GROW_DISK."""
    check_names(disk.template, wanted)
    if "size" in wanted:
        raise wrong("Disk size change not possible, use grow-disk")
    unchangeable = sorted(set(wanted) - {"name", "mode", "spindles"})
    if unchangeable and disk.template != FREE_FORM:
        raise wrong(f"Disk modification doesn't support '{unchangeable[0]}'")
    return replace(
        disk,
        name=name_of(wanted["name"]) if "name" in wanted else disk.name,
        mode=mode_of(wanted.get("mode", disk.mode)),
        spindles=spindles_of(wanted.get("spindles", disk.spindles)),
        params={**disk.params, **{key: wanted[key] for key in unchangeable}},
    )


def is_special(key: str) -> bool:
    return key in PLACES or key in KEPT or key not in KNOWN


def check_names(template: str, wanted: Mapping[str, Any]) -> None:
    unknown = sorted(set(wanted) - KNOWN)
    if unknown and template != FREE_FORM:
        raise wrong(f"Unknown disk parameter '{unknown[0]}'")
    for key, value in wanted.items():
        if not isinstance(value, (str, int)) and value is not None:
            raise wrong(f"Invalid value {value!r} for disk parameter '{key}'")


def check_provider(template: str, wanted: Mapping[str, Any]) -> None:
    """Who keeps the disk is said of disks outside of the cluster, and of no others."""
    if template == FREE_FORM and not wanted.get("provider"):
        raise errors.OpPrereqError(
            f"Missing provider for template '{template}'", errors.ECODE_NOENT
        )
    if template != FREE_FORM and wanted.get("provider"):
        raise wrong(
            f"The 'provider' option is only valid for the {FREE_FORM} disk template, not {template}"
        )


def check_unique(disks: Sequence[objects.Disk]) -> None:
    """A name stands for one disk of an instance."""
    names = [disk.name for disk in disks if disk.name]
    for name in names:
        if names.count(name) > 1:
            text = f"Disk name '{name}' is used more than once"
            raise errors.OpPrereqError(text, errors.ECODE_NOTUNIQUE)


def mode_of(value: Any) -> str:
    if value not in MODES:
        raise wrong(f"Invalid disk access mode '{value}'")
    return str(value)


def name_of(value: Any) -> str | None:
    """A text; an empty one or `none` takes the name away."""
    if value is None or value == "" or str(value).lower() == "none":
        return None
    if not isinstance(value, str):
        raise wrong(f"Invalid disk name {value!r}")
    return value


def spindles_of(value: Any) -> int | None:
    if value is None:
        return None
    text = str(value)
    if isinstance(value, bool) or not text.isascii() or not text.isdigit():
        raise wrong(f"Invalid number of spindles '{value}'")
    return int(text)
