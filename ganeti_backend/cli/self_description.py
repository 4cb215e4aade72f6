"""gnt-cluster completion and man: what the programs say of themselves, for shells and readers."""

import argparse
import os

from ganeti_backend.cli.program import SUCCESS, Command, Failure, Session

SHELLS = ("bash", "zsh")


def _configure_completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, help="the shell that will read it")


def _completion(args: argparse.Namespace, _session: Session) -> int:
    from ganeti_backend.cli import completion, programs

    print(completion.script(args.shell, programs.NAMES), end="")
    return SUCCESS


def _configure_man(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="the folder to write to; it is made")


def _man(args: argparse.Namespace, _session: Session) -> int:
    from ganeti_backend.cli import manual, programs

    try:
        os.makedirs(args.folder, exist_ok=True)
        for program in programs.every():
            path = os.path.join(args.folder, f"{program.name}.{manual.SECTION}")
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(manual.page(program))
            print(path)
    except OSError as error:
        raise Failure(f"Cannot write the pages: {error}") from error
    return SUCCESS


COMMANDS = (
    Command(
        ("completion",),
        "print what makes a shell complete the gnt-* commands",
        _configure_completion,
        _completion,
    ),
    Command(("man",), "write the man pages of all gnt-* commands", _configure_man, _man),
)
