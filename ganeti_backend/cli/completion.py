"""Completion for bash and zsh. The shell asks the program itself, so it cannot be out of date.

What a word may be is told by the metavars of the options and arguments: INSTANCE, NODE, FIELDS …
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ganeti_backend.cli import option_texts
from ganeti_backend.cli.connection import MasterAwayError, MasterError, NoClusterError
from ganeti_backend.cli.options import Parser
from ganeti_backend.cli.program import COMPLETE, Program, Session

# What a metavar stands for: the resource to ask for names, and the field that holds them.
# With these the names are nodes whose instances are meant.
BY_NODE = {"--node", "--primary", "--secondary"}
OBJECTS = {
    "INSTANCE": ("instance", "name"),
    "NODE": ("node", "name"),
    "GROUP": ("group", "name"),
    "NETWORK": ("network", "name"),
    "OS": ("os", "name"),
    "JOB": ("job", "id"),
}
LISTED = {"gnt-backup": "export", "gnt-debug": "lock"}
BASH = """\
# Completion of the gnt-* commands: eval "$(gnt-cluster completion bash)"
_gnt() {{
    local IFS=$'\\n'
    COMPREPLY=($("$1" {complete} "$COMP_CWORD" "${{COMP_WORDS[@]}}" 2>/dev/null))
    if [ "${{COMPREPLY[0]}}" = "{files}" ]; then
        COMPREPLY=($(compgen -f -- "$2"))
    fi
}}
complete -F _gnt {programs}
"""
ZSH = """\
# Completion of the gnt-* commands: eval "$(gnt-cluster completion zsh)"
_gnt() {{
    local -a found
    found=("${{(@f)$("${{words[1]}}" {complete} $((CURRENT - 1)) "${{words[@]}}" 2>/dev/null)}}")
    if [[ "${{found[1]}}" == "{files}" ]]; then
        _files
    else
        compadd -- $found
    fi
}}
compdef _gnt {programs}
"""
# Says that the shell itself knows best: the word is the name of a file.
FILES = "//files//"


def script(shell: str, programs: Sequence[str]) -> str:
    """What makes a shell complete these programs."""
    text = BASH if shell == "bash" else ZSH
    return text.format(complete=COMPLETE, files=FILES, programs=" ".join(programs))


def candidates(program: Program, line: Sequence[str]) -> list[str]:
    """What the word under the cursor may become. The line: its number, then all words."""
    if not line or not line[0].isdigit():
        return []
    place = int(line[0])
    words = [*_joined(line[1 : place + 2])]
    before, begun = words[1:-1], words[-1] if words else ""
    found = _completed(program, before, begun)
    return found if found == [FILES] else sorted({w for w in found if w.startswith(begun)})


def _joined(words: Sequence[str]) -> list[str]:
    """Words as the program would get them: bash takes `--option=value` apart."""
    found: list[str] = []
    for word in words:
        if word == "=" or (found and found[-1].endswith("=") and found[-1].startswith("--")):
            found[-1] += word
        else:
            found.append(word)
    return found


def _completed(program: Program, before: Sequence[str], begun: str) -> list[str]:
    if not before:
        names = [name for command in program.commands for name in command.names]
        return [*names, "--help", "--version", "--man"]
    command = program.find(before[0])
    if command is None:
        return []
    parser = program.parser(command)
    given = before[1:]
    option, equals, _value = begun.partition("=")
    if equals and option.startswith("--"):
        found = _values(program, _option(parser, option))
        # Bash replaces what stands behind the sign only.
        return found if found == [FILES] else [f"{option}={value}" for value in found]
    waiting = _option(parser, given[-1]) if given else None
    if waiting is not None and waiting.nargs not in (0, "?"):
        return _values(program, waiting)
    if begun.startswith("-"):
        return parser.option_names()
    return _values(program, _positional(parser, given))


def _option(parser: Parser, word: str) -> argparse.Action | None:
    return next((a for a in parser.actions() if word in a.option_strings), None)


def _positional(parser: Parser, given: Sequence[str]) -> argparse.Action | None:
    """The argument whose turn it is after these words."""
    count, skip = 0, False
    for word in given:
        action = _option(parser, word.partition("=")[0])
        if skip or action is not None:
            skip = action is not None and action.nargs not in (0, "?") and "=" not in word
            continue
        count += 1
    places = [action for action in parser.actions() if not action.option_strings]
    for action in places:
        if action.nargs in ("*", "+") and BY_NODE & set(given):
            return argparse.Action([], "names", metavar="NODE")
        if action.nargs in ("*", "+") or count == 0:
            return action
        count -= 1
    return None


def _values(program: Program, action: argparse.Action | None) -> list[str]:
    """What an option or argument may be."""
    if action is None:
        return []
    if action.choices is not None:
        return [str(choice) for choice in action.choices]
    metavar = option_texts.metavar(action)
    if metavar in OBJECTS:
        return _asked(program, lambda session: _names(session, *OBJECTS[metavar]))
    if metavar in ("FIELD", "FIELDS"):
        resource = LISTED.get(program.name, program.name.removeprefix("gnt-"))
        return _asked(program, lambda session: _fields(session, resource))
    return [FILES] if metavar in ("FILE", "DIR") else []


def _names(session: Session, resource: str, field: str) -> Iterable[Any]:
    rows = session.call("Query", resource=resource, names=[field], qfilter=None)["data"]
    return (row[0][1] for row in rows)


def _fields(session: Session, resource: str) -> Iterable[Any]:
    return (f["name"] for f in session.call("QueryFields", resource=resource, names=None)["fields"])


def _asked(program: Program, ask: Callable[[Session], Iterable[Any]]) -> list[str]:
    """What the master says; nothing where none answers, as nobody reads errors of a completion."""
    session = Session(program.name, "complete")
    try:
        return [str(value) for value in ask(session)]
    except (MasterError, MasterAwayError, NoClusterError):
        return []
    finally:
        session.close()
