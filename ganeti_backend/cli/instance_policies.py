"""The --ipolicy-… options of clusters and node groups, and the command line that sets a policy."""

import argparse
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ganeti_backend.cli import parameters

SIZES = frozenset({"memory-size", "disk-size"})
BOUNDS = "min:SPEC/max:SPEC[//min:…/max:…]"
TEMPLATES = "--ipolicy-disk-templates"
BOUNDS_OPTION = "--ipolicy-bounds-specs"
STD_OPTION = "--ipolicy-std-specs"
RATIOS = {"vcpu-ratio": "--ipolicy-vcpu-ratio", "spindle-ratio": "--ipolicy-spindle-ratio"}


def specs(text: str) -> dict[str, int]:
    """memory-size=128,cpu-count=1,…; sizes may have a unit."""
    found = {}
    for name, value in parameters.pairs(text).items():
        if not isinstance(value, str):
            raise argparse.ArgumentTypeError(f"'{name}' has no value")
        if name in SIZES:
            found[name] = parameters.size(value)
        elif value.isdigit():
            found[name] = int(value)
        else:
            raise argparse.ArgumentTypeError(f"{name} must be a number, not '{value}'")
    return found


def bounds(text: str) -> Any:
    """Pairs of limits, parted by two slashes; `default` goes back to the cluster's."""
    if text == "default":
        return text
    return [_pair(part) for part in text.split("//")]


def _pair(text: str) -> dict[str, dict[str, int]]:
    found = {}
    for part in text.split("/"):
        match = re.fullmatch(r"(min|max):(.*)", part)
        if match is None:
            raise argparse.ArgumentTypeError(f"'{part}' does not begin with 'min:' or 'max:'")
        found[match[1]] = specs(match[2])
    if set(found) != {"min", "max"}:
        raise argparse.ArgumentTypeError(f"'{text}' must give 'min:' and 'max:'")
    return found


def ratio(text: str) -> Any:
    """A number, or `default`."""
    if text == "default":
        return text
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number") from None


def templates(text: str) -> Any:
    """A list of disk templates, or `default`."""
    return text if text == "default" else [name for name in text.split(",") if name]


def add_options(parser: argparse.ArgumentParser, *, std: bool = False) -> None:
    """The options; only a cluster has standard specs."""
    group = parser.add_argument_group("instance policy")
    group.add_argument(BOUNDS_OPTION, type=bounds, metavar=BOUNDS)
    group.add_argument(TEMPLATES, type=templates, metavar="TEMPLATE,…")
    for option in RATIOS.values():
        group.add_argument(option, type=ratio, metavar="RATIO")
    if std:
        group.add_argument(STD_OPTION, type=specs, metavar="SPEC")


def given(args: argparse.Namespace) -> dict[str, Any] | None:
    """The ipolicy of an opcode, or None if no option was given."""
    found = {
        "minmax": args.ipolicy_bounds_specs,
        "disk-templates": args.ipolicy_disk_templates,
        "vcpu-ratio": args.ipolicy_vcpu_ratio,
        "spindle-ratio": args.ipolicy_spindle_ratio,
        "std": getattr(args, "ipolicy_std_specs", None),
    }
    return {name: value for name, value in found.items() if value is not None} or None


def command_line(words: Sequence[str], policy: Mapping[str, Any], name: str | None) -> str:
    """What sets this policy when it is run."""
    import shlex

    line = list(words)
    if "minmax" in policy:
        pairs = (
            "/".join(f"{bound}:{_specs_text(pair[bound])}" for bound in ("min", "max"))
            for pair in policy["minmax"]
        )
        line += [BOUNDS_OPTION, "//".join(pairs)]
    if "std" in policy:
        line += [STD_OPTION, _specs_text(policy["std"])]
    if "disk-templates" in policy:
        line += [TEMPLATES, ",".join(policy["disk-templates"])]
    line += [
        word
        for key, option in RATIOS.items()
        if key in policy
        for word in (option, f"{policy[key]:g}")
    ]
    return shlex.join([*line, *([name] if name else [])])


def _specs_text(values: Mapping[str, int]) -> str:
    return ",".join(f"{name}={values[name]}" for name in sorted(values))


def without(policy: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The policy less some of its parts."""
    left_out = set(names)
    return {name: value for name, value in policy.items() if name not in left_out}
