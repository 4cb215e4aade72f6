"""The port Bus within one process: for tests, held to the same contract as the real ones."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from synnefo.bus.delivering import PAUSES, Fate, Hands
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
        self,
        queues: Sequence[str],
        handler: Callable[[Delivery], None],
        stop: threading.Event,
        together: Callable[[Sequence[Delivery]], None] | None = None,
    ) -> None:
        """Deliver until stopped."""
        hands = Hands(handler, together, stop, self._pauses)
        while not stop.is_set():
            with self._changed:
                taken = self._take(queues, hands.most)
                if not taken:
                    self._changed.wait(1.0)
                    continue
            if not hands.take_together(taken):
                self._one_by_one(taken, hands)

    def _one_by_one(self, taken: list[Delivery], hands: Hands) -> None:
        for place, delivery in enumerate(taken):
            fate, reason = hands.take(delivery)
            with self._changed:
                if fate is Fate.DEAD:
                    self._bury(delivery, reason)
                elif fate is Fate.GIVEN_BACK:
                    for one in reversed(taken[place:]):
                        self._queues[one.queue].appendleft(one)
                    return

    def wake(self) -> None:
        """Let consumers look at their stop event."""
        with self._changed:
            self._changed.notify_all()

    def dead_letters(self) -> list[DeadLetter]:
        """Oldest first."""
        return list(self._dead.values())

    def requeue(self, *letter_ids: str) -> None:
        """Back to their queues."""
        with self._changed:
            for letter in self._taken(letter_ids):
                self._queues[letter.queue].append(
                    Delivery(letter.queue, letter.routing_key, letter.body)
                )
            self._changed.notify_all()

    def drop(self, *letter_ids: str) -> None:
        """Forget them."""
        for _ in self._taken(letter_ids):
            continue

    def _taken(self, letter_ids: Sequence[str]) -> Iterator[DeadLetter]:
        missing = [one for one in letter_ids if one not in self._dead]
        yield from [self._dead.pop(one) for one in letter_ids if one in self._dead]
        if missing:
            raise KeyError(", ".join(missing))

    def backlog(self) -> dict[str, int]:
        """Messages waiting per queue."""
        with self._changed:
            return {name: len(queue) for name, queue in self._queues.items()}

    def dead_backlog(self) -> dict[str, int]:
        """Dead letters per queue."""
        queues = [letter.queue for letter in list(self._dead.values())]
        return {name: queues.count(name) for name in self._queues}

    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not any(self.backlog().values())

    def close(self) -> None:
        """Nothing to give back."""

    def _take(self, queues: Sequence[str], most: int) -> list[Delivery]:
        taken: list[Delivery] = []
        for name in queues:
            while self._queues[name] and len(taken) < most:
                taken.append(self._queues[name].popleft())
        return taken

    def _bury(self, delivery: Delivery, reason: str) -> None:
        letter_id = f"{delivery.queue}/{next(self._numbers)}"
        self._dead[letter_id] = DeadLetter(
            letter_id, delivery.queue, delivery.routing_key, delivery.body, reason
        )
