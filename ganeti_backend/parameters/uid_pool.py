"""The cluster's pool of user ids, as ranges of [first, last]; kept for clients, used by nobody.

Ganeti runs each KVM guest as a user of its own from it; here libvirt chooses the user.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ganeti_backend import errors

LARGEST = 2**32 - 1
Ranges = list[list[int]]


def checked(ranges: Iterable[Sequence[int]]) -> Ranges:
    """The ranges in order, or OpPrereqError."""
    found = sorted({(int(first), int(last)) for first, last in ranges})
    for first, last in found:
        if first > last:
            text = f"Lower user-id range boundary value ({first}) is larger than higher boundary"
            raise _wrong(f"{text} value ({last})")
        if first < 0 or last > LARGEST:
            raise _wrong(f"User-id range {first}-{last} is not within 0-{LARGEST}")
    return [list(part) for part in found]


def less(pool: Ranges, ranges: Iterable[Sequence[int]]) -> Ranges:
    """The pool without these, each of which must be one of its ranges."""
    left = [list(part) for part in pool]
    for part in checked(ranges):
        if part not in left:
            text = "User-id range to be removed is not found in the current user-id pool"
            raise _wrong(f"{text}: {part}")
        left.remove(part)
    return left


def _wrong(text: str) -> errors.OpPrereqError:
    return errors.OpPrereqError(text, errors.ECODE_INVAL)
