"""Man pages of the gnt-* commands, made from the same tables that read their arguments."""

import argparse
from collections.abc import Iterator

from ganeti_backend.cli import examples, following, option_texts
from ganeti_backend.cli.options import Parser
from ganeti_backend.cli.program import Command, Program

SECTION = 8
EXIT_CODES = (
    ("0", "The command did what it was asked for."),
    ("1", "It did not, or a job has failed, or arguments do not go together."),
    ("2", "An option is unknown or has an impossible value, or a node was not to be cut off."),
    ("5", "No cluster was named by the environment."),
    ("13", "A question about nodes or jobs was not answered with yes; other refusals end with 1."),
    ("14", "A list was asked for fields that nobody knows; it is printed all the same."),
    ("130", "It was interrupted. A job that was submitted goes on."),
)
ENVIRONMENT = (
    ("SYNNEFO_STATE", "The folder of the cloud, below which the master's socket is found."),
    ("GANETI_COMMAND_SOCKET", "The master's socket itself."),
)


def page(program: Program) -> str:
    """The page as roff."""
    return "\n".join(_lines(program)) + "\n"


def quoted(text: str) -> str:
    """Text that roff takes as it is."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return f"\\&{escaped}" if escaped.startswith((".", "\\(aq")) else escaped


def common() -> list[argparse.Action]:
    """The options that stand once on a page, and not at each command."""
    parser = Parser("", "")
    following.add_submit_options(parser)
    return parser.actions()


def _key(action: argparse.Action) -> tuple[tuple[str, ...], str]:
    """Options of one name may differ, as those for priorities do."""
    return tuple(action.option_strings), option_texts.text(action)


def _lines(program: Program) -> Iterator[str]:
    yield f'.TH {program.name.upper()} {SECTION} "" "synnefo" "Cluster administration"'
    yield ".SH NAME"
    yield f"{quoted(program.name)} \\- {quoted(program.help)}"
    yield ".SH SYNOPSIS"
    yield f".B {quoted(program.name)}"
    yield ".I COMMAND"
    yield "[options] [names]"
    yield ".SH COMMANDS"
    for command in program.commands:
        yield from _command(program, command)
    yield ".SH COMMON OPTIONS"
    yield "Every command has the first two, and every command that makes jobs the others."
    for action in common():
        yield from _action(action)
    yield ".SH EXIT STATUS"
    for code, text in EXIT_CODES:
        yield from _term(f".B {code}", text)
    yield ".SH ENVIRONMENT"
    for name, text in (*ENVIRONMENT, *_defaults(program)):
        yield from _term(f".B {quoted(name)}", text)
    yield ".SH SEE ALSO"
    yield from _others(program)


def _command(program: Program, command: Command) -> Iterator[str]:
    parser = program.parser(command)
    yield f".SS {quoted(', '.join(command.names))}"
    yield f"{quoted(sentence(command.help))}"
    yield ".PP"
    yield f".B {quoted(f'{program.name} {command.names[0]}')}"
    yield quoted(_arguments(parser))
    known = {_key(action) for action in common()}
    for action in parser.actions():
        if _key(action) not in known:
            yield from _action(action)
    yield ".PP"
    yield "For example:"
    yield ".PP"
    yield ".RS 4"
    yield ".nf"
    yield quoted(examples.of(program.name, command.names[0]))
    yield ".fi"
    yield ".RE"


def _arguments(parser: argparse.ArgumentParser) -> str:
    """The words behind the command's name, on one line."""
    usage = " ".join(parser.format_usage().split())
    return usage.removeprefix(f"usage: {parser.prog}").strip()


def _action(action: argparse.Action) -> Iterator[str]:
    value = "" if action.nargs == 0 else _value(action)
    if not action.option_strings:
        head = f".I {quoted(value)}"
    else:
        names = ", ".join(f"\\fB{quoted(name)}\\fR" for name in action.option_strings)
        head = f"{names} \\fI{quoted(value)}\\fR" if value else names
    yield from _term(head, sentence(option_texts.text(action)))


def _value(action: argparse.Action) -> str:
    if action.choices is not None:
        return "|".join(str(choice) for choice in action.choices)
    return option_texts.metavar(action)


def _term(head: str, text: str) -> Iterator[str]:
    yield ".TP"
    yield head
    yield quoted(text)


def sentence(text: str) -> str:
    """A line of help as a sentence."""
    if not text:
        return text
    begun = text[0].upper() + text[1:]
    return begun if begun.endswith((".", "…", "?")) else f"{begun}."


def _defaults(program: Program) -> Iterator[tuple[str, str]]:
    name = program.name.upper().replace("-", "_")
    yield (
        f"{name}_COMMAND",
        f"Options that stand before those of the command line, for example {name}_LIST.",
    )


def _others(program: Program) -> Iterator[str]:
    from ganeti_backend.cli import programs

    others = [name for name in programs.NAMES if name != program.name]
    for place, name in enumerate(others):
        comma = "," if place + 1 < len(others) else ""
        yield f".BR {quoted(name)} ({SECTION}){comma}"
