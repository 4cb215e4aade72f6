"""Parameters of disk templates, which a cluster and its node groups set for all their disks (pure).

One disk's own options are not here: they are in the opcodes that make it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganeti_backend import errors

DEFAULT = "default"  # As a value in a change: use what is above again.
DEFAULTS: dict[str, dict[str, Any]] = {
    "blockdev": {},
    "diskless": {},
    "drbd": {
        "c-delay-target": 1,
        "c-fill-target": 0,
        "c-max-rate": 61440,
        "c-min-rate": 4096,
        "c-plan-ahead": 20,
        "data-stripes": 1,
        "disk-barriers": "n",
        "disk-custom": "",
        "dynamic-resync": False,
        "meta-barriers": False,
        "meta-stripes": 1,
        "metavg": "xenvg",
        "net-custom": "",
        "protocol": "C",
        "resync-rate": 61440,
    },
    "ext": {"access": "kernelspace"},
    "file": {},
    "gluster": {"access": "kernelspace", "host": "127.0.0.1", "port": 24007, "volume": "gv0"},
    "plain": {"stripes": 1},
    "rbd": {"access": "kernelspace", "pool": "rbd"},
    "sharedfile": {},
}
Parameters = dict[str, dict[str, Any]]


def filled(*layers: Mapping[str, Mapping[str, Any]]) -> Parameters:
    """The defaults with these layers over them, the last one on top."""
    found = {}
    for template, defaults in DEFAULTS.items():
        found[template] = dict(defaults)
        for layer in layers:
            found[template].update(layer.get(template, {}))
    return found


def merged(
    old: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any] | None
) -> dict[str, dict[str, Any]]:
    """The own parameters after a change; OpPrereqError for unknown names and wrong types."""
    after = {template: dict(values) for template, values in old.items()}
    for template, values in (given or {}).items():
        if template not in DEFAULTS:
            raise _wrong(f"Unknown disk template '{template}' in disk parameters")
        if not isinstance(values, Mapping):
            raise _wrong(f"Disk parameters of '{template}' must be a dictionary")
        own = after.setdefault(template, {})
        for name, value in values.items():
            if value == DEFAULT or value is None:
                own.pop(name, None)
            else:
                own[name] = _typed(template, name, value)
        if not own:
            del after[template]
    return after


def _typed(template: str, name: str, value: Any) -> Any:
    if name not in DEFAULTS[template]:
        raise _wrong(f"Unknown parameter '{name}' of disk template '{template}'")
    kind = type(DEFAULTS[template][name])
    if kind is int and isinstance(value, str) and value.isdigit():
        return int(value)
    if kind is bool and str(value).lower() in ("true", "yes", "false", "no"):
        return str(value).lower() in ("true", "yes")
    if type(value) is not kind:
        raise _wrong(f"Invalid value {value!r} for parameter '{name}' of '{template}'")
    return value


def _wrong(text: str) -> errors.OpPrereqError:
    return errors.OpPrereqError(text, errors.ECODE_INVAL)
