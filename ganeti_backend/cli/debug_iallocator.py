"""gnt-debug iallocator: what an allocator is asked, and what it answers."""

import argparse
from typing import Any

from ganeti_backend.cli import following, parameters
from ganeti_backend.cli.program import SUCCESS, USAGE, Command, Failure, Session

PLACING = ("allocate", "multi-allocate")
MODES = (*PLACING, "relocate", "node-evacuate", "change-group")


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="+", metavar="INSTANCE")
    parser.add_argument("--dir", dest="direction", choices=["in", "out"], default="in")
    parser.add_argument(
        "--algorithm", "-I", "--iallocator", dest="iallocator", metavar="NAME",
        help="the allocator; without one the cluster's default",
    )  # fmt: skip
    parser.add_argument("-m", "--mode", choices=MODES, default="relocate")
    parser.add_argument("--mem", "--memory", dest="memory", type=parameters.size, default=128)
    parser.add_argument("--disks", type=_sizes, default=[4096, 4096], metavar="SIZE,…")
    parser.add_argument("-t", "--disk-template")
    parser.add_argument("--nics", default="", metavar="MAC/IP/BRIDGE,…")
    parser.add_argument("-o", "--os-type")
    parser.add_argument("-p", "--vcpus", type=int, default=1)
    parser.add_argument("--spindle-use", type=int, default=1)
    parser.add_argument("--tags", default="")
    parser.add_argument("--count", type=int, default=2, help="how many, of multi-allocate")
    parser.add_argument("-g", "--node-group")
    parser.add_argument("--evac-mode", choices=["primary-only", "secondary-only", "all"])
    parser.add_argument("--to", "--target-groups", action="append", dest="target_groups")
    following.add_submit_options(parser)


def _sizes(text: str) -> list[int]:
    return [parameters.size(part) for part in text.split(",") if part]


def _nic(text: str) -> dict[str, str]:
    """As Ganeti writes it: MAC, address and bridge between slashes, each of which may be empty."""
    parts = [*text.split("/"), "", ""]
    return {
        name: value for name, value in zip(("mac", "ip", "bridge"), parts, strict=False) if value
    }


def _run(args: argparse.Namespace, session: Session) -> int:
    subject = _wish(args) if args.mode in PLACING else _existing(args)
    op = following.opcode(
        "OP_TEST_ALLOCATOR",
        args,
        session,
        mode=args.mode,
        direction=args.direction,
        iallocator=args.iallocator,
        evac_mode=args.evac_mode,
        target_groups=args.target_groups,
        **subject,
    )
    if args.submit or args.dry_run or args.json:
        return following.run(args, session, op)
    print(following.run_and_get(args, session, op))
    return SUCCESS


def _existing(args: argparse.Namespace) -> dict[str, Any]:
    """The instances that are to go elsewhere."""
    return {"name": _only(args)} if args.mode == "relocate" else {"instances": args.names}


def _wish(args: argparse.Namespace) -> dict[str, Any]:
    """An instance that is not there yet."""
    template = args.disk_template or ("plain" if args.disks else "diskless")
    return {
        "name": _only(args),
        "disk_template": template,
        "disks": [] if template == "diskless" else [{"size": size} for size in args.disks],
        "nics": [_nic(part) for part in args.nics.split(",") if part],
        "memory": args.memory,
        "vcpus": args.vcpus,
        "os": args.os_type,
        "tags": [tag for tag in args.tags.split(",") if tag],
        "spindle_use": args.spindle_use,
        "count": args.count,
        "group_name": args.node_group,
    }


def _only(args: argparse.Namespace) -> str:
    if len(args.names) > 1:
        raise Failure(f"The mode {args.mode} is about one instance.", USAGE)
    return str(args.names[0])


COMMANDS = (
    Command(("iallocator",), "ask an allocator where instances could go", _configure, _run),
)
