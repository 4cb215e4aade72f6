"""Tells the bus every few seconds that this daemon lives and has told all there is.

Who beats is the loop that tells of jobs, between two looks: a daemon that hangs falls silent. A
sign of life is never spooled, since one that waited says nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from eventd.outlet import Outlet
from synnefo.core.messages import Heartbeat

EVERY = 10.0


class Heart:
    """Called by the loop whenever it has told all; beats when it is time."""

    def __init__(
        self,
        outlet: Outlet,
        cluster: Callable[[], str],
        every: float = EVERY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._outlet = outlet
        self._cluster = cluster
        self._every = every
        self._clock = clock
        self._next = 0.0

    def __call__(self) -> None:
        """Beat if it is time. One that found the bus away is tried again with the next look."""
        now = self._clock()
        # A clock that was set back must not silence it for as long.
        if self._next - self._every <= now < self._next:
            return
        seconds, rest = divmod(now, 1)
        sign = Heartbeat(event_time=(int(seconds), int(rest * 1e6)), cluster=self._cluster())
        if self._outlet.tell_now(sign):
            self._next = now + self._every
