"""A note: what a hook's shell script leaves of its variables for eventd, and how it is read back.

The script is builtins of the shell alone, as a hook runs once or twice for each operation and an
interpreter's start would cost more than the operation. Reading is pure and strict: nothing is ever
evaluated, and whatever `export -p` cannot have written is damage.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

# `instance-add.4711.0`: the hook's path, the shell's process, how many such names were taken.
NAME = re.compile(r"[a-z-]+\.[0-9]+\.[0-9]+")
END = "# complete\n"
MOST_BYTES = 256 * 1024
# Where no eventd runs nobody takes notes away; beyond these the reconciler has to do.
MOST_NOTES = 20_000

# Both ways in which shells quote: dash and busybox with '…' and "'", bash with "…\$…". The standard
# library's shlex leaves the backslash before a dollar sign and takes several times longer.
_PIECE = r"""'[^']*'|"(?:[^"\\$`]|\\[\\"$`\n])*"|[A-Za-z0-9_@%+=:,./-]+"""
_PIECES = re.compile(_PIECE)
_LINE = re.compile(rf"export (?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:=(?P<value>(?:{_PIECE})*+))?\n")
_ESCAPED = re.compile(r'\\([\\"$`]|\n)')


class Unfinished(ValueError):  # noqa: N818  # The name says what happened.
    """The note has no end: it is still being written, or its writer was killed."""


class Damaged(ValueError):  # noqa: N818  # The name says what happened.
    """No hook wrote this; the text says why."""


def script(folder: Path, hooks_path: str, node: str = "") -> str:
    """The hook. Failing to write is told on its output; a post hook must not fail an operation.

    With `node`, this machine's name, only what it is the master of is noted: the same hook runs on
    other nodes too, where perhaps nobody reads notes.
    """
    place = shlex.quote(f"{folder}/{hooks_path}.")
    every = f"{shlex.quote(str(folder))}/*"
    only = f'[ "$GANETI_MASTER" = {shlex.quote(node)} ] || exit 0\n' if node else ""
    return f"""\
#!/bin/sh
# Notes the variables of an operation for eventd. Only builtins: this starts no process.
{only}set -- {every}
[ $# -le {MOST_NOTES} ] || exit 0
umask 077
set -C
note={place}$$ again=0
while [ -e "$note.$again" ]; do again=$((again + 1)); done
{{ export -p && echo '{END.rstrip()}'; }} > "$note.$again"
exit 0
"""


def read(content: bytes) -> dict[str, str]:
    """The GANETI_ variables of a note."""
    if len(content) > MOST_BYTES:
        raise Damaged(f"more than {MOST_BYTES} bytes")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise Damaged(f"not UTF-8: {error}") from error
    if not text.endswith(END):
        raise Unfinished("the end is missing")
    if "\0" in text:
        raise Damaged("a zero byte")
    found: dict[str, str] = {}
    position, end = 0, len(text) - len(END)
    while position < end:
        line = _LINE.match(text, position, end)
        if line is None:
            raise Damaged(f"at character {position}: not a line of export")
        if line["name"].startswith("GANETI_") and line["value"] is not None:
            found[line["name"]] = "".join(map(_plain, _PIECES.findall(line["value"])))
        position = line.end()
    return found


def _plain(piece: str) -> str:
    match piece[0]:
        case "'":
            return piece[1:-1]
        case '"':
            return _ESCAPED.sub(lambda found: found[1].strip("\n"), piece[1:-1])
        case _:
            return piece
