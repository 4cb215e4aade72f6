"""gnt-os: the OS definitions that instances can be installed with."""

import argparse
import json
import sys
from typing import Any

from ganeti_backend.cli import following, instance_install, parameters, running
from ganeti_backend.cli.listing import align
from ganeti_backend.cli.program import FAILURE, SUCCESS, USAGE, Command, Failure, Program, Session

FIELDS = (
    "name", "valid", "hidden", "blacklisted", "variants", "parameters", "api_versions",
    "node_status", "os_hvp", "osparams",
)  # fmt: skip
YES, NO = "yes", "no"

Info = dict[str, Any]


def _infos(session: Session) -> list[Info]:
    """All definitions, also those that are not offered."""
    rows = session.call("Query", resource="os", names=list(FIELDS))["data"]
    return [dict(zip(FIELDS, (value for _s, value in row), strict=True)) for row in rows]


def _configure_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-headers", action="store_true")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _list(args: argparse.Namespace, session: Session) -> int:
    rows = session.call("Query", resource="os", names=["name", "variants"])["data"]
    names: list[str] = []
    for (_s1, name), (_s2, variants) in rows:
        names += [f"{name}+{variant}" for variant in variants] or [name]
    if args.json:
        print(json.dumps(names, indent=2))
        return SUCCESS
    for line in align(
        [*([] if args.no_headers else [["Name"]]), *([n] for n in names)], [False], None
    ):
        print(line)
    return SUCCESS


def _configure_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _diagnose(args: argparse.Namespace, session: Session) -> int:
    """Each definition on each node, and why one cannot be used; 1 if there is such."""
    infos = _infos(session)
    if args.json:
        print(json.dumps(infos, indent=2))
    else:
        for info in infos:
            print("\n".join(_diagnosed(info)))
            print()
    return SUCCESS if all(info["valid"] for info in infos) else FAILURE


def _diagnosed(info: Info) -> list[str]:
    status = "valid" if info["valid"] else "invalid"
    marks = [f" ({mark})" for mark in ("hidden", "blacklisted") if info[mark]]
    lines = [f"OS: {info['name']} [global status: {status}]{''.join(marks)}"]
    if info["variants"]:
        lines.append(f"  Variants: [{', '.join(info['variants'])}]")
    for node, found in sorted(info["node_status"].items()):
        if not found:
            lines.append(f"  Node: {node}, status: OS not found")
        for place, status in enumerate(found):
            lines.append(f"  Node: {node}, status: {_status(status)}")
            if place:
                lines[-1] += " (hidden by the one before)"
    return lines


def _status(status: list[Any]) -> str:
    path, good, why, variants, parameters, versions = status
    if not good:
        return f"invalid - {why} (path: {path})"
    known = {
        "API versions": [str(version) for version in reversed(versions)],
        "variants": variants,
        "parameters": [name for name, _text in parameters],
    }
    details = [f"[{key}: {', '.join(names)}]" for key, names in known.items() if names]
    return " ".join(["valid", f"(path: {path})", *details, "[trusted]"])


def _configure_info(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="OS")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _info(args: argparse.Namespace, session: Session) -> int:
    wanted = {name.partition("+")[0] for name in args.names}
    infos = [info for info in _infos(session) if not wanted or info["name"] in wanted]
    missing = sorted(wanted - {info["name"] for info in infos})
    if args.json:
        print(json.dumps(infos, indent=2))
    else:
        for info in infos:
            print("\n".join(_described(info)), end="\n\n")
        for name in missing:
            print(f"{name}: not found", end="\n\n")
    return SUCCESS


def _described(info: Info) -> list[str]:
    lines = [f"{info['name']}:"]
    lines += [f"  - {key}: {info[key]}" for key in ("valid", "hidden", "blacklisted")]
    lines.append("  - API versions:")
    lines += [f"    - {version}" for version in info["api_versions"]]
    lines.append("  - variants:")
    lines += [f"    - {variant}" for variant in info["variants"]]
    lines.append("  - parameters:")
    lines += [f"    - {name}: {text}" for name, text in info["parameters"]]
    lines.append("  - trusted: True")
    if info["osparams"]:
        lines.append("  - defaults of the cluster:")
        lines += [f"    - {name}: {value}" for name, value in sorted(info["osparams"].items())]
    for hypervisor, values in sorted(info["os_hvp"].items()):
        lines.append(f"  - hypervisor parameters for {hypervisor}:")
        lines += [f"    - {name}: {value}" for name, value in sorted(values.items())]
    return lines


def _configure_modify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="OS")
    instance_install.add_os_options(parser)
    parser.add_argument(
        "-H",
        "--hypervisor-parameters",
        dest="hypervisor",
        action="append",
        type=parameters.hypervisor,
        default=[],
        metavar="NAME:key=value,…",
    )
    for name in ("hidden", "blacklisted"):
        parser.add_argument(f"--{name}", choices=[YES, NO])
    following.add_submit_options(parser)


def _modify(args: argparse.Namespace, session: Session) -> int:
    if args.os_secret:
        raise Failure("Secret OS parameters are not stored; give them with each command.", USAGE)
    if any(name is None for name, _values in args.hypervisor):
        raise Failure("-H needs the hypervisor's name in front: NAME:key=value.", USAGE)
    hypervisors = dict(args.hypervisor)
    verbs = {YES: "add", NO: "remove"}
    fields = {
        "osparams": {args.name: args.os_parameters} if args.os_parameters else None,
        "osparams_private_cluster": {args.name: args.os_private} if args.os_private else None,
        "os_hvp": {args.name: hypervisors} if hypervisors else None,
        "hidden_os": [[verbs[args.hidden], args.name]] if args.hidden else None,
        "blacklisted_os": [[verbs[args.blacklisted], args.name]] if args.blacklisted else None,
    }
    if not any(fields.values()):
        raise Failure(
            "At least one of OS parameters or hypervisor parameters must be passed", FAILURE
        )
    op = following.opcode("OP_CLUSTER_SET_PARAMS", args, session, **fields)
    return following.run(args, session, op)


PROGRAM = Program(
    "gnt-os",
    "the OS definitions that instances can be installed with",
    (
        Command(("list",), "list the definitions that are offered", _configure_list, _list),
        Command(("diagnose",), "show each definition on each node", _configure_json, _diagnose),
        Command(("info",), "print everything about definitions", _configure_info, _info),
        Command(("modify",), "change what the cluster says of one", _configure_modify, _modify),
    ),
)


def main() -> int:
    """The console script."""
    return running.main(PROGRAM)


if __name__ == "__main__":
    sys.exit(main())
