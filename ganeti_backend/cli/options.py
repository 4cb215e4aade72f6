"""How the arguments of a subcommand are read: argparse, with guesses at what was meant."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

HELP_WIDTH = 28
# Ganeti's exit codes for too few or too many names, and for options that it cannot read.
MISCOUNTED = 1
UNREADABLE = 2


class Parser(argparse.ArgumentParser):
    """Options may stand anywhere, and be shortened where that is clear, as in Ganeti."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=HELP_WIDTH),
        )
        self.add_argument(
            "-d", "--debug", action="store_true", help="print what is said to the master"
        )

    def _take_reason(self) -> None:
        """Ganeti's commands all take a reason, also those that make no job to keep it with."""
        if not any("--reason" in action.option_strings for action in self._actions):
            self.add_argument("--reason", help=argparse.SUPPRESS)

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """The arguments; leaves with the exit code of a wrong usage, or 0 after --help."""
        self._take_reason()
        parsed, left = self.parse_known_intermixed_args(list(words))
        if left:
            self._refuse(left)
        return parsed

    def _refuse(self, left: Sequence[str]) -> NoReturn:
        from ganeti_backend.cli import guesses

        options = [word for word in left if word.startswith("-") and word != "-"]
        if not options:
            self._leave(f"this is too much: {' '.join(left)}", MISCOUNTED)
        word = options[0].partition("=")[0]
        guess = guesses.sentence(word, self.option_names())
        self.error(f"no such option: {word}.{guess}")

    def actions(self) -> list[argparse.Action]:
        """What can be given, as help and man pages show it."""
        from ganeti_backend.cli import option_texts

        shown = [action for action in self._actions if action.help != argparse.SUPPRESS]
        option_texts.fill(shown)
        return shown

    def format_help(self) -> str:
        from ganeti_backend.cli import examples

        self.actions()
        program, _, command = self.prog.partition(" ")
        self.epilog = f"for example: {examples.of(program, command)}"
        return super().format_help()

    def format_usage(self) -> str:
        self.actions()
        return super().format_usage()

    def error(self, message: str) -> NoReturn:
        """Leave as the original does: names that are missing or wrong are no wrong options."""
        named = message.startswith(("the following arguments are required", "argument "))
        option = message.startswith("argument -")
        self._leave(message, MISCOUNTED if named and not option else UNREADABLE)

    def _leave(self, message: str, code: int) -> NoReturn:
        """Say what is wrong; all options would bury it, so they are left to --help."""
        formatter = self._get_formatter()
        names = [action for action in self._actions if not action.option_strings]
        formatter.add_usage(f"{self.prog} [options] {self._names(names)}".rstrip(), [], [])
        print(formatter.format_help().rstrip(), file=sys.stderr)
        self.exit(code, f"{self.prog}: error: {message}\n'{self.prog} --help' explains it.\n")

    def _names(self, actions: Sequence[argparse.Action]) -> str:
        """Of the arguments that are no options, in the short form of a usage."""
        formatter = self._get_formatter()
        formatter.add_usage(None, actions, [], prefix="")
        return formatter.format_help().strip().removeprefix(self.prog).strip()

    def option_names(self) -> list[str]:
        """All options by their names."""
        return [
            name
            for action in self._actions
            if action.help != argparse.SUPPRESS
            for name in action.option_strings
        ]

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Name the choices, and the one that was meant."""
        if action.choices is None or value in action.choices:
            return
        from ganeti_backend.cli import guesses

        known = [str(choice) for choice in action.choices]
        guess = guesses.sentence(str(value), known)
        text = f"'{value}' is none of {', '.join(known)}.{guess}"
        raise argparse.ArgumentError(action, text)
