"""Instance policy: how large an instance may be, and with which disk templates (pure).

The cluster has a policy and a node group may override parts of it. `minmax` is a list of pairs of
limits; an instance is fine if one pair takes all of its values. The ratios bound what a node is
promised against what it has; an allocator heeds them, a single instance cannot break them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganeti_backend import errors, objects
from ganeti_backend.disk_templates import TEMPLATES

MINMAX, STD, TEMPLATES_KEY = "minmax", "std", "disk-templates"
VCPU_RATIO, SPINDLE_RATIO = "vcpu-ratio", "spindle-ratio"
MEMORY, CPUS, DISK_SIZE = "memory-size", "cpu-count", "disk-size"
DISKS, NICS, SPINDLES = "disk-count", "nic-count", "spindle-use"
SPECS = (MEMORY, CPUS, DISK_SIZE, DISKS, NICS, SPINDLES)
RATIOS = (VCPU_RATIO, SPINDLE_RATIO)
KEYS = (MINMAX, STD, TEMPLATES_KEY, *RATIOS)
DEFAULT = "default"  # As a value in a change: use what is above again.

# Wider than Ganeti's own: flavors decide how large servers get, a policy only where one is set.
DEFAULTS: dict[str, Any] = {
    MINMAX: [
        {
            "min": {MEMORY: 4, DISK_SIZE: 4, DISKS: 0, CPUS: 1, NICS: 0, SPINDLES: 1},
            "max": {
                MEMORY: 1048576,
                DISK_SIZE: 1048576,
                DISKS: 16,
                CPUS: 64,
                NICS: 8,
                SPINDLES: 64,
            },
        }
    ],
    STD: {MEMORY: 128, DISK_SIZE: 1024, DISKS: 1, CPUS: 1, NICS: 1, SPINDLES: 1},
    SPINDLE_RATIO: 32.0,
    VCPU_RATIO: 64.0,
}


@dataclass(frozen=True)
class Spec:
    """What a policy looks at in an instance."""

    memory: int
    cpus: int
    disks: Sequence[int]
    nics: int
    spindles: int
    template: str

    @classmethod
    def of(cls, instance: objects.Instance, cluster: objects.Cluster) -> Spec:
        """The values of an instance with the cluster's defaults filled in."""
        filled = cluster.fill_beparams(instance.beparams)
        return cls(
            memory=int(filled["maxmem"]),
            cpus=int(filled["vcpus"]),
            disks=[disk.size for disk in instance.disks],
            nics=len(instance.nics),
            spindles=int(filled["spindle_use"]),
            template=instance.disk_template,
        )

    def values(self) -> Iterator[tuple[str, str, int]]:
        """Each as (limit, name to show, value). No disks at all break no limit on their number."""
        yield MEMORY, MEMORY, self.memory
        yield CPUS, CPUS, self.cpus
        yield NICS, NICS, self.nics
        yield SPINDLES, SPINDLES, self.spindles
        for index, size in enumerate(self.disks):
            yield DISK_SIZE, f"{DISK_SIZE}/{index}", size
        if self.disks:
            yield DISKS, DISKS, len(self.disks)


def of_cluster(cluster: objects.Cluster) -> dict[str, Any]:
    """The cluster's policy with every limit filled in."""
    templates = {TEMPLATES_KEY: list(cluster.enabled_disk_templates)}
    return {**DEFAULTS, **templates, **cluster.ipolicy}


def of_group(cluster: objects.Cluster, group: objects.NodeGroup | None) -> dict[str, Any]:
    """A node group's policy: what it sets itself, the rest from the cluster."""
    return {**of_cluster(cluster), **(group.ipolicy if group is not None else {})}


def violations(policy: Mapping[str, Any], spec: Spec) -> list[str]:
    """What the policy does not allow, in words; by the pair of limits that comes nearest."""
    found = []
    if spec.template not in policy[TEMPLATES_KEY]:
        allowed = ", ".join(policy[TEMPLATES_KEY])
        found.append(f"Disk template {spec.template} is not allowed (allowed templates: {allowed})")
    pairs = [list(_outside(pair, spec)) for pair in policy[MINMAX]]
    return found + min(pairs, key=len, default=[])


