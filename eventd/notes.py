"""The notes that hooks leave on this machine: told to the bus, each operation once, then removed.

A note is removed only after its message is on the bus or in the overflow, so a kill at any moment
leads to a message too many at worst. Hooks do not wait for the disk: what a power cut takes away,
the next reconciliation finds. Notes that nobody understands are put aside in `damaged/`.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from eventd.outlet import Outlet
from eventd.watch import WRITTEN, FolderGone, FolderWatch
from hooks import note
from hooks.environment import net_status
from synnefo.core.messages import NetStatus
from synnefo.ports import BusUnavailable

log = logging.getLogger(__name__)

DAMAGED = "damaged"
MOST_DAMAGED = 100
AT_ONCE = 100
LOOK_EVERY = 30.0
TRY_AGAIN_AFTER = 1.0
# Where several were written at once more will be.
SEVERAL = 3
GATHER = 0.05
# A shell writes a note in a millisecond; one that has no end after so long will never get it.
UNFINISHED_FOR = 60.0
# The hooks of one operation run at the same time on its nodes, busy ones some seconds later.
SAME_OPERATION_WITHIN = 10.0
REMEMBERED = 1000
Mark = tuple[bytes, int]  # A digest of what was told, and when its note was written.
_UNREADABLE = {errno.ELOOP, errno.EACCES, errno.ENXIO}


@dataclass(frozen=True, slots=True)
class Found:
    """A note that was read. `written_at` is in microseconds since 1970."""

    path: Path
    written_at: int
    message: NetStatus | None

    def order(self) -> tuple[int, int]:
        """Clocks of files move in steps of milliseconds; within one, processes are numbered."""
        return (self.written_at, int(self.path.name.split(".")[1]))


class Repeated:
    """Knows what was last told of each instance, to leave out what another node's hook says too.

    Only the last one counts: an instance that was changed and changed back is told of three times.
    """

    def __init__(self) -> None:
        self._told: dict[str, Mark] = {}

    def fresh(self, notes: Iterable[Found]) -> tuple[list[NetStatus], dict[str, Mark]]:
        """The messages to send, and what to `remember` once they are sent."""
        messages: list[NetStatus] = []
        told: dict[str, Mark] = {}
        for one in notes:
            if one.message is None:
                continue
            name = one.message.instance
            timeless = replace(one.message, event_time=(0, 0)).encode()
            digest = hashlib.blake2b(timeless, digest_size=16).digest()
            before, when = told.get(name) or self._told.get(name) or (b"", 0)
            apart = abs(one.written_at - when) / 1_000_000
            if digest != before or apart > SAME_OPERATION_WITHIN:
                messages.append(one.message)
                told[name] = (digest, one.written_at)
        return messages, told

    def remember(self, told: dict[str, Mark]) -> None:
        """These were told."""
        self._told |= told
        if len(self._told) > REMEMBERED:
            newest = max(when for _, when in self._told.values())
            oldest = newest - SAME_OPERATION_WITHIN * 1_000_000
            self._told = {k: kept for k, kept in self._told.items() if kept[1] >= oldest}


class Notes:
    """A thread that empties one folder of notes. With `node`, only of operations whose master it
    was: on the others the same hook ran in vain.
    """

    def __init__(
        self, folder: Path, outlet: Outlet, ended: Callable[[], None], node: str | None = None
    ) -> None:
        self._folder = folder
        self._outlet = outlet
        self._ended = ended
        self._node = node
        self._stop = threading.Event()
        self._repeated = Repeated()
        self._look_at = 0.0
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / DAMAGED).mkdir(mode=0o700, exist_ok=True)
        self._watch = FolderWatch(folder, WRITTEN)
        self._thread = threading.Thread(target=self._run, name="notes", daemon=True)
        self.broken = False

    def waiting(self) -> int:
        """How many notes are there that were not told."""
        return sum(note.NAME.fullmatch(name) is not None for name in os.listdir(self._folder))

    def start(self) -> None:
        """Begin with what is there."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is begun; the rest is for the next run."""
        self._stop.set()
        self._watch.wake()
        self._thread.join()
        self._watch.close()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._step()
        except FolderGone as gone:
            log.error("%s", gone)
        finally:
            if not self._stop.is_set():
                self.broken = True
                self._ended()

    def _step(self) -> None:
        seen = self._watch.seen(max(0.0, self._look_at - time.monotonic()))
        names: Iterable[str] = seen.names
        try:
            if seen.look_through or time.monotonic() >= self._look_at:
                names = os.listdir(self._folder)
                self._look_at = time.monotonic() + LOOK_EVERY
            named = [name for name in names if note.NAME.fullmatch(name)]
            self._tell(named)
            if len(named) >= SEVERAL:
                self._stop.wait(GATHER)
        except (OSError, BusUnavailable) as error:
            log.error("notes have to wait: %s", error)
            self._stop.wait(TRY_AGAIN_AFTER)
            self._look_at = 0.0

    def _tell(self, names: list[str]) -> None:
        for start in range(0, len(names), AT_ONCE):
            if self._stop.is_set():
                return
            self._tell_together(names[start : start + AT_ONCE])

    def _tell_together(self, names: list[str]) -> None:
        found = [one for name in names if (one := self._read(self._folder / name)) is not None]
        found.sort(key=Found.order)
        messages, told = self._repeated.fresh(found)
        self._outlet.send(messages)
        self._repeated.remember(told)
        for one in found:
            one.path.unlink(missing_ok=True)

    def _read(self, path: Path) -> Found | None:
        """A note; None if it is told already, not finished yet or of no use."""
        try:
            content, written_at = contents(path)
            message = self._message(note.read(content), written_at)
        except FileNotFoundError:
            return None
        except note.Unfinished as unfinished:
            if time.time() - path.lstat().st_mtime >= UNFINISHED_FOR:
                self._put_aside(path, unfinished)
            return None
        except note.Damaged as damage:
            self._put_aside(path, damage)
            return None
        return Found(path, written_at, message)

    def _message(self, environment: Mapping[str, str], written_at: int) -> NetStatus | None:
        if self._node is not None and environment.get("GANETI_MASTER", self._node) != self._node:
            return None
        return net_status(environment, (written_at // 1_000_000, written_at % 1_000_000))

    def _put_aside(self, path: Path, why: ValueError) -> None:
        log.error("note %s is of no use: %s", path.name, why)
        folder = self._folder / DAMAGED
        path.rename(folder / path.name)
        kept = sorted(folder.iterdir(), key=lambda one: one.lstat().st_ctime)
        for old in kept[:-MOST_DAMAGED]:
            old.unlink()


def contents(path: Path) -> tuple[bytes, int]:
    """The bytes of a note and when they were written; Damaged for what no hook can have made."""
    try:
        # Without following links and without waiting for whoever may write to a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in _UNREADABLE:
            raise note.Damaged(str(error)) from error
        raise
    with open(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise note.Damaged("not a file")
        if status.st_uid not in {0, os.geteuid()}:
            raise note.Damaged(f"written by user {status.st_uid}")
        return stream.read(note.MOST_BYTES + 1), status.st_mtime_ns // 1000
