"""Copies of the queue and the configuration on the master candidates, so that none is ever alone.

Whoever writes *offers* the rows it has written and gets a position; whoever is about to acknowledge
a job *waits* for that position. Each candidate has a sender that takes all rows gathered meanwhile
along in one call. A candidate that does not answer is noted, skipped with a warning, and given
everything anew when it is back. The other end is `replica.py`.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from enum import Enum

from ganeti_backend import errors
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.calls import Nodes
from ganeti_backend.state_rows import Row, Rows

log = logging.getLogger(__name__)

BASE_BEGIN, BASE, BASE_END, CHANGES = "base-begin", "base", "base-end", "changes"
CHUNK = 500_000  # Characters of content in one call, well below what a node accepts.
SEND_SECONDS = 5.0
FIRST_REST, LONGEST_REST = 1.0, 30.0
CROWD = 3  # After so many waited for one round, the next round gathers a while.
GATHER = 0.04
UNHURRIED = 0.05  # What nobody waits for may gather so long.


class State(Enum):
    JOINING = "joining"
    LIVE = "live"
    AWAY = "away"


class Round:
    """Rows that travel together; `done` is set when they arrived or nobody waits for them."""

    def __init__(self, first: int) -> None:
        self.rows: list[Row] = []
        self.last = first
        self.waiters = 0
        self.done = threading.Event()


class Candidate:
    """One candidate and the thread that keeps its copy up to date."""

    def __init__(self, name: str, owner: Replicator) -> None:
        self.name = name
        self.state = State.JOINING
        self.settled = threading.Event()  # Live or away for the first time.
        self._owner = owner
        self._mutex = threading.Lock()
        self._wake = threading.Event()  # There is something to send.
        self._awaited = threading.Event()  # And somebody waits for it.
        self._stopped = threading.Event()
        self._open = Round(0)
        self._sending: Round | None = None
        self._acked = 0
        self._rest = FIRST_REST
        self._crowded = False
        self.thread = threading.Thread(target=self._serve, name=f"replica-{name}", daemon=True)

    # What others do.

    def offer(self, position: int, rows: Sequence[Row]) -> None:
        with self._mutex:
            if self.state is State.AWAY:
                return
            self._open.rows.extend(rows)
            self._open.last = position
        self._wake.set()

    def awaited(self, position: int) -> threading.Event | None:
        """What is set when the position has arrived, which is now urgent; None if it has."""
        with self._mutex:
            if self.state is not State.LIVE or position <= self._acked:
                return None
            sending = self._sending
            found = sending if sending is not None and position <= sending.last else self._open
            found.waiters += 1
        self._awaited.set()
        return found.done

    def begin_base(self, position: int) -> None:
        """With the writers standing still: what is offered from now on comes after the base."""
        with self._mutex:
            self.state = State.JOINING
            self._open = Round(position)
            self._acked = position

    def stop(self) -> None:
        self._stopped.set()
        self._awaited.set()
        self._wake.set()

    # The sender.

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                if self.state is not State.LIVE:
                    self._join()
                self._wake.wait()
                self._awaited.wait(UNHURRIED)
                if self._crowded and not self._stopped.wait(GATHER):
                    self._crowded = False
                self._send_round()
            except errors.NodeError as error:
                self._lost(error)
            except Exception as error:  # A mistake here must not stop the jobs.
                log.exception("the copy on %s failed", self.name)
                self._lost(error)
        self._let_go()

    def _join(self) -> None:
        """Bring the whole state over, while what changes meanwhile gathers."""
        rows = self._owner.capture(self)
        after = self._acked
        self._call(BASE_BEGIN, after, after, [])
        for chunk in chunks(rows()):
            self._call(BASE, after, after, chunk)
        self._call(BASE_END, after, after, [])
        with self._mutex:
            self.state = State.LIVE
        self._rest = FIRST_REST
        self.settled.set()
        log.info("master candidate %s has a copy of queue and configuration", self.name)

    def _send_round(self) -> None:
        with self._mutex:
            self._wake.clear()
            self._awaited.clear()
            if not self._open.rows:
                self._open.done.set()
                self._acked = self._open.last
                self._open = Round(self._open.last)
                return
            sending = self._sending = self._open
            self._open = Round(sending.last)
        self._crowded = sending.waiters >= CROWD
        parts = list(chunks(newest(sending.rows)))
        for index, part in enumerate(parts):
            # Only the last part moves the position, so that a torn round is asked for again.
            position = sending.last if index == len(parts) - 1 else self._acked
            self._call(CHANGES, self._acked, position, part)
        with self._mutex:
            self._acked = sending.last
            self._sending = None
        sending.done.set()

    def _call(self, phase: str, after: int, position: int, rows: list[Row]) -> None:
        answer = self._owner.nodes.call(
            self.name,
            calls.REPLICA_UPDATE,
            timeout=SEND_SECONDS,
            phase=phase,
            generation=self._owner.generation(),
            epoch=self._owner.epoch,
            after=after,
            position=position,
            rows=rows,
        )
        if answer.get("behind"):
            raise errors.NodeCallError(self.name, calls.REPLICA_UPDATE.name, "its copy is behind")

    def _lost(self, error: Exception) -> None:
        if self.state is State.LIVE or not self.settled.is_set():
            log.warning(
                "master candidate %s is away, its copy of queue and configuration is behind: %s",
                self.name,
                error,
            )
        self._let_go()
        self.settled.set()
        self._stopped.wait(self._rest)
        self._rest = min(2 * self._rest, LONGEST_REST)

    def _let_go(self) -> None:
        with self._mutex:
            self.state = State.AWAY
            for waiting in (self._sending, self._open):
                if waiting is not None:
                    waiting.done.set()
            self._sending = None


class Replicator:
    """All candidates of a master. `capture` takes the whole state while nothing is written."""

    def __init__(
        self,
        nodes: Nodes,
        names: Callable[[], Sequence[str]],
        capture: Callable[[Callable[[], None]], Rows],
        generation: Callable[[], int],
    ) -> None:
        self.nodes = nodes
        self.epoch = uuid.uuid4().hex
        self.generation = generation
        self._names = names
        self._capture = capture
        self._mutex = threading.Lock()
        self._candidates: dict[str, Candidate] = {}
        self._position = 0
        self._running = False

    # Starting and ending.

    def start(self, patience: float) -> None:
        """Give every candidate its copy; those that do not answer soon are left for later."""
        self._running = True
        self.refresh()
        for candidate in list(self._candidates.values()):
            candidate.settled.wait(patience)

    def stop(self) -> None:
        """Send what is left and end."""
        self._running = False
        self.wait(self._position)
        with self._mutex:
            leaving, self._candidates = list(self._candidates.values()), {}
        for candidate in leaving:
            candidate.stop()
        for candidate in leaving:
            candidate.thread.join(SEND_SECONDS)

    def refresh(self) -> None:
        """Nodes became or ceased to be candidates."""
        if not self._running:
            return
        wanted = set(self._names())
        with self._mutex:
            leaving = [self._candidates.pop(n) for n in self._candidates.keys() - wanted]
            coming = [Candidate(name, self) for name in wanted - self._candidates.keys()]
            self._candidates.update({candidate.name: candidate for candidate in coming})
        for candidate in leaving:
            candidate.stop()
        for candidate in coming:
            candidate.thread.start()

    # What writers and acknowledgers do.

    def offer(self, rows: Sequence[Row]) -> int:
        with self._mutex:
            self._position += 1
            position = self._position
            for candidate in self._candidates.values():
                candidate.offer(position, rows)
        if any(row[1].startswith("node/") for row in rows):
            self.refresh()
        return position

    def wait(self, position: int) -> None:
        """Until every candidate that answers has it; they are hurried at the same time."""
        hurried = [candidate.awaited(position) for candidate in list(self._candidates.values())]
        for done in hurried:
            if done is not None:
                done.wait(2 * SEND_SECONDS)

    def states(self) -> dict[str, str]:
        """Each candidate and whether its copy is up to date."""
        return {name: found.state.value for name, found in sorted(self._candidates.items())}

    def capture(self, candidate: Candidate) -> Rows:
        def begin() -> None:
            with self._mutex:
                candidate.begin_base(self._position)

        return self._capture(begin)


def newest(rows: Sequence[Row]) -> list[Row]:
    """Of several contents for one name only the last travels, in its place."""
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        found.pop(row[:2], None)
        found[row[:2]] = row
    return list(found.values())


def chunks(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows in parts that one call can carry."""
    part: list[Row] = []
    size = 0
    for row in rows:
        weight = len(row[1]) + len(row[2] if isinstance(row[2], str) else "") + 64
        if part and size + weight > CHUNK:
            yield part
            part, size = [], 0
        part.append(row)
        size += weight
    if part:
        yield part
