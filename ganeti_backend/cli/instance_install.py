"""`gnt-instance reinstall` and `gnt-instance rename`: what is installed, and what it is called."""

import argparse
import sys
from typing import Any

from ganeti_backend.cli import following, instance_choice, parameters
from ganeti_backend.cli.program import SUCCESS, Command, Failure, Session, confirm


def add_os_options(parser: argparse.ArgumentParser) -> None:
    """-O and its private and secret kinds."""
    for names, dest, text in (
        (("-O", "--os-parameters"), "os_parameters", "what the OS scripts are told"),
        (("--os-parameters-private",), "os_private", "stored, but in no log"),
        (("--os-parameters-secret",), "os_secret", "neither stored nor logged"),
    ):
        parser.add_argument(
            *names, dest=dest, type=parameters.pairs, metavar="name=value,…", help=text
        )


def os_fields(args: argparse.Namespace) -> dict[str, Any]:
    """The same as fields of an opcode."""
    return {
        "osparams": args.os_parameters,
        "osparams_private": args.os_private,
        "osparams_secret": args.os_secret,
    }


def _configure_reinstall(parser: argparse.ArgumentParser) -> None:
    instance_choice.add_options(parser)
    parser.add_argument("-o", "--os-type", help="another OS definition")
    parser.add_argument("--select-os", action="store_true", help="choose one from a list")
    parser.add_argument("--force-variant", action="store_true", help="also one that is not listed")
    add_os_options(parser)
    parser.add_argument("--clear-os-parameters", action="store_true", help="forget the stored ones")
    parser.add_argument("--remove-os-parameters", type=parameters.words, metavar="NAME,…")
    parser.add_argument("-f", "--force", action="store_true", help="do not ask")
    following.add_submit_options(parser)


def _reinstall(args: argparse.Namespace, session: Session) -> int:
    names = instance_choice.of(args, session)
    os_type = _select(session) if args.select_os else args.os_type
    _confirm(args, names)
    fields = {
        "os_type": os_type,
        "force_variant": args.force_variant or None,
        **os_fields(args),
        "clear_osparams": args.clear_os_parameters or None,
        "remove_osparams": args.remove_os_parameters,
    }
    ops = [
        (name, _op("OP_INSTANCE_REINSTALL", args, session, instance_name=name, **fields))
        for name in names
    ]
    if len(ops) == 1 and not args.submit:
        return following.run(args, session, ops[0][1])
    return following.run_each(args, session, ops)


def _op(op_id: str, args: argparse.Namespace, session: Session, **fields: Any) -> dict[str, Any]:
    return following.opcode(op_id, args, session, **fields)


def _confirm(args: argparse.Namespace, names: list[str]) -> None:
    if args.mode != "instance" or len(names) > 1:
        instance_choice.ask(args, names, "reinstall and remove *all* data of")
        return
    question = f"This will reinstall the instance '{names[0]}' and remove *all* data. Continue?"
    confirm(question, agreed=args.force or args.dry_run)


def _select(session: Session) -> str:
    """Let the user choose from the offered definitions."""
    rows = session.call("Query", resource="os", names=["name", "variants"])["data"]
    names = []
    for (_s1, name), (_s2, variants) in rows:
        names += [f"{name}+{variant}" for variant in variants] or [str(name)]
    if not names:
        raise Failure("Can't get the OS list.")
    for number, name in enumerate(names):
        print(f"{number:3}: {name}")
    print("Enter OS template number (or x to abort): ", end="", flush=True)
    answer = sys.stdin.readline().strip()
    if not answer.isdigit() or int(answer) >= len(names):
        raise Failure("No OS was chosen, aborted.")
    return names[int(answer)]


def _configure_rename(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="INSTANCE")
    parser.add_argument("new_name", metavar="NEW-NAME")
    parser.add_argument("--no-ip-check", dest="ip_check", action="store_false")
    parser.add_argument("--no-name-check", dest="name_check", action="store_false")
    parser.add_argument("-f", "--force", action="store_true", help="do not ask")
    following.add_submit_options(parser)


def _rename(args: argparse.Namespace, session: Session) -> int:
    if not args.name_check:
        question = f"No name will be looked up: '{args.new_name}' must be a whole name. Continue?"
        confirm(question, agreed=args.force or args.dry_run or not sys.stdin.isatty())
    op = _op(
        "OP_INSTANCE_RENAME",
        args,
        session,
        instance_name=args.name,
        new_name=args.new_name,
        ip_check=args.ip_check,
        name_check=args.name_check,
    )
    if args.submit or args.json or args.print_jobid:
        return following.run(args, session, op)
    result = following.run_and_get(args, session, op)
    if result:
        print(f"Instance '{args.name}' renamed to '{result}'")
    return SUCCESS


COMMANDS = (
    Command(("reinstall",), "install instances again", _configure_reinstall, _reinstall),
    Command(("rename",), "give an instance another name", _configure_rename, _rename),
)
