"""Names of dispatchers, and which of them are dead for certain."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from functools import cache
from pathlib import Path


def _started(pid: int) -> str | None:
    """When a process began, in the kernel's ticks: process ids are used again."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in brackets may contain anything.
    state, *fields = text.rpartition(")")[2].split()
    # Of the dead there may be left what their parent has not asked for.
    return None if state in "ZX" else fields[18]


@cache
def _here() -> str:
    """Machines may have one name, and a process sees only those of its own namespace."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    namespace = Path("/proc/self/ns/pid").stat().st_ino
    return f"{socket.gethostname()[:20]}/{boot}/{namespace}"


def own_name() -> str:
    """host/boot/namespace:pid:start, which no other process ever has."""
    return f"{_here()}:{os.getpid()}:{_started(os.getpid())}"


def dead_among(names: Iterable[str]) -> list[str]:
    """Those of here whose process is no more; of others nothing is known."""
    dead = []
    for name in names:
        here, pid, started = [*name.rsplit(":", 2), "", ""][:3]
        if here == _here() and pid.isdigit() and _started(int(pid)) != started:
            dead.append(name)
    return dead
