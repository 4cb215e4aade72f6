"""Which consumer of a spool handles which message, so that each is handled by one.

A consumer's claim folder has a lock file that the kernel frees when its process ends, however it
ends; that, and no process id, tells the living from the dead. The number of times a message saw its
consumer die goes with its name (`<name>.<deaths>`).
"""

from __future__ import annotations

import fcntl
import itertools
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

LOCK = "lock"


class Claims:
    """The claim folder of one consumer."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / "claims" / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._lock = -1

    def __enter__(self) -> Self:
        # The folder becomes visible only with its lock held, so that nobody takes it for a dead
        # consumer's between the two steps.
        hidden = self._folder.with_name("." + self._folder.name)
        hidden.mkdir()
        self._lock = os.open(hidden / LOCK, os.O_RDWR | os.O_CREAT, 0o640)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        hidden.rename(self._folder)
        return self

    def __exit__(self, *_: object) -> None:
        self._return(self._folder, 0)
        (self._folder / LOCK).unlink()
        self._folder.rmdir()
        os.close(self._lock)

    def take(self, queue: str, name: str) -> Path | None:
        """Claim a message, or None when another consumer was faster."""
        path = self._folder / f"{queue}~{name}"
        try:
            (self._root / queue / "new" / name).rename(path)
        except FileNotFoundError:
            return None
        return path

    def give_back_those_of_the_dead(self) -> None:
        """Return the messages of consumers that ended without finishing them."""
        for folder in (self._root / "claims").iterdir():
            if folder == self._folder or folder.name.startswith("."):
                continue
            with suppress(FileNotFoundError):
                self._bury_consumer(folder)

    def _bury_consumer(self, folder: Path) -> None:
        lock = os.open(folder / LOCK, os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        else:
            self._return(folder, 1)
            (folder / LOCK).unlink()
            folder.rmdir()
        finally:
            os.close(lock)

    def _return(self, folder: Path, deaths: int) -> None:
        for path in folder.iterdir():
            if path.name != LOCK:
                queue = path.name.partition("~")[0]
                name = f"{self.name(path)}.{self.deaths(path) + deaths}"
                path.rename(self._root / queue / "new" / name)

    @staticmethod
    def name(path: Path) -> str:
        """A claimed message's name without its number of deaths."""
        return path.name.partition("~")[2].partition(".")[0]

    @staticmethod
    def deaths(path: Path) -> int:
        """How many consumers died over this claimed message."""
        return Claims.deaths_in(path.name.partition("~")[2])

    @staticmethod
    def deaths_in(name: str) -> int:
        """The same of a waiting message's name."""
        return int(name.partition(".")[2] or 0)

    @staticmethod
    def queues_claimed(root: Path) -> Iterator[str]:
        """The queue of each message that is being handled."""
        with suppress(FileNotFoundError):
            for folder in itertools.chain((root / "claims").iterdir()):
                with suppress(FileNotFoundError):
                    yield from (p.name.partition("~")[0] for p in folder.iterdir() if "~" in p.name)
