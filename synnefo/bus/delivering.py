"""Handing messages to their handler: attempts, pauses between them, and what becomes of them.

Failing messages are tried again in place, which keeps the order of a queue; only a message that
fails for itself reaches the dead letters, one that says Postpone waits as long as it takes. Where
many wait they are handed over together; if that fails, each goes its own way.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from synnefo.bus.topology import REDELIVERIES
from synnefo.ports import Delivery, Postpone, Reject

log = logging.getLogger(__name__)

PAUSES = (0.05, 0.5, 2.0)
# So many are handed over together at most.
MOST_TOGETHER = 200


class Fate(Enum):
    """What becomes of a message after its handler was called."""

    DONE = auto()
    DEAD = auto()
    GIVEN_BACK = auto()


@dataclass(frozen=True, slots=True)
class Hands:
    """Who takes messages in, until `stop`. `pause` waits and tells whether to stop."""

    handler: Callable[[Delivery], None]
    together: Callable[[Sequence[Delivery]], None] | None
    stop: threading.Event
    pauses: tuple[float, ...] = PAUSES
    pause: Callable[[float], bool] | None = None

    @property
    def most(self) -> int:
        """How many messages to gather for one call."""
        return MOST_TOGETHER if self.together else 1

    def take_together(self, deliveries: Sequence[Delivery]) -> bool:
        """Whether all of them are handled by one call; else each is to be taken by itself."""
        if self.together is None or len(deliveries) < 2:
            return False
        try:
            self.together(deliveries)
        except (Reject, Postpone) as error:
            log.info("%d messages go one by one: %s", len(deliveries), error)
            return False
        except Exception:  # The message that it is about will show it again, alone.
            log.warning("%d messages go one by one", len(deliveries), exc_info=True)
            return False
        return True

    def take(self, delivery: Delivery) -> tuple[Fate, str]:
        """Call the handler until something is decided; the text is the reason of a dead letter."""
        failures = 0
        while True:
            try:
                self.handler(delivery)
            except Reject as reject:
                return Fate.DEAD, reject.reason
            except Postpone as postponed:
                log.info("postponed %s: %s", delivery.routing_key, postponed)
                seconds = self.pauses[-1]
            except Exception as error:  # It may fail in any way; the letter keeps it.
                failures += 1
                log.warning("failure %d on %s", failures, delivery.queue, exc_info=True)
                if failures > REDELIVERIES:
                    return Fate.DEAD, f"{type(error).__name__}: {error}"
                seconds = self.pauses[min(failures, len(self.pauses)) - 1]
                delivery = replace(delivery, attempt=delivery.attempt + 1)
            else:
                return Fate.DONE, ""
            if (self.pause or self.stop.wait)(seconds):
                return Fate.GIVEN_BACK, ""
