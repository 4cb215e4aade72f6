"""What all gnt-* commands share: finding the subcommand, running it, wording errors, exit codes.

A program is a table of commands. Only the parser of the chosen one is built.
"""

import argparse
import difflib
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ganeti_backend.cli.connection import (
    Connection,
    MasterAwayError,
    MasterError,
    NoClusterError,
    socket_path,
)

SUCCESS = 0
FAILURE = 1
USAGE = 2
NO_CLUSTER = 5
NOT_CONFIRMED = 13
UNKNOWN_FIELD = 14
INTERRUPTED = 130


class Failure(Exception):  # noqa: N818 - the word that the commands print.
    """The command cannot go on: what to tell the user, and the exit code."""

    def __init__(self, text: str, code: int = FAILURE) -> None:
        super().__init__(text)
        self.code = code


class Session:
    """One run of a command: the program's name, the subcommand, and the way to the master."""

    def __init__(self, program: str, command: str) -> None:
        self.program = program
        self.command = command

    @cached_property
    def master(self) -> Connection:
        """The connection to the master, opened when it is first needed."""
        return Connection(socket_path())

    def call(self, method: str, **arguments: Any) -> Any:
        """Ask the master."""
        return self.master.call(method, **arguments)

    def close(self) -> None:
        """End the connection, if there was one."""
        if "master" in self.__dict__:
            self.master.close()


Configure = Callable[[argparse.ArgumentParser], None]
Run = Callable[[argparse.Namespace, Session], int]


@dataclass(frozen=True)
class Command:
    """One subcommand: its names, one line of help, its options and what it does."""

    names: tuple[str, ...]
    help: str
    configure: Configure
    run: Run


@dataclass(frozen=True)
class Program:
    """A gnt-* command."""

    name: str
    help: str
    commands: tuple[Command, ...]

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Run with these arguments; the exit code."""
        given = list(sys.argv[1:] if arguments is None else arguments)
        if not given or given[0] in ("-h", "--help", "help"):
            print(self._usage(), file=sys.stdout if given else sys.stderr)
            return SUCCESS if given else USAGE
        if given[0] == "--version":
            from importlib.metadata import version

            print(f"{self.name} {version('synnefo')}")
            return SUCCESS
        command = self._find(given[0])
        if command is None:
            print(self._unknown(given[0]), file=sys.stderr)
            return USAGE
        return self._run(command, given[1:])

    def _find(self, name: str) -> Command | None:
        return next((command for command in self.commands if name in command.names), None)

    def _run(self, command: Command, rest: Sequence[str]) -> int:
        name = command.names[0]
        parser = argparse.ArgumentParser(
            prog=f"{self.name} {name}", description=command.help, allow_abbrev=False
        )
        command.configure(parser)
        variable = f"{self.name}_{name}".upper().replace("-", "_")
        try:
            parsed = parser.parse_args([*shlex.split(os.environ.get(variable, "")), *rest])
        except SystemExit as done:
            return done.code if isinstance(done.code, int) else USAGE
        with closing(Session(self.name, name)) as session:
            return guarded(lambda: command.run(parsed, session))

    def _usage(self) -> str:
        lines = [
            f"{self.name}: {self.help}",
            "",
            f"Usage: {self.name} COMMAND [options] [names]",
            "",
        ]
        width = max(len("|".join(command.names)) for command in self.commands)
        lines += [f"  {'|'.join(c.names):<{width}}  {c.help}" for c in self.commands]
        return "\n".join([*lines, "", f"'{self.name} COMMAND --help' explains one command."])

    def _unknown(self, word: str) -> str:
        names = [name for command in self.commands for name in command.names]
        near = difflib.get_close_matches(word, names, n=3, cutoff=0.5)
        guess = f" Did you mean {' or '.join(repr(name) for name in near)}?" if near else ""
        return f"{self.name}: there is no command '{word}'.{guess} '{self.name} --help' lists all."


def guarded(act: Callable[[], int]) -> int:  # noqa: PLR0911 - one return for each way to fail.
    """Run, and turn what goes wrong into words on standard error and an exit code."""
    try:
        code = act()
        sys.stdout.flush()
    except Failure as error:
        return _fail(str(error), error.code)
    except MasterError as error:
        return _fail(describe(error.kind, error.arguments), FAILURE)
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


def describe(kind: str, arguments: Sequence[Any]) -> str:
    """An error of the master or of a job in Ganeti's words."""
    text = str(arguments[0]) if arguments else kind
    if kind == "OpPrereqError":
        heading = "Failure: prerequisites not met for this operation:"
        detail = f"error type: {arguments[1]}, error details:\n" if len(arguments) > 1 else ""
        return f"{heading}\n{detail}{text}"
    if kind == "HooksAbort":
        return "Failure: hooks execution failed:\n" + _hooks(arguments)
    headings = {
        "OpExecError": f"Failure: command execution error:\n{text}",
        "JobLost": f"Error checking job status: {text}",
        "JobCanceled": "Job was cancelled",
        "QueueDrained": "Failure: the job queue is marked for drain and doesn't accept new "
        "requests\n'gnt-cluster queue undrain' opens it.",
        "QueueFull": "Failure: The job queue is full and doesn't accept new job submissions until "
        "old jobs are archived\n'gnt-job autoarchive all' archives the finished ones.",
    }
    return headings.get(kind, f"Failure: {kind}: {text}")


def describe_result(result: Any) -> str:
    """The result of a failed opcode in words."""
    if isinstance(result, list) and len(result) == 2 and isinstance(result[1], list):
        return describe(str(result[0]), result[1])
    return f"Failure: {result}"


def _hooks(arguments: Sequence[Any]) -> str:
    refusals = arguments[0] if arguments and isinstance(arguments[0], list) else []
    lines = [
        f"  node: {node}, script: {script}, output: {str(output).strip() or '(no output)'}"
        for node, script, output in refusals
    ]
    return "\n".join(lines) or str(arguments)


def _fail(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code


def confirm(question: str, *, agreed: bool) -> None:
    """Ask before something that cannot be undone; refuse where nobody can answer."""
    if agreed:
        return
    if not sys.stdin.isatty():
        raise Failure(f"{question}\nNobody is there to confirm this; give -f.", NOT_CONFIRMED)
    print(f"{question}\ny/[n]: ", end="", flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Failure("Aborted.", NOT_CONFIRMED)


def no_options(_parser: argparse.ArgumentParser) -> None:
    """A command without options of its own."""
