"""Regular expressions of clients. The master matches them itself, so none may take for ever.

A repetition inside a repetition can try exponentially many ways, and many repetitions in a row
polynomially many; while one is tried, no other thread of the process runs.
"""

import re
from collections.abc import Iterable
from re import _constants as constants  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from ganeti_backend import errors

LONGEST = 256
# Unbounded ones such as `.*`, and all whose number varies, such as `a?`.
MOST_UNBOUNDED = 3
MOST_VARYING = 8
# Nothing that has a name is longer; what is, is compared by its beginning.
SEARCHED = 256
REPEATS = frozenset({constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT})
# More repetitions than this are as good as without an end.
FEW = 16
ENDLESS = -1


def compiled(value: Any) -> re.Pattern[str]:
    """The pattern; OpPrereqError where it is none, or one that could take too long."""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise _wrong(f"A pattern must be a text of at most {LONGEST} characters")
    try:
        tree = parser.parse(value)
        pattern = re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        raise _wrong(f"Bad pattern {value!r}: {error}") from error
    varying = _varying(tree, inside=False)
    unbounded = sum(most > FEW for most in varying)
    if ENDLESS in varying or unbounded > MOST_UNBOUNDED or len(varying) > MOST_VARYING:
        raise _wrong(f"Pattern {value!r} repeats too much")
    return pattern


def found_in(pattern: re.Pattern[str], value: Any) -> bool:
    """Whether the pattern is found in a text, or in one of a list of texts."""
    if isinstance(value, list):
        return any(found_in(pattern, item) for item in value)
    return isinstance(value, (str, int)) and bool(pattern.search(str(value)[:SEARCHED]))


def _varying(tree: Iterable[Any], *, inside: bool) -> list[int]:
    """How often at most each part may come whose number varies; ENDLESS for a choice repeated."""
    found: list[int] = []
    for kind, value in tree:
        repeats = kind in REPEATS
        varies = kind is constants.BRANCH or (repeats and value[0] != value[1])
        if varies and inside:
            return [ENDLESS]
        if varies and repeats:
            found.append(int(value[1]))
        deeper = inside or (repeats and value[1] > 1)
        for part in _parts(value):
            found += _varying(part, inside=deeper)
    return found


def _parts(value: Any) -> Iterable[Any]:
    """The patterns within a node of the tree."""
    if isinstance(value, parser.SubPattern):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _parts(item)


def _wrong(text: str) -> errors.OpPrereqError:
    return errors.OpPrereqError(text, errors.ECODE_INVAL)
