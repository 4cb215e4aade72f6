"""Checks and merges instance parameters as given in opcodes (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganeti_backend import errors, objects
from ganeti_backend.errors import wrong

DEFAULT = "default"  # As a value: forget the instance's own value, use the cluster's.
BE_NUMBERS = {"minmem": 1, "maxmem": 1, "vcpus": 1, "spindle_use": 0}  # name: smallest value
BE_FLAGS = ("auto_balance", "always_failover")
SIZE_UNITS = {"m": 1, "g": 1024, "t": 1024 * 1024}


def not_that_type(name: str, value: Any) -> errors.TypeEnforcementError:
    text = f"Invalid value {value!r} for backend parameter '{name}'"
    return errors.TypeEnforcementError(text)


def check_beparams(given: Mapping[str, Any]) -> dict[str, Any]:
    """Known names, right types; the old `memory` stands for both bounds."""
    found = dict(given)
    if "memory" in found:
        memory = found.pop("memory")
        found = {"minmem": memory, "maxmem": memory, **found}
    for name, value in found.items():
        if value == DEFAULT:
            continue
        if name in BE_NUMBERS:
            if not isinstance(value, int) or isinstance(value, bool) or value < BE_NUMBERS[name]:
                raise not_that_type(name, value)
        elif name in BE_FLAGS:
            if not isinstance(value, bool):
                raise not_that_type(name, value)
        else:
            raise errors.TypeEnforcementError(f"Unknown backend parameter '{name}'")
    return found


def merge(old: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The old values with the given ones; `default` takes a value away."""
    merged = {**old, **given}
    return {name: value for name, value in merged.items() if value != DEFAULT}


def merge_beparams(
    cluster: objects.Cluster, old: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """The instance's own parameters; the lower memory bound follows the upper one if not given."""
    checked = check_beparams(given)
    merged = merge(old, checked)
    filled = cluster.fill_beparams(merged)
    if filled["minmem"] > filled["maxmem"]:
        if "minmem" in checked and "maxmem" in checked:
            raise wrong("Minimum memory must not be larger than the maximum memory")
        follower, leader = ("maxmem", "minmem") if "minmem" in checked else ("minmem", "maxmem")
        merged[follower] = filled[leader]
    return merged


def merge_hvparams(old: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Values must be plain; which names mean something is for the node's hypervisor driver."""
    for name, value in given.items():
        if value is not None and not isinstance(value, (str, int, float, bool)):
            raise wrong(f"Invalid value {value!r} for hypervisor parameter '{name}'")
    return {name: value for name, value in merge(old, given).items() if value is not None}


def size_in_mib(value: Any) -> int:
    """A disk size: a number of MiB, or a text such as 512M, 10G."""
    number = value
    if isinstance(value, str):
        text = value.strip().lower().removesuffix("ib").removesuffix("b")
        factor = SIZE_UNITS.get(text[-1:], 0)
        digits = text[:-1] if factor else text
        if not digits.isdigit():
            raise wrong(f"Invalid disk size '{value}'")
        number = int(digits) * (factor or 1)
    if not isinstance(number, int) or isinstance(number, bool) or number <= 0:
        raise wrong(f"Invalid disk size '{value}'")
    return number
