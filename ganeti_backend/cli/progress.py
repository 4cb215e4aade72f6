"""The log of a running job on a screen: the percent of a copy stay on one line there."""

import time
from collections.abc import Sequence
from typing import Any, TextIO

COPYING = "image-copy-progress "
# To the start of the line, and clear it.
AGAIN = "\r\x1b[K"
WIDTH = 24


class Screen:
    """Prints log entries as they come; where nobody looks, each on a line of its own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._open = False

    def show(self, entry: Sequence[Any]) -> None:
        """Print one entry."""
        percent = _percent(entry) if self._live else None
        if percent is None:
            self.end()
            self._write(log_line(entry) + "\n")
            return
        filled = percent * WIDTH // 100
        bar = "#" * filled + "." * (WIDTH - filled)
        self._write(f"{AGAIN}{log_line(entry)} [{bar}]")
        self._open = True
        if percent >= 100:
            self.end()

    def end(self) -> None:
        """Leave the line that was written again and again."""
        if self._open:
            self._write("\n")
            self._open = False

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def log_line(entry: Sequence[Any]) -> str:
    """A log entry of a job with its time."""
    _serial, stamp, _kind, message = entry
    text = message if isinstance(message, str) else " ".join(map(str, message))
    if text.startswith(COPYING):
        instance, _, percent = text.removeprefix(COPYING).rpartition(" ")
        text = f"* copying the image of {instance}: {percent}%"
    return f"{time.ctime(stamp[0])} {text}"


def _percent(entry: Sequence[Any]) -> int | None:
    """How far a copy is, if the entry says so."""
    message = entry[3]
    if not isinstance(message, str) or not message.startswith(COPYING):
        return None
    number = message.rpartition(" ")[2]
    return min(int(number), 100) if number.isdigit() else None
