"""The port Bus within one process: for tests, held to the same contract as the real ones."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Sequence

from synnefo.bus.delivering import PAUSES, Fate, deliver
from synnefo.bus.topology import Topology
from synnefo.ports import BusUnavailable, DeadLetter, Delivery


class MemoryBus:
    """Queues in memory. `away = True` makes it unreachable for publishers."""

    def __init__(self, topology: Topology, pauses: tuple[float, ...] = PAUSES) -> None:
        self.away = False
        self._topology = topology
        self._pauses = pauses
        self._changed = threading.Condition()
        self._queues: dict[str, deque[Delivery]] = {name: deque() for name in topology.queues}
        self._dead: dict[str, DeadLetter] = {}
        self._numbers = itertools.count(1)

    def publish(self, routing_key: str, messages: Sequence[bytes]) -> None:
        """Append to each queue that the key leads to."""
        if self.away:
            raise BusUnavailable("the bus in memory was told to be away")
        with self._changed:
            for queue in self._topology.queues_for(routing_key):
                self._queues[queue].extend(Delivery(queue, routing_key, m) for m in messages)
            self._changed.notify_all()

    def consume(
        self, queues: Sequence[str], handler: Callable[[Delivery], None], stop: threading.Event
    ) -> None:
        """Deliver until stopped."""
        while not stop.is_set():
            with self._changed:
                delivery = self._take(queues)
                if delivery is None:
                    self._changed.wait(1.0)
                    continue
            fate, reason = deliver(handler, delivery, stop, self._pauses)
            with self._changed:
                if fate is Fate.DEAD:
                    self._bury(delivery, reason)
                elif fate is Fate.GIVEN_BACK:
                    self._queues[delivery.queue].appendleft(delivery)

    def wake(self) -> None:
        """Let consumers look at their stop event."""
        with self._changed:
            self._changed.notify_all()

    def dead_letters(self) -> list[DeadLetter]:
        """Oldest first."""
        return list(self._dead.values())

    def requeue(self, letter_id: str) -> None:
        """Back to its queue."""
        with self._changed:
            letter = self._dead.pop(letter_id)
            self._queues[letter.queue].append(
                Delivery(letter.queue, letter.routing_key, letter.body)
            )
            self._changed.notify_all()

    def drop(self, letter_id: str) -> None:
        """Forget it."""
        del self._dead[letter_id]

    def backlog(self) -> dict[str, int]:
        """Messages waiting per queue."""
        with self._changed:
            return {name: len(queue) for name, queue in self._queues.items()}

    def close(self) -> None:
        """Nothing to give back."""

    def _take(self, queues: Sequence[str]) -> Delivery | None:
        for name in queues:
            if self._queues[name]:
                return self._queues[name].popleft()
        return None

    def _bury(self, delivery: Delivery, reason: str) -> None:
        letter_id = f"{delivery.queue}/{next(self._numbers)}"
        self._dead[letter_id] = DeadLetter(
            letter_id, delivery.queue, delivery.routing_key, delivery.body, reason
        )
