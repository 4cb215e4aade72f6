"""What all gnt-* commands share: finding the subcommand, running it, wording errors, exit codes.

A program is a table of commands. Only the parser of the chosen one is built, and nothing is
imported here that takes time: these commands are called in loops.
"""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cached_property
from typing import Any, NamedTuple

from ganeti_backend.cli.connection import (
    Connection,
    MasterAwayError,
    MasterError,
    NoClusterError,
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

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Run with these arguments; the exit code."""
        given = list(sys.argv[1:] if arguments is None else arguments)
        first = given[0] if given else ""
        if first in ("", "-h", "--help", "help"):
            print(self._usage())
            return SUCCESS if given else FAILURE
        if first in ("--version", "--man", COMPLETE):
            return self._about(first, given[1:])
        command = self.find(first)
        if command is None:
            print(self._unknown(first), file=sys.stderr)
            return FAILURE
        return self._run(command, given[1:])

    def find(self, name: str) -> Command | None:
        """The subcommand of a name."""
        return next((command for command in self.commands if name in command.names), None)

    def parser(self, command: Command) -> Parser:
        """What reads a subcommand's arguments."""
        parser = Parser(f"{self.name} {command.names[0]}", command.help)
        command.configure(parser)
        return parser

    def _about(self, what: str, rest: Sequence[str]) -> int:
        """What the program says of itself."""
        if what == "--version":
            print(f"{self.name} (synnefo) {_version()}")
        elif what == "--man":
            from ganeti_backend.cli.manual import page

            print(page(self), end="")
        else:
            from ganeti_backend.cli.completion import candidates

            print("\n".join(candidates(self, rest)))
        return SUCCESS

    def _run(self, command: Command, rest: Sequence[str]) -> int:
        name = command.names[0]
        try:
            parsed = self.parser(command).read([*_defaults(self.name, name), *rest])
        except SystemExit as done:
            return done.code if isinstance(done.code, int) else FAILURE
        with closing(Session(self.name, name, debug=parsed.debug)) as session:
            return guarded(lambda: command.run(parsed, session), session)

    def _usage(self) -> str:
        lines = [
            f"{self.name}: {self.help}",
            "",
            f"Usage: {self.name} COMMAND [options] [names]",
            "",
        ]
        width = max(len("|".join(command.names)) for command in self.commands)
        lines += [f"  {'|'.join(c.names):<{width}}  {c.help}" for c in self.commands]
        text = f"'{self.name} COMMAND --help' explains one command, '{self.name} --man' all."
        return "\n".join([*lines, "", text])

    def _unknown(self, word: str) -> str:
        from ganeti_backend.cli import guesses

        guess = guesses.sentence(word, (name for c in self.commands for name in c.names))
        return f"{self.name}: there is no command '{word}'.{guess} '{self.name} --help' lists all."


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("synnefo")
    except PackageNotFoundError:  # Run from a checkout.
        return "of a checkout"


def _defaults(program: str, command: str) -> list[str]:
    """The options that GNT_INSTANCE_LIST and its like put before those of the command line."""
    text = os.environ.get(f"{program}_{command}".upper().replace("-", "_"))
    if not text:
        return []
    import shlex

    return shlex.split(text)


def guarded(act: Callable[[], int], session: Session | None = None) -> int:  # noqa: PLR0911 - one return for each way to fail.
    """Run, and turn what goes wrong into words on standard error and an exit code."""
    try:
        code = act()
        sys.stdout.flush()
    except Failure as error:
        return _fail(str(error), error.code, session)
    except MasterError as error:
        return _fail(describe(error.kind, error.arguments), FAILURE, session)
    except NoClusterError as error:
        return _fail(f"There is no cluster here: {error}.", NO_CLUSTER)
    except MasterAwayError as error:
        question = "Is it running and listening for connections?"
        return _fail(f"Cannot communicate with the master daemon ({error}).\n{question}", FAILURE)
    except KeyboardInterrupt:
        return _fail("Interrupted.", INTERRUPTED)
    except BrokenPipeError:
        # The reader of a pipe went away, as `head` does; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SUCCESS
    else:
        return code


def _fail(text: str, code: int, session: Session | None = None) -> int:
    print(text, file=sys.stderr)
    if session is not None and ("not known" in text or "not found" in text or "There is" in text):
        from ganeti_backend.cli import guesses

        if guess := guesses.of_objects(session, text):
            print(guess, file=sys.stderr)
    return code


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
