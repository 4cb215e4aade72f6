"""What servers used in a period: from launch to deletion, cut to the period, in hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Use:
    """One server's times and size; memory in MiB, disk in GiB."""

    launched_at: datetime
    ended_at: datetime | None
    vcpus: int
    memory: int
    disk: int

    def hours(self, start: datetime, stop: datetime) -> float:
        """How long it existed between start and stop."""
        begun = max(self.launched_at, start)
        ended = stop if self.ended_at is None else min(self.ended_at, stop)
        return max((ended - begun).total_seconds(), 0.0) / 3600

    def uptime(self, now: datetime) -> int:
        """For how many seconds it has existed, or did."""
        ended = now if self.ended_at is None else self.ended_at
        return max(int((ended - self.launched_at).total_seconds()), 0)


@dataclass(slots=True)
class Total:
    """The sums of a project."""

    hours: float = 0.0
    vcpus: float = 0.0
    memory: float = 0.0
    disk: float = 0.0

    def add(self, use: Use, start: datetime, stop: datetime) -> float:
        """Count one server in; answers its hours."""
        hours = use.hours(start, stop)
        self.hours += hours
        self.vcpus += use.vcpus * hours
        self.memory += use.memory * hours
        self.disk += use.disk * hours
        return hours
