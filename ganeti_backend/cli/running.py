"""Runs a gnt-* command: finds the subcommand, reads its arguments, words errors, ends with a code.

Only the parser of the chosen subcommand is built, and nothing is imported here that takes time:
these commands are called in loops.
"""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing

from ganeti_backend.cli.connection import MasterAwayError, MasterError, NoClusterError
from ganeti_backend.cli.program import (
    COMPLETE,
    FAILURE,
    INTERRUPTED,
    NO_CLUSTER,
    SUCCESS,
    Command,
    Failure,
    Program,
    Session,
)
from ganeti_backend.cli.wording import describe


def main(program: Program, arguments: Sequence[str] | None = None) -> int:
    """Run with these arguments; the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    first = given[0] if given else ""
    if first in ("", "-h", "--help", "help"):
        print(_usage(program))
        return SUCCESS if given else FAILURE
    if first in ("--version", "--man", COMPLETE):
        return _about(program, first, given[1:])
    command = program.find(first)
    if command is None:
        print(_unknown(program, first), file=sys.stderr)
        return FAILURE
    return _run(program, command, given[1:])


def _about(program: Program, what: str, rest: Sequence[str]) -> int:
    """What the program says of itself."""
    if what == "--version":
        print(f"{program.name} (synnefo) {_version()}")
    elif what == "--man":
        from ganeti_backend.cli.manual import page

        print(page(program), end="")
    else:
        from ganeti_backend.cli.completion import candidates

        print("\n".join(candidates(program, rest)))
    return SUCCESS


def _run(program: Program, command: Command, rest: Sequence[str]) -> int:
    name = command.names[0]
    try:
        parsed = program.parser(command).read([*_defaults(program.name, name), *rest])
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else FAILURE
    with closing(Session(program.name, name, debug=parsed.debug)) as session:
        return guarded(lambda: command.run(parsed, session), session)


def _usage(program: Program) -> str:
    lines = [
        f"{program.name}: {program.help}",
        "",
        f"Usage: {program.name} COMMAND [options] [names]",
        "",
    ]
    width = max(len("|".join(command.names)) for command in program.commands)
    lines += [f"  {'|'.join(c.names):<{width}}  {c.help}" for c in program.commands]
    text = f"'{program.name} COMMAND --help' explains one command, '{program.name} --man' all."
    return "\n".join([*lines, "", text])


def _unknown(program: Program, word: str) -> str:
    from ganeti_backend.cli import guesses

    guess = guesses.sentence(word, (name for c in program.commands for name in c.names))
    return (
        f"{program.name}: there is no command '{word}'.{guess} '{program.name} --help' lists all."
    )


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
