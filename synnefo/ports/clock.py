"""The port Clock."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time, so that tests can hold it still."""

    def now(self) -> datetime:
        """The time of day in UTC, with its zone."""

    def monotonic(self) -> float:
        """Seconds for measuring durations."""
