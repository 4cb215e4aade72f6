"""Parameters of nodes, with the values they have where cluster, group and node set none (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganeti_backend import errors, objects

DEFAULT = "default"  # As a value in a change: use what is above again.
DEFAULTS: dict[str, Any] = {
    "oob_program": "",
    "spindle_count": 1,
    "exclusive_storage": False,
    "ovs": False,
    "ovs_name": "switch1",
    "ovs_link": "",
    "ssh_port": 22,
    "cpu_speed": 1,
}
GLOBAL = frozenset({"exclusive_storage"})  # The nodes of a group must agree on these.


def of_group(cluster: objects.Cluster, group: objects.NodeGroup | None) -> dict[str, Any]:
    """What a group's nodes have if they set nothing themselves."""
    return {**DEFAULTS, **cluster.ndparams, **(group.ndparams if group is not None else {})}


def of_node(
    cluster: objects.Cluster, group: objects.NodeGroup | None, node: objects.Node
) -> dict[str, Any]:
    """Everything filled in."""
    return {**of_group(cluster, group), **node.ndparams}


def merged(
    old: Mapping[str, Any], given: Mapping[str, Any] | None, *, node: bool = False
) -> dict[str, Any]:
    """The own parameters after a change; OpPrereqError for unknown names and wrong types."""
    after = dict(old)
    for name, value in (given or {}).items():
        if name not in DEFAULTS:
            raise _wrong(f"Unknown node parameter '{name}'")
        if node and name in GLOBAL:
            raise _wrong(f"The node parameter '{name}' is set for a node group, not for one node")
        if value == DEFAULT or value is None:
            after.pop(name, None)
        else:
            after[name] = _typed(name, value)
    return after


def _typed(name: str, value: Any) -> Any:
    """The command line gives texts, RAPI gives what it likes."""
    default = DEFAULTS[name]
    if isinstance(default, bool):
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("true", "yes", "false", "no"):
            return str(value).lower() in ("true", "yes")
    elif isinstance(default, int):
        return _number(name, value)
    elif isinstance(value, str):
        return value
    raise _wrong(f"Invalid value {value!r} for node parameter '{name}'")


def _number(name: str, value: Any) -> int | float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise _wrong(f"Invalid value {value!r} for node parameter '{name}'") from None
    whole = number == int(number)
    if isinstance(value, bool) or number < 0 or not (whole or name == "cpu_speed"):
        raise _wrong(f"Invalid value {value!r} for node parameter '{name}'")
    return int(number) if whole else number


def _wrong(text: str) -> errors.OpPrereqError:
    return errors.OpPrereqError(text, errors.ECODE_INVAL)
