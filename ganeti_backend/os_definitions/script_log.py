"""The log file of one script: bounded, without secrets, and with its last lines at hand."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable
from pathlib import Path

LARGEST_LOG = 16 << 20
LONGEST_LINE = 8192
SHOWN_LINES = 20
SHOWN_BYTES = 4000
HIDDEN = b"<redacted>"
CUT = b"... the log is full, the rest is left out ...\n"


class ScriptLog:
    """Takes what a script writes. Secrets are known values, hidden wherever a line holds them."""

    def __init__(self, path: Path, secrets: Iterable[str] = ()) -> None:
        self.path = path
        # The longest first: one secret may be a part of another.
        values = sorted({secret.encode() for secret in secrets if secret}, key=len, reverse=True)
        self._secrets = [line for value in values for line in value.split(b"\n") if line]
        self._pending = b""
        self._written = 0
        self._last: deque[bytes] = deque(maxlen=SHOWN_LINES)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
        self._file = os.fdopen(descriptor, "wb", buffering=0)

    def __call__(self, part: bytes) -> None:
        """Take a part; whole lines are written at once."""
        *lines, self._pending = (self._pending + part).split(b"\n")
        for line in lines:
            self._line(line)
        if len(self._pending) > LONGEST_LINE:
            self._line(self._pending)
            self._pending = b""

    def close(self) -> None:
        """Write what is left."""
        if self._pending:
            self._line(self._pending)
            self._pending = b""
        self._file.close()

    @property
    def tail(self) -> str:
        """The last lines."""
        lines = [*self._last, *([self._hide(self._pending)] if self._pending else [])]
        return b"\n".join(lines[-SHOWN_LINES:]).decode(errors="replace")[-SHOWN_BYTES:]

    def _line(self, line: bytes) -> None:
        shown = self._hide(line)
        self._last.append(shown)
        if self._written > LARGEST_LOG:
            return
        self._written += self._file.write(shown + b"\n")
        if self._written > LARGEST_LOG:
            self._file.write(CUT)

    def _hide(self, line: bytes) -> bytes:
        for secret in self._secrets:
            line = line.replace(secret, HIDDEN)
        return line


def prune(folder: Path, keep: int) -> None:
    """Remove the oldest logs; others may be at it at the same time."""
    logs = sorted((age, path) for path in folder.glob("*.log") if (age := _age(path)) is not None)
    for _, path in logs[:-keep]:
        path.unlink(missing_ok=True)


def _age(path: Path) -> int | None:
    """When it was last written to; None if it is gone by now."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
