"""The port Bus as files in a folder: durable, ordered, for processes of one machine.

    DIR/<queue>/new/<name>                 published, waiting
    DIR/<queue>/tmp/<name>                 being written
    DIR/<queue>/dead/<name>                dead letters with their reason
    DIR/claims/<consumer>/<queue>~<name>   being handled; beside it the lock of who lives
    DIR/wake/<consumer>                    datagram socket that publishers ring

A consumer takes a message by renaming it into its claim and removes it after the handler returned.
Claims of consumers that died are renamed back. What a message file looks like: `records.py`.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from synnefo.bus.claims import Claims
from synnefo.bus.delivering import PAUSES, Fate, Hands
from synnefo.bus.records import Damaged, Record
from synnefo.bus.topology import DEATHS, Topology
from synnefo.ports import BusUnavailable, DeadLetter, Delivery
from synnefo.wakeup import Ear, ring

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A claimed file and what it says."""

    queue: str
    path: Path
    record: Record

    def deliveries(self) -> list[Delivery]:
        attempt = Claims.deaths(self.path) + 1
        key = self.record.routing_key
        return [Delivery(self.queue, key, body, attempt) for body in self.record.bodies]


class SpoolBus:
    """A spool folder as one process sees it; safe for several threads.

    A message that more than `deaths` consumers died over is put aside; with None, none is. With
    `sync_names` it stands on no file system's habits: the names of files are synced, too.
    """

    def __init__(
        self,
        root: Path,
        topology: Topology,
        pauses: tuple[float, ...] = PAUSES,
        deaths: int | None = DEATHS,
        *,
        sync_names: bool = False,
    ) -> None:
        self._root = root
        self._deaths = deaths
        self._sync_names = sync_names
        self._topology = topology
        self._pauses = pauses
        self._naming = threading.Lock()
        self._last_stamp = 0
        self._ears: set[Ear] = set()
        self._made = False

    # --- publishing

    def publish(self, routing_key: str, messages: Sequence[bytes]) -> None:
        """One file and one fsync per call, however many messages it has."""
        if not messages:
            return
        for queue in self._topology.queues_for(routing_key):
            try:
                self._make_folders()
                self._put(queue, "new", self._name(), Record(routing_key, tuple(messages)))
            except OSError as error:
                raise BusUnavailable(f"cannot write to {self._root}: {error}") from error

    def _put(self, queue: str, folder: str, name: str, record: Record) -> None:
        """Make a message visible, then durable.

        The rename comes before the fsync: the journal commit that the fsync waits for then holds
        the rename as well, and consumers start earlier. A file that a power cut leaves incomplete
        was never promised to anybody and is found by its checksum.
        """
        temporary = self._root / queue / "tmp" / name
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        try:
            data = record.encode()
            if os.write(descriptor, data) != len(data):
                raise OSError("the disk took only a part of the message")
            os.rename(temporary, self._root / queue / folder / name)
            if folder == "new":
                ring(self._root / "wake")
            os.fsync(descriptor)
            if self._sync_names:
                _sync_folder(self._root / queue / folder)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)

    def _name(self) -> str:
        """A name that sorts after all earlier ones of this process and, clocks willing, of others.

        Wall-clock names only order publishers among each other; consumers order events by their
        content.
        """
        with self._naming:
            self._last_stamp = max(self._last_stamp + 1, time.time_ns())
            return f"{self._last_stamp:020d}-{os.getpid()}"

    def _make_folders(self) -> None:
        if self._made:
            return
        for queue in self._topology.queues:
            for folder in ("new", "tmp", "dead"):
                (self._root / queue / folder).mkdir(parents=True, exist_ok=True)
        for folder in ("claims", "wake"):
            (self._root / folder).mkdir(exist_ok=True)
        if self._sync_names:
            for made in (self._root.parent, self._root, *self._queue_folders()):
                _sync_folder(made)
        self._made = True

    def _queue_folders(self) -> list[Path]:
        return [self._root / queue for queue in self._topology.queues]

    # --- consuming

    def consume(
        self,
        queues: Sequence[str],
        handler: Callable[[Delivery], None],
        stop: threading.Event,
        together: Callable[[Sequence[Delivery]], None] | None = None,
    ) -> None:
        """Deliver until stopped; woken by publishers, looking by itself once a second."""
        hands = Hands(handler, together, stop, self._pauses)
        self._make_folders()
        with Ear(self._root / "wake") as ear, Claims(self._root) as claims:
            self._ears.add(ear)
            if self._sync_names:
                _sync_folder(self._root / "claims")
            try:
                while not stop.is_set():
                    claims.give_back_those_of_the_dead()
                    while not stop.is_set() and self._work(queues, hands, claims):
                        pass
                    if not stop.is_set():
                        ear.wait(LOOK_EVERY)
            finally:
                self._ears.discard(ear)

    def wake(self) -> None:
        """Let consumers look at their stop event."""
        for ear in list(self._ears):
            ear.poke()

    def _work(self, queues: Sequence[str], hands: Hands, claims: Claims) -> bool:
        """Handle some waiting messages, oldest first over all queues; whether there were any."""
        waiting = sorted((name, queue) for queue in queues for name in self._waiting(queue))
        held: list[_Claimed] = []
        for name, queue in waiting[:AT_ONCE]:
            if hands.stop.is_set():
                break
            # What a consumer died over is handled alone, so that no other takes the blame.
            suspect = Claims.deaths_in(name) > 0
            if held and (suspect or sum(len(one.record.bodies) for one in held) >= hands.most):
                self._handle_all(held, hands)
                held = []
            path = claims.take(queue, name)
            record = None if path is None else self._read(queue, path)
            if path is None or record is None:
                continue
            held.append(_Claimed(queue, path, record))
            if suspect:
                self._handle_all(held, hands)
                held = []
        self._handle_all(held, hands)
        return bool(waiting)

    def _handle_all(self, held: list[_Claimed], hands: Hands) -> None:
        """When stopped half-way, the claims that are left are given back with the folder."""
        if hands.take_together([delivery for one in held for delivery in one.deliveries()]):
            for one in held:
                one.path.unlink()
            return
        for one in held:
            if hands.stop.is_set():
                return
            self._handle(one, hands)

    def _read(self, queue: str, path: Path) -> Record | None:
        """What a claimed file says; one that makes no sense is put aside."""
        content = path.read_bytes()
        try:
            return Record.decode(content)
        except Damaged as damage:
            self._bury(queue, Record("", (content,), reason=str(damage)))
            path.unlink()
            return None

    def _handle(self, held: _Claimed, hands: Hands) -> None:
        queue, path, record = held.queue, held.path, held.record
        died = Claims.deaths(path)
        for position, delivery in enumerate(held.deliveries()):
            if self._deaths is not None and died > self._deaths:
                fate, reason = Fate.DEAD, f"its consumer died {died} times"
            else:
                fate, reason = hands.take(delivery)
            if fate is Fate.GIVEN_BACK:
                self._keep_rest(queue, path, record, position)
                return
            if fate is Fate.DEAD:
                dead = Record(record.routing_key, (delivery.body,), reason=reason)
                self._bury(queue, dead)
        path.unlink()

    def _keep_rest(self, queue: str, path: Path, record: Record, position: int) -> None:
        """Put what was not handled back under its old name, so that it keeps its place."""
        name = Claims.name(path)
        if position:
            rest = Record(record.routing_key, record.bodies[position:])
            self._put(queue, "new", name, rest)
            path.unlink()
        else:
            path.rename(self._root / queue / "new" / name)

    def _bury(self, queue: str, record: Record) -> None:
        log.error("dead letter in %s: %s", queue, record.reason)
        self._put(queue, "dead", self._name(), record)

    # --- looking

    def dead_letters(self) -> list[DeadLetter]:
        """Oldest first."""
        return [
            DeadLetter(
                f"{queue}/{path.name}",
                queue,
                record.routing_key,
                record.bodies[0],
                record.reason,
                int(path.name.partition("-")[0]) / 1e9,
            )
            for queue, path, record in sorted(self._dead(), key=lambda found: found[1].name)
        ]

    def requeue(self, *letter_ids: str) -> None:
        """Back to their queues, as the newest messages there."""
        for path, queue, record in self._letters(letter_ids):
            self._put(queue, "new", self._name(), Record(record.routing_key, record.bodies))
            path.unlink()

    def drop(self, *letter_ids: str) -> None:
        """Forget them."""
        for path, _, _ in self._letters(letter_ids):
            path.unlink()

    def backlog(self) -> dict[str, int]:
        """Files waiting or being handled, per queue."""
        found = {queue: len(self._waiting(queue)) for queue in self._topology.queues}
        for queue in Claims.queues_claimed(self._root):
            if queue in found:
                found[queue] += 1
        return found

    def dead_backlog(self) -> dict[str, int]:
        """Dead letters per queue."""
        return {queue: len(self._names(queue, "dead")) for queue in self._topology.queues}

    def is_empty(self) -> bool:
        """Whether nothing waits or is being handled; cheap however much does."""
        for queue in self._topology.queues:
            with suppress(FileNotFoundError), os.scandir(self._root / queue / "new") as waiting:
                if next(waiting, None) is not None:
                    return False
        # What left the queue while it was looked at is found here.
        return not any(Claims.queues_claimed(self._root))

    def close(self) -> None:
        """Nothing stays open between calls."""

    def _waiting(self, queue: str) -> list[str]:
        return self._names(queue, "new")

    def _names(self, queue: str, folder: str) -> list[str]:
        try:
            return os.listdir(self._root / queue / folder)
        except FileNotFoundError:
            return []

    def _dead(self) -> Iterator[tuple[str, Path, Record]]:
        for queue in self._topology.queues:
            folder = self._root / queue / "dead"
            for path in folder.iterdir() if folder.is_dir() else ():
                yield queue, path, _read(path)

    def _letters(self, letter_ids: Sequence[str]) -> Iterator[tuple[Path, str, Record]]:
        missing = []
        for letter_id in letter_ids:
            try:
                yield self._letter(letter_id)
            except KeyError:
                missing.append(letter_id)
        if missing:
            raise KeyError(", ".join(missing))

    def _letter(self, letter_id: str) -> tuple[Path, str, Record]:
        queue, _, name = letter_id.partition("/")
        path = self._root / queue / "dead" / name
        if queue not in self._topology.queues or name in {"", ".", ".."} or "/" in name:
            raise KeyError(letter_id)
        try:
            return path, queue, _read(path)
        except FileNotFoundError as absent:
            raise KeyError(letter_id) from absent


def _read(path: Path) -> Record:
    """A dead letter; one that a power cut left incomplete must not hide the others."""
    content = path.read_bytes()
    try:
        return Record.decode(content)
    except Damaged as damage:
        return Record("", (content,), reason=f"damaged: {damage}")


def deposit(folder: Path, topology: Topology) -> SpoolBus:
    """A spool for what the bus does not take now: it gives up nothing, whoever dies meanwhile."""
    return SpoolBus(folder, topology, deaths=None, sync_names=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
