"""Handing one message to its handler: attempts, pauses between them, and what becomes of it.

Failing messages are tried again in place, which keeps the order of a queue; only a message that
fails for itself reaches the dead letters, one that says Postpone waits as long as it takes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto

from synnefo.bus.topology import REDELIVERIES
from synnefo.ports import Delivery, Postpone, Reject

log = logging.getLogger(__name__)

Handler = Callable[[Delivery], None]
PAUSES = (0.05, 0.5, 2.0)


class Fate(Enum):
    """What becomes of a message after its handler was called."""

    DONE = auto()
    DEAD = auto()
    GIVEN_BACK = auto()


def deliver(
    handler: Handler,
    delivery: Delivery,
    stop: threading.Event,
    pauses: tuple[float, ...] = PAUSES,
) -> tuple[Fate, str]:
    """Call the handler until something is decided; the text is the reason of a dead letter."""
    while True:
        try:
            handler(delivery)
        except Reject as reject:
            return Fate.DEAD, reject.reason
        except Postpone as postponed:
            log.info("postponed %s: %s", delivery.routing_key, postponed)
            pause = pauses[-1]
        except Exception as error:  # It may fail in any way; the letter keeps it.
            log.warning("attempt %d on %s failed", delivery.attempt, delivery.queue, exc_info=True)
            if delivery.attempt > REDELIVERIES:
                return Fate.DEAD, f"{type(error).__name__}: {error}"
            pause = pauses[min(delivery.attempt, len(pauses)) - 1]
            delivery = replace(delivery, attempt=delivery.attempt + 1)
        else:
            return Fate.DONE, ""
        if stop.wait(pause):
            return Fate.GIVEN_BACK, ""
