"""Parameters on the command line: sizes, key=value lists, and Ganeti's --disk and --net."""

import argparse
import re
from collections.abc import Sequence
from typing import Any

UNITS = {"": 1, "m": 1, "g": 1024, "t": 1024 * 1024}
SIZES = frozenset({"size", "memory", "maxmem", "minmem"})
NUMBERS = frozenset({"vcpus", "spindle_use", "spindles"})
VERBS = ("add", "remove", "modify")
CHANGES = (*VERBS, "attach", "detach")
LAST = -1

Modification = list[Any]


def size(text: str) -> int:
    """A size in mebibytes: 512, 512M, 1.5G, 2T."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([mgt]?)(?:i?b)?\s*", text.lower())
    if match is None:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size such as 512M or 10G")
    mebibytes = float(match[1]) * UNITS[match[2]]
    # Rounded up, so that nobody gets less than was asked for.
    return int(-(-mebibytes // 1))


def words(text: str) -> list[str]:
    """NAME,…"""
    return [word for word in text.split(",") if word]


def pairs(text: str) -> dict[str, Any]:
    """key=value,…; a bare key is true, no_key false, -key none; a backslash escapes a comma."""
    found: dict[str, Any] = {}
    for part in re.split(r"(?<!\\),", text):
        entry = part.replace("\\,", ",")
        if not entry:
            continue
        key, equals, value = entry.partition("=")
        if equals:
            found[key] = value
        elif key.startswith("no_"):
            found[key[3:]] = False
        elif key.startswith("-"):
            found[key[1:]] = None
        else:
            found[key] = True
    return found


def typed(parameters: dict[str, Any]) -> dict[str, Any]:
    """The values of known parameters turned from text into what they are."""
    return {key: _typed(key, value) for key, value in parameters.items()}


def _typed(key: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if key in SIZES:
        return size(value)
    if key in NUMBERS:
        return _number(key, value)
    if value.lower() in ("true", "false", "yes", "no"):
        return value.lower() in ("true", "yes")
    if value.lower() in ("default", "none"):
        return value.lower()
    return value


def _number(key: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{key} must be a number, not '{value}'") from None


def backend(text: str) -> dict[str, Any]:
    """-B: `memory` stands for both of its bounds."""
    parameters = typed(pairs(text))
    if "memory" in parameters:
        memory = parameters.pop("memory")
        parameters = {"minmem": memory, "maxmem": memory, **parameters}
    return parameters


def hypervisor(text: str) -> tuple[str | None, dict[str, Any]]:
    """-H: `name:key=value,…`, or either part alone."""
    name, colon, rest = text.partition(":")
    if not colon and "=" in text:
        return None, _numeric(typed(pairs(text)))
    return name or None, _numeric(typed(pairs(rest)))


def _numeric(parameters: dict[str, Any]) -> dict[str, Any]:
    return {k: int(v) if isinstance(v, str) and v.isdigit() else v for k, v in parameters.items()}


def hypervisor_state(text: str) -> tuple[str, Any]:
    """--hypervisor-state: `kvm:mem_node=512,…`"""
    name, colon, rest = text.partition(":")
    if not (name and colon):
        raise argparse.ArgumentTypeError(f"'{text}' is not HYPERVISOR:KEY=NUMBER,…")
    return name, _numeric(typed(pairs(rest)))


def disk_state(text: str) -> tuple[str, Any]:
    """--disk-state: `plain/xenvg:disk_reserved=1024,…`"""
    place, colon, rest = text.partition(":")
    kind, slash, group = place.partition("/")
    if not (kind and slash and group and colon):
        raise argparse.ArgumentTypeError(f"'{text}' is not STORAGE/NAME:KEY=NUMBER,…")
    return kind, {group: _numeric(typed(pairs(rest)))}


def add_instance_options(parser: argparse.ArgumentParser) -> None:
    """-B and -H, as one instance may have them otherwise than its cluster."""
    parser.add_argument(
        "-B", "--backend-parameters", dest="backend", type=backend, default={},
        metavar="memory=2G,vcpus=2",
    )  # fmt: skip
    parser.add_argument(
        "-H", "--hypervisor-parameters", dest="hypervisor", type=hypervisor, default=(None, {}),
        metavar="[NAME:]key=value,…",
    )  # fmt: skip


def add_state_options(parser: argparse.ArgumentParser) -> None:
    """What clusters, groups and nodes are said to have."""
    for name, kind, metavar in (
        ("--hypervisor-state", hypervisor_state, "HYPERVISOR:KEY=NUMBER,…"),
        ("--disk-state", disk_state, "STORAGE/NAME:KEY=NUMBER,…"),
    ):
        parser.add_argument(name, type=kind, action="append", default=[], metavar=metavar)


def states(args: argparse.Namespace) -> dict[str, Any]:
    """What was given of that, as fields of an opcode."""
    disks: dict[str, Any] = {}
    for kind, groups in args.disk_state:
        disks.setdefault(kind, {}).update(groups)
    return {"hv_state": dict(args.hypervisor_state) or None, "disk_state": disks or None}


def id_ranges(text: str) -> list[list[int]]:
    """User ids: 5000-5010,6000"""
    found = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not (first.isdigit() and (last.isdigit() or not dash)):
            raise argparse.ArgumentTypeError(f"'{part}' is neither a user id nor FIRST-LAST")
        found.append([int(first), int(last) if dash else int(first)])
    return found


def indexed(text: str) -> tuple[str, dict[str, Any]]:
    """--disk and --net of a creation: `0:size=1G`, or `size=1G` for the next one."""
    head, colon, rest = text.partition(":")
    # A colon may also be part of a hardware address: then there is no index in front.
    if colon and (head.isdigit() or head in VERBS):
        return head, typed(pairs(rest))
    if text.isdigit() or text in VERBS:
        return text, {}
    return "", typed(pairs(text))


def in_order(given: Sequence[tuple[str, dict[str, Any]]], what: str) -> list[dict[str, Any]]:
    """The disks or interfaces of a creation; their numbers must be complete."""
    places: dict[int, dict[str, Any]] = {}
    for head, parameters in given:
        place = int(head) if head.isdigit() else len(places)
        if place in places:
            raise argparse.ArgumentTypeError(f"{what} {place} is given twice")
        places[place] = parameters
    if sorted(places) != list(range(len(places))):
        raise argparse.ArgumentTypeError(f"{what} numbers must be 0, 1, … without gaps")
    return [places[place] for place in range(len(places))]


def modification(text: str) -> Modification:
    """--disk and --net of a change: add:…, remove, N:add,…, N:remove, N:key=value,…

    Where N is told, an existing item may also be meant by its name or uuid.
    """
    head, colon, rest = text.partition(":")
    if head in CHANGES and (colon or head == text):
        return [head, LAST, typed(pairs(rest))]
    if not colon or "=" in head:
        raise argparse.ArgumentTypeError(f"'{text}' says neither what to change nor how")
    place: int | str = int(head) if re.fullmatch(r"-?\d+", head) else head
    given = typed(pairs(rest))
    for verb in CHANGES:
        if given.get(verb) is True:
            given.pop(verb)
            return [verb, place, given]
    return ["modify", place, given]
