"""Prints each step of a command with the time it took."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Step:
    """The step under way; `note` says what it found out."""

    def __init__(self) -> None:
        self.note = ""


class Steps:
    """One line per step, printed when it ends, so that a pipe reads the same as a terminal."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._live = sys.stdout.isatty()

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Time what happens inside; a failure prints nothing here, its error does."""
        step, begun = Step(), time.monotonic()
        if self._live:
            print(f"        … {name}", end="", flush=True)
        try:
            yield step
        except BaseException:
            if self._live:
                print()
            raise
        note = f" ({step.note})" if step.note else ""
        start = "\r\033[K" if self._live else ""
        print(f"{start}{time.monotonic() - begun:6.1f} s  {name}{note}", flush=True)

    def total(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._begun
