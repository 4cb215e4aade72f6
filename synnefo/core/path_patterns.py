"""Paths with wildcards: `/v2.1/servers/{id}`, where `*` and `{anything}` stand for one segment, or
a part of one, and `**` for anything.

Users write the patterns, so matching takes time that grows with both lengths and no faster: a
regular expression with some wildcards in a row could keep a whole process busy for hours.
"""

import re

_PIECES = re.compile(r"\*\*|\*|\{[^/{}]+\}")


def matches(pattern: str, path: str) -> bool:
    """Whether the whole path is like the pattern."""
    # The places of the path up to which the pattern so far can reach.
    fixed, wild = _PIECES.split(pattern), _PIECES.findall(pattern)
    reached = {len(fixed[0])} if path.startswith(fixed[0]) else set()
    for piece, text in zip(wild, fixed[1:], strict=True):
        reached = {
            place + len(text)
            for place in _beyond(piece, path, reached)
            if path.startswith(text, place)
        }
    return len(path) in reached


def _beyond(piece: str, path: str, reached: set[int]) -> set[int]:
    """Where a wildcard can end that begins at one of these places."""
    if piece == "**":
        return set(range(min(reached), len(path) + 1)) if reached else set()
    ends: set[int] = set()
    for place in sorted(reached):
        if place + 1 in ends:
            continue  # An earlier one goes through here in the same segment.
        slash = path.find("/", place)
        ends.update(range(place + 1, (slash if slash >= 0 else len(path)) + 1))
    return ends
