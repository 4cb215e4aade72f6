"""gnt-node: the nodes of the cluster."""

import argparse
import sys

from ganeti_backend.cli import (
    filter_text,
    listing,
    node_membership,
    node_moves,
    node_power,
    node_storage,
    report,
    running,
    tagging,
)
from ganeti_backend.cli.program import SUCCESS, Command, Failure, Program, Session

DEFAULT = "name,dtotal,dfree,mtotal,mnode,mfree,pinst_cnt,sinst_cnt"
FIELDS = (
    "name", "uuid", "serial_no", "pip", "sip", "master_candidate", "drained", "offline",
    "master_capable", "vm_capable", "powered", "group", "pinst_list", "sinst_list",
    "ndparams", "ctotal", "mtotal", "mfree", "dtotal", "dfree", "tags",
)  # fmt: skip


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NODE")
    report.add_json_option(parser)


def _info(args: argparse.Namespace, session: Session) -> int:
    qfilter = filter_text.of_names(args.names)
    answer = session.call("Query", resource="node", names=FIELDS, qfilter=qfilter)
    found = [dict(zip(FIELDS, row, strict=True)) for row in answer["data"]]
    missing = set(args.names) - {node["name"][1] for node in found}
    if missing and not any(c in name for name in args.names for c in "*?["):
        raise Failure(f"There is no node '{sorted(missing)[0]}'.")
    if args.json:
        return report.as_json([{k: v for k, (_s, v) in node.items()} for node in found])
    print("\n".join(report.lines([_described(node) for node in found])))
    return SUCCESS


def _described(node: dict[str, list[object]]) -> dict[str, object]:
    def value(name: str) -> object:
        status, found = node[name]
        return found if status == listing.NORMAL else listing.SPECIAL[int(str(status))][1]

    def size(name: str) -> str:
        found = value(name)
        return listing.in_units(found) if isinstance(found, (int, float)) else str(found)

    return {
        "Node name": value("name"),
        "UUID": value("uuid"),
        "Serial number": value("serial_no"),
        "primary ip": value("pip"),
        "secondary ip": value("sip"),
        "node group": value("group"),
        "master candidate": value("master_candidate"),
        "drained": value("drained"),
        "offline": value("offline"),
        "master_capable": value("master_capable"),
        "vm_capable": value("vm_capable"),
        "powered": value("powered"),
        "processors": value("ctotal"),
        "memory": f"{size('mfree')} of {size('mtotal')} free",
        "disk": f"{size('dfree')} of {size('dtotal')} free",
        "primary for instances": value("pinst_list"),
        "secondary for instances": value("sinst_list"),
        "node parameters": value("ndparams"),
        "tags": value("tags"),
    }


PROGRAM = Program(
    "gnt-node",
    "the nodes of the cluster",
    (
        Command(
            ("add",),
            "add a node whose daemon runs",
            node_membership.configure_add,
            node_membership.add,
        ),
        *listing.commands("node", DEFAULT, noun="NODE"),
        Command(("info",), "print everything about nodes", _configure, _info),
        Command(
            ("modify",),
            "change a node's role and parameters",
            node_membership.configure_modify,
            node_membership.modify,
        ),
        Command(
            ("remove",),
            "remove a node without instances",
            node_membership.configure_remove,
            node_membership.remove,
        ),
        Command(
            ("evacuate",),
            "bring instances away from a node",
            node_moves.configure_evacuate,
            node_moves.evacuate,
        ),
        Command(
            ("failover",),
            "stop a node's instances and start them elsewhere",
            node_moves.configure_failover,
            node_moves.failover,
        ),
        Command(
            ("migrate",),
            "bring a node's running instances elsewhere",
            node_moves.configure_migrate,
            node_moves.migrate,
        ),
        Command(
            ("powercycle",),
            "reboot a node by force",
            node_power.configure_powercycle,
            node_power.powercycle,
        ),
        Command(
            ("power",),
            "switch nodes on and off by their out-of-band program",
            node_power.configure_power,
            node_power.power,
        ),
        Command(
            ("health",),
            "ask the out-of-band program how nodes are",
            node_power.configure_health,
            node_power.health,
        ),
        Command(
            ("volumes",),
            "list logical volumes",
            node_storage.configure_volumes,
            node_storage.volumes,
        ),
        Command(
            ("list-storage",),
            "list what disks are cut from",
            node_storage.configure_list_storage,
            node_storage.list_storage,
        ),
        Command(
            ("modify-storage",),
            "change a storage unit",
            node_storage.configure_modify,
            node_storage.modify,
        ),
        Command(
            ("repair-storage",),
            "repair a storage unit",
            node_storage.configure_repair,
            node_storage.repair,
        ),
        Command(
            ("restricted-command",),
            "run a command that nodes keep for this",
            node_power.configure_restricted,
            node_power.restricted,
        ),
        *tagging.commands("node", "node"),
    ),
)


def main() -> int:
    """The console script."""
    return running.main(PROGRAM)


if __name__ == "__main__":
    sys.exit(main())
