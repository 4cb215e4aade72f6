"""Writes that survive a power cut: files replaced atomically, many waiters served by one fsync.

What is written is not known here; the job queue and the configuration pass their own writers.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

Item = TypeVar("Item")
FILE_MODE = 0o640
SECRET_MODE = 0o600


def write_new(
    path: Path | str, content: bytes, mode: int = FILE_MODE, *, sync: bool = True
) -> None:
    """Write a file that nobody reads yet, down to the disk unless something else keeps it safe."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(path: Path, content: bytes, mode: int = FILE_MODE) -> None:
    """Readers see the old content or the new, also after a power cut."""
    temporary = path.with_name(f"{path.name}.new")
    write_new(temporary, content, mode)
    temporary.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path | str) -> None:
    """Make renames and new names in the folder last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Batch(Generic[Item]):
    """Items that reach the disk together, and how that went; `answer` is what the writer said."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.done = threading.Event()
        self.error: Exception | None = None
        self.answer = 0


class GroupCommit(Generic[Item]):
    """One writer at a time; what arrives meanwhile forms the next batch.

    The first thread that needs its item on disk writes for all that are waiting, so a lone caller
    pays one write without a change of threads, and a crowd shares one. An error of the writer
    reaches every thread whose item was in the batch.
    """

    def __init__(self, write: Callable[[Sequence[Item]], int | None]) -> None:
        self._write = write
        self._mutex = threading.Lock()
        self._writing = threading.Lock()
        self._open: Batch[Item] = Batch()

    def put(self, item: Item) -> Batch[Item]:
        """Add to the open batch; it is written when somebody waits or calls `flush`."""
        with self._mutex:
            self._open.items.append(item)
            return self._open

    def put_all(self, items: Sequence[Item]) -> Batch[Item]:
        """Add several that reach the disk in one batch."""
        with self._mutex:
            self._open.items.extend(items)
            return self._open

    def wait(self, batch: Batch[Item]) -> int:
        """Return when the batch is on disk, with the writer's answer, or raise what kept it off."""
        if not batch.done.is_set():
            with self._writing:
                if not batch.done.is_set():
                    self._write_open()
        if batch.error is not None:
            raise batch.error
        return batch.answer

    def commit(self, item: Item) -> int:
        return self.wait(self.put(item))

    def flush(self) -> None:
        """Write what is waiting; for items that nobody waits for."""
        with self._mutex:
            batch = self._open
        if batch.items:
            self.wait(batch)

    def exclusively(self, action: Callable[[], None]) -> None:
        """Run something while no batch is being written."""
        with self._writing:
            action()

    def _write_open(self) -> None:
        with self._mutex:
            batch, self._open = self._open, Batch()
        try:
            batch.answer = self._write(batch.items) or 0
        except Exception as error:  # noqa: BLE001  It is raised again in every waiting thread.
            batch.error = error
        finally:
            batch.done.set()
