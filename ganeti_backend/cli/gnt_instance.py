"""gnt-instance: make, start, stop, change, look at and remove virtual machines."""

import argparse
import sys
from typing import Any

from ganeti_backend.cli import (
    following,
    instance_changes,
    instance_choice,
    instance_console,
    instance_creation,
    instance_disks,
    instance_install,
    instance_moves,
    instance_report,
    listing,
    parameters,
    report,
    running,
    tagging,
)
from ganeti_backend.cli.program import SUCCESS, USAGE, Command, Failure, Program, Session, confirm

DEFAULT = "name,hypervisor,os,pnode,status,oper_ram"
TIMEOUT = 120


def _configure_several(parser: argparse.ArgumentParser) -> None:
    instance_choice.add_options(parser)
    following.add_submit_options(parser)


def _each(args: argparse.Namespace, session: Session, op_id: str, **fields: Any) -> int:
    names = instance_choice.of(args, session)
    instance_choice.ask(args, names, session.command)
    ops = [
        (name, following.opcode(op_id, args, session, instance_name=name, **fields))
        for name in names
    ]
    if len(ops) == 1 and not args.submit:
        return following.run(args, session, ops[0][1])
    return following.run_each(args, session, ops)


def _configure_startup(parser: argparse.ArgumentParser) -> None:
    _configure_several(parser)
    parser.add_argument("-f", "--force", action="store_true", help="start although something warns")
    parser.add_argument("--no-remember", action="store_true", help="do not change what is desired")
    parser.add_argument("--paused", action="store_true")
    _add_ignore_offline(parser)
    parameters.add_instance_options(parser)


def _startup(args: argparse.Namespace, session: Session) -> int:
    _hypervisor, hvparams = args.hypervisor
    return _each(
        args,
        session,
        "OP_INSTANCE_STARTUP",
        force=args.force,
        ignore_offline_nodes=args.ignore_offline,
        no_remember=args.no_remember,
        startup_paused=args.paused,
        beparams=args.backend or None,
        hvparams=hvparams or None,
    )


def _configure_shutdown(parser: argparse.ArgumentParser) -> None:
    _configure_several(parser)
    parser.add_argument("-f", "--force", action="store_true", help="stop also an offline one")
    parser.add_argument("--timeout", type=int, default=TIMEOUT, help="seconds, then it is cut off")
    parser.add_argument("--no-remember", action="store_true", help="do not change what is desired")
    _add_ignore_offline(parser)


def _add_ignore_offline(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ignore-offline", action="store_true",
        help="where its node is offline only change what is desired",
    )  # fmt: skip


def _shutdown(args: argparse.Namespace, session: Session) -> int:
    fields = {"timeout": args.timeout, "no_remember": args.no_remember, "force": args.force}
    fields["ignore_offline_nodes"] = args.ignore_offline
    return _each(args, session, "OP_INSTANCE_SHUTDOWN", **fields)


def _configure_reboot(parser: argparse.ArgumentParser) -> None:
    _configure_several(parser)
    parser.add_argument("-t", "--type", choices=["soft", "hard", "full"], default="hard")
    parser.add_argument("--shutdown-timeout", type=int, default=TIMEOUT)
    parser.add_argument("--ignore-secondaries", action="store_true")


def _reboot(args: argparse.Namespace, session: Session) -> int:
    return _each(
        args,
        session,
        "OP_INSTANCE_REBOOT",
        reboot_type=args.type,
        shutdown_timeout=args.shutdown_timeout,
        ignore_secondaries=args.ignore_secondaries,
    )


def _configure_remove(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="INSTANCE")
    parser.add_argument("-f", "--force", action="store_true", help="do not ask")
    parser.add_argument("--ignore-failures", action="store_true", help="remove it all the same")
    parser.add_argument("--shutdown-timeout", type=int, default=TIMEOUT)
    following.add_submit_options(parser)


def _remove(args: argparse.Namespace, session: Session) -> int:
    question = (
        f"This will remove the volumes of the instance {args.name} (including mirrors), "
        "thus removing all the data of the instance. Continue?"
    )
    confirm(question, agreed=args.force or args.dry_run)
    fields = {
        "instance_name": args.name,
        "ignore_failures": args.ignore_failures,
        "shutdown_timeout": args.shutdown_timeout,
    }
    return following.run(
        args, session, following.opcode("OP_INSTANCE_REMOVE", args, session, **fields)
    )


def _configure_info(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="INSTANCE")
    parser.add_argument("--all", action="store_true", help="all instances of the cluster")
    parser.add_argument("-s", "--static", action="store_true", help="do not ask the nodes")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(dry_run=False, priority=None, reason=None, print_jobid=False)


def _info(args: argparse.Namespace, session: Session) -> int:
    if bool(args.names) == args.all:
        raise Failure("Give instances, or --all.", USAGE)
    fields = {"instances": args.names, "static": args.static}
    op = following.opcode("OP_INSTANCE_QUERY_DATA", args, session, **fields)
    result = following.run_and_get(args, session, op)
    if args.json:
        import json

        print(json.dumps(result, indent=2))
        return SUCCESS
    described = [instance_report.describe(data) for _name, data in sorted(result.items())]
    print("\n".join(report.lines(described)))
    return SUCCESS


PROGRAM = Program(
    "gnt-instance",
    "the virtual machines of the cluster",
    (
        *instance_creation.COMMANDS,
        Command(("remove",), "remove an instance with its disks", _configure_remove, _remove),
        *listing.commands("instance", DEFAULT, noun="INSTANCE"),
        Command(("info",), "print everything about instances", _configure_info, _info),
        *instance_install.COMMANDS,
        Command(("startup", "start"), "start instances", _configure_startup, _startup),
        Command(("shutdown", "stop"), "stop instances", _configure_shutdown, _shutdown),
        Command(("reboot",), "reboot instances", _configure_reboot, _reboot),
        *instance_changes.COMMANDS,
        *instance_disks.COMMANDS,
        *instance_moves.COMMANDS,
        Command(
            ("console",),
            "show an instance's console",
            instance_console.configure,
            instance_console.run,
        ),
        *tagging.commands("instance", "instance"),
    ),
)


def main() -> int:
    """The console script."""
    return running.main(PROGRAM)


if __name__ == "__main__":
    sys.exit(main())
