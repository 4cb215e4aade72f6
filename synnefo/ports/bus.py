"""The port Bus: messages in durable queues, and what becomes of those that cannot be handled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to a handler; `attempt` counts from 1."""

    queue: str
    routing_key: str
    body: bytes
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that could not be handled, kept with its reason until somebody decides.

    `since` is when it was given up, in seconds since 1970, where that is known.
    """

    id: str
    queue: str
    routing_key: str
    body: bytes
    reason: str
    since: float | None = None


class BusUnavailable(Exception):  # noqa: N818  # The name says what happened.
    """The bus cannot be reached or written to: rely on nothing of the call, repeat it."""


class Reject(Exception):  # noqa: N818  # The name says what happened.
    """Raised by a handler: the message can never be handled; dead-letter it with this reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Postpone(Exception):  # noqa: N818  # The name says what to do.
    """Raised by a handler: not now (a database is away); ask again shortly and count no attempt."""


class Bus(Protocol):
    """Durable queues bound to routing keys, as `bus/topology.py` lays them out.

    At least once; in order per queue while one consumer works and nothing is redelivered.
    """

    def publish(self, routing_key: str, messages: Sequence[bytes]) -> None:
        """Durable in order when it returns; BusUnavailable else. A key that no queue is bound to is
        dropped.
        """

    def consume(
        self,
        queues: Sequence[str],
        handler: Callable[[Delivery], None],
        stop: threading.Event,
        together: Callable[[Sequence[Delivery]], None] | None = None,
    ) -> None:
        """Hand each message to `handler`, in this thread, until `stop` is set; reconnects by
        itself.

        A return acknowledges, Reject makes a dead letter, any other exception a redelivery, and a
        dead letter after the third. `together`, if given, is handed all that wait: its return
        acknowledges them all, and if it raises, each goes to `handler`. `wake` ends the waiting
        after `stop` was set.
        """

    def wake(self) -> None:
        """Make the consumers of this object look at their `stop` now."""

    def dead_letters(self) -> list[DeadLetter]:
        """What could not be handled, oldest first."""

    def requeue(self, *letter_ids: str) -> None:
        """Give dead letters to their queues again; KeyError names those that there are not, when
        all others are done.
        """

    def drop(self, *letter_ids: str) -> None:
        """Forget dead letters; KeyError as for `requeue`."""

    def backlog(self) -> dict[str, int]:
        """How many messages wait in each queue."""

    def dead_backlog(self) -> dict[str, int]:
        """How many dead letters there are of each queue, without reading them."""

    def close(self) -> None:
        """Give connections back."""
