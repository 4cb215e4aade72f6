"""What administrators say of hypervisors and volume groups, by hand: hv_state and disk_state.

Stored for clusters, groups and nodes, as in Ganeti, whose own parts hardly read it either: nothing
here depends on it, and queries answer that the value is unavailable, as Ganeti's do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ganeti_backend import errors

HYPERVISORS = frozenset(
    {"chroot", "fake", "kvm", "libvirt", "lxc", "xen-hvm", "xen-pvm"}
)  # fmt: skip
OF_HYPERVISORS = frozenset({"cpu_node", "cpu_total", "mem_hv", "mem_node", "mem_total"})
OF_DISKS = frozenset({"disk_overhead", "disk_reserved", "disk_total"})
STORAGE_TYPES = frozenset({"plain"})
State = dict[str, dict[str, Any]]


class HasState(Protocol):
    """The cluster, a group or a node."""

    @property
    def hv_state(self) -> State: ...
    @property
    def disk_state(self) -> State: ...


class WishesState(Protocol):
    """A request to change it."""

    @property
    def hv_state(self) -> State | None: ...
    @property
    def disk_state(self) -> State | None: ...


def of_hypervisors(old: Mapping[str, Any], given: Mapping[str, Any]) -> State:
    """By hypervisor."""
    _check_names(given, HYPERVISORS, "hypervisor(s) in hypervisor state")
    changed = {name: _merged(old.get(name, {}), given[name], OF_HYPERVISORS) for name in given}
    return {**old, **changed}


def of_disks(old: Mapping[str, Any], given: Mapping[str, Any]) -> State:
    """By kind of storage, and there by volume group."""
    _check_names(given, STORAGE_TYPES, "storage type(s) in disk state")
    found = dict(old)
    for kind, groups in given.items():
        known = found.get(kind, {})
        if not isinstance(groups, Mapping):
            raise _wrong(f"Disk state of '{kind}' is not given by volume group")
        changed = {name: _merged(known.get(name, {}), groups[name], OF_DISKS) for name in groups}
        found[kind] = {**known, **changed}
    return found


def changes(old: HasState, wish: WishesState) -> dict[str, State]:
    """What a request changes of an object's two states."""
    found = {}
    if wish.hv_state:
        found["hv_state"] = of_hypervisors(old.hv_state, wish.hv_state)
    if wish.disk_state:
        found["disk_state"] = of_disks(old.disk_state, wish.disk_state)
    return found


def _check_names(given: Mapping[str, Any], known: frozenset[str], what: str) -> None:
    if unknown := sorted(given.keys() - known):
        raise _wrong(f"Invalid {what}: {', '.join(unknown)}")


def _merged(old: Mapping[str, Any], given: Any, known: frozenset[str]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise _wrong(f"{given!r} is not a set of parameters")
    found = dict(old)
    for name, value in given.items():
        if name not in known:
            raise errors.TypeEnforcementError(f"Unknown parameter '{name}'")
        if value == "default":
            found.pop(name, None)
        elif type(value) is int or (isinstance(value, str) and value.isdecimal()):
            found[name] = int(value)
        else:
            raise errors.TypeEnforcementError(f"'{name}' (value {value}) is not a valid integer")
    return found


def _wrong(text: str) -> errors.OpPrereqError:
    return errors.OpPrereqError(text, errors.ECODE_INVAL)
