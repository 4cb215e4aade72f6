"""What the signs of life of a backend's event daemon mean.

A sign goes the way of the events: told by the daemon when it has nothing left to tell, behind them
in their queue, noted by the dispatcher in the database. So one that arrives proves the whole way,
and that what happened before it is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

EVERY = 10.0
# Three in a row are missing.
SILENT_AFTER = 35.0
# The clocks of two machines differ by less.
BEHIND_AFTER = 30.0


class Pulse(StrEnum):
    """How it is with one backend's events."""

    HEARD = "heard"
    BEHIND = "behind"  # They arrive, late.
    SILENT = "silent"
    NEVER = "never heard"


@dataclass(frozen=True, slots=True)
class Life:
    """Seconds since the last sign was noted, and how long it was under way; None before any."""

    age: float | None
    lag: float | None

    @property
    def pulse(self) -> Pulse:
        """What that means."""
        if self.age is None or self.lag is None:
            return Pulse.NEVER
        if self.age > SILENT_AFTER:
            return Pulse.SILENT
        return Pulse.BEHIND if self.lag > BEHIND_AFTER else Pulse.HEARD


def life(sent: datetime | None, heard: datetime | None, now: datetime) -> Life:
    """Of the newest sign: when its daemon sent it, when it was noted here."""
    if sent is None or heard is None:
        return Life(None, None)
    # Clocks may be apart, so that it seems to arrive before it was sent.
    return Life(max(0.0, (now - heard).total_seconds()), max(0.0, (heard - sent).total_seconds()))
