"""How often somebody failed lately: for locking out who guesses passwords.

It is kept in memory and bounded: whoever fails under many names pushes out the oldest ones only.
"""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta


class Attempts:
    """Failures by key. After `most` of them within `span` the key is locked until `span` is over;
    a `most` of 0 locks nobody out."""

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._failures: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, key: str, now: datetime, most: int, span: timedelta) -> timedelta | None:
        """How long the key stays locked, or None."""
        with self._lock:
            count, last = self._failures.get(key, (0, now))
        left = last + span - now
        return left if 0 < most <= count and left > timedelta() else None

    def failed(self, key: str, now: datetime, span: timedelta) -> None:
        """One more failure; those before a pause of `span` are forgotten."""
        with self._lock:
            count, last = self._failures.pop(key, (0, now))
            self._failures[key] = (count + 1 if last + span > now else 1, now)
            while len(self._failures) > self._size:
                self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """The key proved to be in the right hands."""
        with self._lock:
            self._failures.pop(key, None)
