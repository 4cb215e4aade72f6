"""Filters that are regular expressions, made harmless.

Most are plain words, which become a comparison that the database does well. The others are
restricted to a form that no engine needs long for: no groups that repeat, few open repetitions.
Capitals make no difference, as with Nova's usual database, whatever ours is.
"""

import re
from typing import Any

from synnefo.core.faults import BadRequest

LONGEST = 255
PLAIN = re.compile(r"(?P<start>\^?)(?P<word>(?:[^\\.^$*+?{}\[\]()|]|\\[^\w\s])*)(?P<end>\$?)")
UNSAFE = re.compile(r"\)[*+?{]|\(\?|\\[0-9A-Za-z]|\[\[")
OPEN_ENDED = re.compile(r"(?<!\\)[*+]|\{\d*,\d*\}")
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
    if UNSAFE.search(pattern) or len(OPEN_ENDED.findall(pattern)) > 2:
        raise BadRequest(f"{parameter} is too involved a pattern.", field=parameter)
    try:
        re.compile(pattern)
    except re.error as error:
        raise BadRequest(f"{parameter} is no pattern: {error}.", field=parameter) from error
    return {f"{field}__iregex": pattern}
