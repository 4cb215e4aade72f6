"""gnt-network: networks, their address pools and the node groups they are connected to."""

import argparse
import sys
from typing import Any

from ganeti_backend.cli import filter_text, following, listing, parameters, report, running, tagging
from ganeti_backend.cli.program import SUCCESS, Command, Failure, Program, Session

DEFAULT = "name,network,gateway,mac_prefix,group_list,tags"
FIELDS = (
    "name", "uuid", "serial_no", "network", "gateway", "network6", "gateway6", "mac_prefix",
    "free_count", "reserved_count", "map", "group_list", "inst_list", "external_reservations",
    "tags",
)  # fmt: skip
NO_CONFLICTS = "--no-conflicts-check"
MAP_WIDTH = 64


def _configure_add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NETWORK")
    parser.add_argument("--network", required=True, metavar="CIDR", help="such as 192.0.2.0/24")
    parser.add_argument("--gateway")
    parser.add_argument("--network6", metavar="CIDR")
    parser.add_argument("--gateway6")
    parser.add_argument("-m", "--mac-prefix")
    parser.add_argument("--add-reserved-ips", type=parameters.words, metavar="IP,…")
    parser.add_argument("--tags", type=parameters.words, metavar="TAG,…")
    parser.add_argument(NO_CONFLICTS, action="store_false", dest="conflicts_check")
    following.add_submit_options(parser)


def _add(args: argparse.Namespace, session: Session) -> int:
    op = following.opcode(
        "OP_NETWORK_ADD",
        args,
        session,
        network_name=args.name,
        network=args.network,
        gateway=args.gateway,
        network6=args.network6,
        gateway6=args.gateway6,
        mac_prefix=args.mac_prefix,
        add_reserved_ips=args.add_reserved_ips,
        tags=args.tags,
        conflicts_check=args.conflicts_check,
    )
    return following.run(args, session, op)


def _configure_names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NETWORK")
    report.add_json_option(parser)


def _info(args: argparse.Namespace, session: Session) -> int:
    qfilter = filter_text.of_names(args.names)
    answer = session.call("Query", resource="network", names=FIELDS, qfilter=qfilter)
    found = [dict(zip(FIELDS, (v for _s, v in row), strict=True)) for row in answer["data"]]
    missing = set(args.names) - {network["name"] for network in found}
    if missing and not any(c in name for name in args.names for c in "*?["):
        raise Failure(f"There is no network '{sorted(missing)[0]}'.")
    if args.json:
        return report.as_json(found)
    print("\n".join(report.lines([_described(network) for network in found])))
    return SUCCESS


def _described(network: dict[str, Any]) -> dict[str, Any]:
    pool = network["map"]
    return {
        "Network name": network["name"],
        "UUID": network["uuid"],
        "Serial number": network["serial_no"],
        "Subnet": network["network"],
        "Gateway": network["gateway"],
        "IPv6 Subnet": network["network6"],
        "IPv6 Gateway": network["gateway6"],
        "Mac Prefix": network["mac_prefix"],
        "Size": len(pool),
        "Free": f"{network['free_count']} ({100 * network['free_count'] / len(pool):.2f}%)",
        "Usage map": [_mapped(pool, at) for at in range(0, len(pool), MAP_WIDTH)],
        "externally reserved IPs": network["external_reservations"],
        "connected to node groups": [
            f"{group} (mode:{mode} link:{link} vlan:{vlan})"
            for group, mode, link, vlan in network["group_list"]
        ],
        "used by instances": network["inst_list"],
        "tags": network["tags"],
    }


def _mapped(pool: str, start: int) -> str:
    """A line of the map between the numbers of its first and its last address."""
    part = pool[start : start + MAP_WIDTH]
    return f"{start:>5} {part} {start + len(part) - 1}"


