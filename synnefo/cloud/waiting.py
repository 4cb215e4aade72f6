"""Waits for a condition with a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from synnefo.cloud.errors import CloudError

_NEVER = threading.Event()


def until(
    condition: Callable[[], bool], *, timeout: float, what: str, interval: float = 0.1
) -> None:
    """Return as soon as the condition holds; raise CloudError when it does not in time."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise CloudError(f"waited {timeout:.0f} s in vain for {what}")
        pause(interval)


def pause(seconds: float) -> None:
    """Let time pass between two looks."""
    _NEVER.wait(seconds)
