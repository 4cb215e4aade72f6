"""What all gnt-* commands are made of: a table of subcommands, one run of one, and exit codes.

Whatever runs them is in `running.py`. Nothing is imported here that takes time.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

from ganeti_backend.cli.connection import (
    Connection,
    socket_file,
)
from ganeti_backend.cli.options import Parser
from ganeti_backend.cli.wording import describe

SUCCESS = 0
FAILURE = 1
# Arguments that do not go together. What no parser can read ends with 2, as in Ganeti.
USAGE = 1
NO_CLUSTER = 5
# Of a command about nodes or jobs that was not confirmed; others end with 1.
NOT_CONFIRMED = 13
NODE_NOT_CONFIRMED = 2
UNKNOWN_FIELD = 14
INTERRUPTED = 130
# What the shell's completion calls; see `completion`.
COMPLETE = "--complete"


class Failure(Exception):  # noqa: N818 - the word that the commands print.
    """The command cannot go on: what to tell the user, and the exit code."""

    def __init__(self, text: str, code: int = FAILURE) -> None:
        super().__init__(text)
        self.code = code


class Session:
    """One run of a command: the program's name, the subcommand, and the way to the master."""

    def __init__(self, program: str, command: str, *, debug: bool = False) -> None:
        self.program = program
        self.command = command
        self._debug = debug

    @cached_property
    def master(self) -> Connection:
        """The connection to the master, opened when it is first needed."""
        return Connection(socket_file(), debug=self._debug)

    def call(self, method: str, **arguments: Any) -> Any:
        """Ask the master."""
        return self.master.call(method, **arguments)

    def close(self) -> None:
        """End the connection, if there was one."""
        if "master" in self.__dict__:
            self.master.close()


Configure = Callable[[ArgumentParser], None]
Run = Callable[[Namespace, Session], int]


class Command(NamedTuple):
    """One subcommand: its names, one line of help, its options and what it does."""

    names: tuple[str, ...]
    help: str
    configure: Configure
    run: Run


class Program(NamedTuple):
    """A gnt-* command."""

    name: str
    help: str
    commands: tuple[Command, ...]

    def find(self, name: str) -> Command | None:
        """The subcommand of a name."""
        return next((command for command in self.commands if name in command.names), None)

    def parser(self, command: Command) -> Parser:
        """What reads a subcommand's arguments."""
        parser = Parser(f"{self.name} {command.names[0]}", command.help)
        command.configure(parser)
        return parser


def confirm(question: str, *, agreed: bool, code: int = FAILURE) -> None:
    """Ask before something that cannot be undone; refuse where nobody can answer.

    Few commands have a code of their own for a refusal, and they are not those one would guess.
    """
    if agreed:
        return
    if not sys.stdin.isatty():
        text = "Nobody is there to confirm this; the options that do are in --help."
        raise Failure(f"{question}\n{text}", code)
    print(f"{question}\ny/[n]: ", end="", flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Failure("Aborted.", code)


def refusal(text: str, kind: str = "wrong_input") -> Failure:
    """What is wrong with a request, found here, in the words of a master that refuses it."""
    return Failure(describe("OpPrereqError", [text, kind]))


def no_options(_parser: ArgumentParser) -> None:
    """A command without options of its own."""