def _configure_modify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NETWORK")
    for options in (("--gateway",), ("--network6",), ("--gateway6",), ("-m", "--mac-prefix")):
        parser.add_argument(*options, help="'none' takes it away")
    parser.add_argument("--add-reserved-ips", type=parameters.words, metavar="IP,…")
    parser.add_argument("--remove-reserved-ips", type=parameters.words, metavar="IP,…")
    following.add_submit_options(parser)


def _modify(args: argparse.Namespace, session: Session) -> int:
    names = (
        "gateway", "network6", "gateway6", "mac_prefix", "add_reserved_ips", "remove_reserved_ips",
    )  # fmt: skip
    wanted = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    if not wanted:
        raise Failure("Please give at least one of the parameters.")
    op = following.opcode("OP_NETWORK_SET_PARAMS", args, session, network_name=args.name, **wanted)
    return following.run(args, session, op)


def _configure_rename(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="OLD")
    parser.add_argument("new_name", metavar="NEW")
    following.add_submit_options(parser)


def _rename(args: argparse.Namespace, session: Session) -> int:
    fields = {"network_name": args.name, "new_name": args.new_name}
    return following.run(
        args, session, following.opcode("OP_NETWORK_RENAME", args, session, **fields)
    )


def _configure_remove(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NETWORK")
    parser.add_argument("-f", "--force", action="store_true", help="has no effect")
    following.add_submit_options(parser)


def _remove(args: argparse.Namespace, session: Session) -> int:
    fields = {"network_name": args.name, "force": args.force}
    op = following.opcode("OP_NETWORK_REMOVE", args, session, **fields)
    return following.run(args, session, op)


def _configure_connect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NETWORK")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help="default: all node groups")
    parser.add_argument(
        "-N",
        "--nic-parameters",
        type=parameters.pairs,
        default={},
        metavar="mode=…,link=…,vlan=…",
    )
    parser.add_argument(NO_CONFLICTS, action="store_false", dest="conflicts_check")
    following.add_submit_options(parser)


def _connect(args: argparse.Namespace, session: Session) -> int:
    given = {f"network_{key}": str(value) for key, value in args.nic_parameters.items()}
    jobs = [
        (
            f"{args.name} in {group}",
            following.opcode(
                "OP_NETWORK_CONNECT",
                args,
                session,
                group_name=group,
                network_name=args.name,
                conflicts_check=args.conflicts_check,
                **given,
            ),
        )
        for group in _groups(args, session)
    ]
    return following.run_each(args, session, jobs)


def _configure_disconnect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NETWORK")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help="default: all node groups")
    following.add_submit_options(parser)


def _disconnect(args: argparse.Namespace, session: Session) -> int:
    jobs = []
    for group in _groups(args, session):
        fields = {"group_name": group, "network_name": args.name}
        op = following.opcode("OP_NETWORK_DISCONNECT", args, session, **fields)
        jobs.append((f"{args.name} in {group}", op))
    return following.run_each(args, session, jobs)


def _groups(args: argparse.Namespace, session: Session) -> list[str]:
    if args.groups:
        return list(args.groups)
    rows = session.call("Query", resource="group", names=["name"])["data"]
    return [str(row[0][1]) for row in rows]


PROGRAM = Program(
    "gnt-network",
    "networks and their address pools",
    (
        Command(("add",), "add a network", _configure_add, _add),
        *listing.commands("network", DEFAULT, noun="NETWORK"),
        Command(("info",), "print everything about networks", _configure_names, _info),
        Command(("modify",), "change a network", _configure_modify, _modify),
        Command(("rename",), "give a network another name", _configure_rename, _rename),
        Command(("remove",), "remove a network", _configure_remove, _remove),
        Command(("connect",), "connect a network to node groups", _configure_connect, _connect),
        Command(
            ("disconnect",),
            "disconnect a network from node groups",
            _configure_disconnect,
            _disconnect,
        ),
        *tagging.commands("network", "network"),
    ),
)


def main() -> int:
    """The console script."""
    return running.main(PROGRAM)


if __name__ == "__main__":
    sys.exit(main())
