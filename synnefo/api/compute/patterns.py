"""Filters that are regular expressions, made harmless.

Most are plain words, which become a comparison that the database does well. The others are
restricted to what every database reads alike and none needs long for: no groups that repeat, few
open repetitions.
Capitals make no difference, as with Nova's usual database, whatever ours is.
"""

import re
from typing import Any

from synnefo.core.faults import BadRequest

LONGEST = 255
PLAIN = re.compile(r"(?P<start>\^?)(?P<word>(?:[^\\.^$*+?{}\[\]()|]|\\[^\w\s])*)(?P<end>\$?)")
# What a pattern may be made of; none of it can be repeated twice, and groups not at all.
PART = re.compile(
    r"""(?:\\[^\w\s]                                   # a sign that stands for itself
        |\[\^?-?(?:[^][\\^-](?:-[^][\\^-])?)+-?\]      # one of some characters
        |[^][\\^$*+?{}()|])                            # a character
        (?P<count>[*+?]|\{\d{1,3}(?:,\d{0,3})?\})?
       |(?P<open>\()|(?P<close>\))|[|^$]""",
    re.VERBOSE,
)
MOST_COPIES = 255  # PostgreSQL's limit
MOST_OPEN_ENDED = 2
LOOKUPS = {
    (True, True): "iexact",
    (True, False): "istartswith",
    (False, True): "iendswith",
    (False, False): "icontains",
}


def lookup(field: str, pattern: str, parameter: str) -> dict[str, Any]:
    """The condition for `filter()`; BadRequest where the pattern is none or asks too much."""
    if len(pattern) > LONGEST:
        raise BadRequest(f"{parameter} has more than {LONGEST} characters.", field=parameter)
    if plain := PLAIN.fullmatch(pattern):
        word = re.sub(r"\\(.)", r"\1", plain["word"])
        return {f"{field}__{LOOKUPS[bool(plain['start']), bool(plain['end'])]}": word}
    if not _is_simple(pattern):
        raise BadRequest(f"{parameter} is too involved a pattern, or none.", field=parameter)
    try:
        re.compile(pattern)
    except re.error as error:
        raise BadRequest(f"{parameter} is no pattern: {error}.", field=parameter) from error
    return {f"{field}__iregex": pattern}


def _is_simple(pattern: str) -> bool:
    """Whether it has the allowed parts only, with groups that close and counts in their bounds."""
    position = depth = open_ended = 0
    while position < len(pattern):
        part = PART.match(pattern, position)
        if part is None:
            return False
        position = part.end()
        depth += bool(part["open"]) - bool(part["close"])
        count = part["count"] or ""
        open_ended += count in {"*", "+"} or count.endswith(",}")
        if depth < 0 or any(int(copies) > MOST_COPIES for copies in re.findall(r"\d+", count)):
            return False
    return depth == 0 and open_ended <= MOST_OPEN_ENDED
