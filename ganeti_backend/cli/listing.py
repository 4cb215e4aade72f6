"""The `list` and `list-fields` commands, the same for every kind of object."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from ganeti_backend.cli import filter_text
from ganeti_backend.cli.program import SUCCESS, UNKNOWN_FIELD, Command, Failure, Session

NORMAL = 0
# How the special statuses are shown: short, and spelt out with -v.
SPECIAL = {
    1: ("??", "(unknown)"),
    2: ("?", "(nodata)"),
    3: ("-", "(unavail)"),
    4: ("*", "(offline)"),
}
# How `list-fields` names the kinds.
KINDS = {
    "text": "Text",
    "number": "Number",
    "float": "Floating-point number",
    "bool": "Boolean",
    "unit": "Storage size",
    "timestamp": "Timestamp",
    "other": "Custom",
    "unknown": "(unknown)",
}
RIGHT = frozenset({"number", "float", "unit"})
UNITS = {"m": 1, "g": 1024, "t": 1024 * 1024}


def commands(
    resource: str, default: str, key: str = "name", noun: str = "NAME"
) -> tuple[Command, ...]:
    """`list` and `list-fields` of a kind of object."""

    def configure(parser: argparse.ArgumentParser) -> None:
        add_list_options(parser, default)
        parser.add_argument("names", nargs="*", metavar=noun, help="only these; * and ? match")

    def run(args: argparse.Namespace, session: Session) -> int:
        expression, names = _filter_and_names(args)
        qfilter = _filter(expression, names, key)
        fields = chosen(args.output, default)
        answer = session.call("Query", resource=resource, names=fields, qfilter=qfilter)
        if key == "name" and not expression:
            _refuse_absent(names, resource, len(answer["data"]), session)
        code = warn_of_unknown(answer)
        show(args, answer)
        return code

    return (
        Command(("list",), f"list {resource}s", configure, run),
        Command(("list-fields",), "list what can be listed", _configure_fields, _fields(resource)),
    )


def warn_of_unknown(answer: dict[str, Any]) -> int:
    """The exit code of a list, after a word on fields that nobody knows."""
    unknown = [f["name"] for f in answer["fields"] if f["kind"] == "unknown"]
    if not unknown:
        return SUCCESS
    print(f"Warning: Queried for unknown fields {', '.join(unknown)}", file=sys.stderr)
    return UNKNOWN_FIELD


def _refuse_absent(names: Sequence[str], resource: str, found: int, session: Session) -> None:
    """Refuse names that nothing has; a pattern may match nothing."""
    plain = {name for name in names if not filter_text.is_pattern(name)}
    if found >= len(names) or not plain:
        return
    qfilter = filter_text.of_names(sorted(plain))
    rows = session.call("Query", resource=resource, names=["name"], qfilter=qfilter)["data"]
    known = {form for row in rows for form in (row[0][1], row[0][1].partition(".")[0])}
    absent = sorted(plain - known)
    if absent:
        noun = "NodeGroup" if resource == "group" else resource.capitalize()
        raise Failure(
            "Failure: prerequisites not met for this operation:\n"
            f"error type: unknown_entity, error details:\n{noun} name {absent[0]} not found"
        )


def add_list_options(parser: argparse.ArgumentParser, default: str) -> None:
    """The options of lists."""
    parser.add_argument("-o", "--output", metavar="FIELDS", help=f"default {default}; +F adds")
    parser.add_argument("--no-headers", action="store_true")
    parser.add_argument("--separator", help="put this between columns; sizes are mebibytes then")
    parser.add_argument("--units", choices=["h", "m", "g", "t"], help="h: the unit that fits")
    # Ganeti's option takes no value: it says that the only name is a filter. Both are understood.
    parser.add_argument(
        "-F", "--filter", nargs="?", const="", metavar="FILTER", help="only what this is true of"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="spell special values")
    parser.add_argument("--json", action="store_true", help="print JSON")


def chosen(output: str | None, default: str) -> list[str]:
    """The fields to show: `a,b` replaces the default, `+a,b` adds to it."""
    if not output:
        return default.split(",")
    if output.startswith("+"):
        return [*default.split(","), *output[1:].split(",")]
    return output.split(",")


def _filter_and_names(args: argparse.Namespace) -> tuple[str | None, list[str]]:
    """The filter, which may also stand where names do, and the names."""
    names = list(args.names)
    if args.filter == "" and len(names) != 1:
        raise Failure("-F takes one filter, in quotes.")
    if args.filter == "":
        return names[0], []
    if not args.filter and len(names) == 1 and filter_text.looks_like_filter(names[0]):
        return names[0], []
    return args.filter, names


def _filter(expression: str | None, names: Sequence[str], key: str) -> Any:
    try:
        parsed = filter_text.parse(expression) if expression else None
    except filter_text.FilterError as error:
        text = f"Failed to parse query filter '{expression}': {error}"
        raise Failure(f"Error while parsing query filter: {text}") from error
    if key == "id" and names:
        if not all(name.isdigit() for name in names):
            raise Failure("Job ids are numbers.")
        named: Any = ["|", *(["=", "id", int(name)] for name in names)]
    else:
        named = filter_text.of_names(names, key)
    if parsed and named:
        return ["&", parsed, named]
    return parsed or named


def show(args: argparse.Namespace, answer: dict[str, Any]) -> None:
    """Print the answer of a query as a table, or as JSON."""
    definitions, rows = answer["fields"], answer["data"]
    if args.json:
        names = [definition["name"] for definition in definitions]
        objects = [dict(zip(names, (v for _s, v in row), strict=True)) for row in rows]
        print(json.dumps(objects, indent=2))
        return
    unit = args.units or ("m" if args.separator else "h")
    writers = [_writer(definition, unit) for definition in definitions]
    lines = [
        [_cell(cell, write, args.verbose) for cell, write in zip(row, writers, strict=True)]
        for row in rows
    ]
    if not args.no_headers:
        lines.insert(0, [definition["title"] for definition in definitions])
    right = [definition["kind"] in RIGHT for definition in definitions]
    for line in align(lines, right, args.separator):
        print(line)


def align(
    lines: Sequence[Sequence[str]], right: Sequence[bool], separator: str | None
) -> list[str]:
    """The cells of each line in columns."""
    if separator:
        return [separator.join(line) for line in lines]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)] if lines else []
    return [
        " ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    ]


def _cell(cell: Sequence[Any], write: Callable[[Any], str], verbose: bool) -> str:
    status, value = cell
    return write(value) if status == NORMAL else SPECIAL[status][verbose]


def _writer(definition: dict[str, str], unit: str) -> Callable[[Any], str]:
    kind, name = definition["kind"], definition["name"]
    if kind == "unit":
        return lambda value: in_units(value, unit)
    if kind == "timestamp" or name.endswith("_ts"):
        return moment
    if name == "group_list":
        return connections
    return flat


def flat(value: Any) -> str:
    """Any value on one line."""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, list):
        if value and all(isinstance(item, list) for item in value):
            return "; ".join(", ".join(flat(part) for part in item) for item in value)
        return ",".join(flat(item) for item in value)
    if isinstance(value, dict):
        return ",".join(f"{key}={flat(item)}" for key, item in sorted(value.items()))
    return "-" if value is None else str(value)


def connections(value: Any) -> str:
    """The node groups a network is connected to, as the original writes them."""
    return ", ".join(f"{group} ({', '.join(map(str, rest))})" for group, *rest in value)


def in_units(mebibytes: float, unit: str = "h") -> str:
    """A size in the wanted unit. Its letter is left out where it was asked for, as known."""
    letter = ""
    if unit == "h":
        unit = "m" if mebibytes < 1024 else "g" if mebibytes < 1024 * 1024 else "t"
        letter = unit.upper()
    scaled = mebibytes / UNITS[unit]
    number = f"{scaled:.0f}" if unit == "m" else f"{scaled:.1f}"
    return f"{number}{letter}"


def moment(value: Any) -> str:
    """A time; jobs keep theirs as [seconds, microseconds]."""
    if value is None:
        return "-"
    seconds = value[0] + value[1] / 1e6 if isinstance(value, list) else value
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _configure_fields(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="FIELD", help="only these")
    parser.add_argument("--no-headers", action="store_true")
    parser.add_argument("--separator", help="put this between columns")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _fields(resource: str) -> Callable[[argparse.Namespace, Session], int]:
    def run(args: argparse.Namespace, session: Session) -> int:
        answer = session.call("QueryFields", resource=resource, names=args.names or None)
        if args.json:
            print(json.dumps(answer["fields"], indent=2))
            return SUCCESS
        lines = [
            [f["name"], KINDS.get(f["kind"], f["kind"]), f["title"], f["doc"]]
            for f in answer["fields"]
        ]
        if not args.no_headers:
            lines.insert(0, ["Name", "Type", "Title", "Description"])
        for line in align(lines, [False] * 4, args.separator):
            print(line)
        known = all(field["kind"] != "unknown" for field in answer["fields"])
        return SUCCESS if known else UNKNOWN_FIELD

    return run
