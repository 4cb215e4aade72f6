"""What guests say on their serial consoles: the end of it for users, and a limit to all of it."""

import logging
import os
import threading
from pathlib import Path

log = logging.getLogger(__name__)

LONGEST_ANSWER = 1 << 20
LIMIT = 16 << 20
LOOK_EVERY = 60.0


def tail(path: Path, lines: int | None) -> str:
    """The last lines, or all that an answer may hold; nothing if the guest never spoke."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(size - LONGEST_ANSWER, 0))
            text = file.read(LONGEST_ANSWER).decode(errors="replace")
    except FileNotFoundError:
        return ""
    if lines is None or lines < 0:
        return text
    kept = text.splitlines(keepends=True)
    return "".join(kept[len(kept) - min(lines, len(kept)) :])


def keep_short(folder: Path, stop: threading.Event) -> None:
    """Empty files that a chatty guest has made too long, until told to stop.

    The emulators append, so a file may be cut under them.
    """
    while not stop.wait(LOOK_EVERY):
        trim(folder)


def trim(folder: Path, limit: int = LIMIT) -> None:
    """Look once."""
    for path in folder.glob("*.log"):
        try:
            if path.stat().st_size > limit:
                log.warning("emptied %s, it had grown over %d MiB", path, limit >> 20)
                os.truncate(path, 0)
        except FileNotFoundError:
            log.debug("%s went away meanwhile", path)
