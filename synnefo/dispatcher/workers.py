"""Names of dispatchers, and which of them are dead for certain."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from pathlib import Path


def _started(pid: int) -> str | None:
    """When a process began, in the kernel's ticks: process ids are used again."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in brackets may contain anything.
    return text.rpartition(")")[2].split()[19]


def own_name() -> str:
    """host:pid:start, which no other process ever has."""
    return f"{socket.gethostname()[:32]}:{os.getpid()}:{_started(os.getpid())}"


def dead_among(names: Iterable[str]) -> list[str]:
    """Those of this host whose process is no more; of others nothing is known."""
    dead = []
    for name in names:
        host, pid, started = [*name.rsplit(":", 2), "", ""][:3]
        if host == socket.gethostname()[:32] and pid.isdigit() and _started(int(pid)) != started:
            dead.append(name)
    return dead