def _outside(pair: Mapping[str, Mapping[str, int]], spec: Spec) -> Iterator[str]:
    for limit, name, value in spec.values():
        low, high = pair["min"].get(limit), pair["max"].get(limit)
        if (low is not None and value < low) or (high is not None and value > high):
            yield f"{name} value {value} is not in range [{low}, {high}]"


# Changes.


def merged(
    old: Mapping[str, Any], given: Mapping[str, Any] | None, *, inherits: bool = True
) -> dict[str, Any]:
    """The own policy after a change; `default` (or nothing) takes a value back to what is above.

    `inherits` is false for the cluster, above which are only the built-in limits.
    """
    after = dict(old)
    for key, value in (given or {}).items():
        if key not in KEYS:
            raise _wrong(f"Invalid keys in ipolicy: {key}")
        if value == DEFAULT or value is None or (value == [] and key != TEMPLATES_KEY):
            after.pop(key, None)
        elif key == STD and inherits:
            raise _wrong("Cannot specify std ispecs for a node group")
        else:
            after[key] = _checked(key, value)
    return after


def check(policy: Mapping[str, Any]) -> None:
    """OpPrereqError if a complete policy contradicts itself."""
    for pair in policy[MINMAX]:
        for name in SPECS:
            low, high = pair["min"][name], pair["max"][name]
            if low > high:
                raise _wrong(f"Invalid specification of min/max values for {name}: {low}/{high}")
    std = policy[STD]
    if not any(_holds(pair, std) for pair in policy[MINMAX]):
        raise _wrong("Invalid std specifications: they are outside of all min/max limits")


def _holds(pair: Mapping[str, Mapping[str, int]], std: Mapping[str, int]) -> bool:
    return all(pair["min"][name] <= std[name] <= pair["max"][name] for name in SPECS)


def _checked(key: str, value: Any) -> Any:
    if key == MINMAX:
        if not isinstance(value, list):
            raise _wrong("Invalid ipolicy: minmax must be a list of min/max pairs")
        return [_pair(item) for item in value]
    if key == STD:
        return _limits(value, "std")
    if key == TEMPLATES_KEY:
        return _templates(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        raise _wrong(f"Invalid value {value!r} for ipolicy parameter '{key}'")
    return float(value)


def _pair(value: Any) -> dict[str, dict[str, int]]:
    if not isinstance(value, Mapping) or set(value) != {"min", "max"}:
        raise _wrong("Invalid ipolicy: each element of minmax needs exactly 'min' and 'max'")
    return {bound: _limits(value[bound], bound) for bound in ("min", "max")}


def _limits(value: Any, what: str) -> dict[str, int]:
    if not isinstance(value, Mapping):
        raise _wrong(f"Invalid ipolicy: {what} specs must be a dictionary")
    if unknown := sorted(set(value) - set(SPECS)):
        raise _wrong(f"Invalid ipolicy: unknown {what} specs {', '.join(map(str, unknown))}")
    if missing := sorted(set(SPECS) - set(value)):
        raise _wrong(f"Invalid ipolicy: missing {what} specs {', '.join(missing)}")
    for name, number in value.items():
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise _wrong(f"Invalid value {number!r} for {what} spec '{name}'")
    return dict(value)


def _templates(value: Any) -> list[str]:
    if not isinstance(value, (list, tuple)) or not value:
        raise _wrong("Invalid ipolicy: disk-templates must name at least one disk template")
    unknown: Iterable[Any] = [name for name in value if name not in TEMPLATES]
    for name in unknown:
        raise _wrong(f"Invalid disk template '{name}' in the ipolicy")
    return list(dict.fromkeys(value))


def _wrong(text: str) -> errors.OpPrereqError:
    return errors.OpPrereqError(text, errors.ECODE_INVAL)
