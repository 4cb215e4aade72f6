"""The watcher's files in the cluster's data folder: until when it pauses, and what it remembers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ganeti_backend.durable import SECRET_MODE, replace

PAUSE = "watcher.pause"
STATE = "watcher.data"


def paused_until(folder: Path, clock: Callable[[], float] = time.time) -> float | None:
    """The end of the pause in seconds since 1970, or None if there is none, or no longer."""
    try:
        until = float((folder / PAUSE).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return until if until > clock() else None


def set_pause(folder: Path, until: float | None) -> None:
    """Let the watcher rest until then; None lets it go on."""
    if until is None:
        (folder / PAUSE).unlink(missing_ok=True)
    else:
        replace(folder / PAUSE, f"{until}\n".encode(), SECRET_MODE)


def load(folder: Path) -> dict[str, Any]:
    """What it remembered; nothing if the file is gone or damaged, which only resets its counts."""
    try:
        found = json.loads((folder / STATE).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def save(folder: Path, state: dict[str, Any]) -> None:
    replace(folder / STATE, json.dumps(state, indent=1).encode() + b"\n", SECRET_MODE)
