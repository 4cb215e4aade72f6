"""The queue's journal: what is about to be written to job files, with one fsync for a whole batch.

Job files are what others read (`eventd`, an administrator); after a power cut they may be old or
torn, and the journal says what they must be. Its lines are checked as those of the configuration. A
line cut off at the very end is a batch nobody was told about.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ganeti_backend import errors
from ganeti_backend.durable import FILE_MODE, sync_folder
from ganeti_backend.journal import decode_line, encode_line

NAME, OLD = ".journal", ".journal.old"
ADVICE = "Keep it; removing it loses what job files did not get before a power cut"
Record = dict[str, Any]  # "serial", "jobs": {id: content}, "gone": ids that are no live jobs


class QueueJournal:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / NAME
        self._old = folder / OLD
        self._descriptor = -1
        self._torn = False
        self.size = 0

    def records(self) -> Iterator[Record]:
        """Since the last checkpoint that was finished; JobQueueError names a damaged line."""
        for path in (self._old, self._path):
            content = path.read_bytes() if path.exists() else b""
            whole = content[: content.rfind(b"\n") + 1]
            for number, line in enumerate(whole.splitlines(), start=1):
                try:
                    yield decode_line(line)
                except ValueError as error:
                    text = f"{path}: line {number}: {error}. {ADVICE}"
                    raise errors.JobQueueError(text) from error

    def start_anew(self) -> None:
        """All of it is in the job files, and those are on disk."""
        self._old.unlink(missing_ok=True)
        self.close()
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, FILE_MODE)
        self.size = 0
        sync_folder(self._folder)

    def append(self, record: Record) -> None:
        """On return it survives a power cut; OSError leaves nothing of it."""
        if self._torn:
            self._cut_back()
        line = encode_line(record)
        try:
            written = os.pwrite(self._descriptor, line, self.size)
            if written != len(line):
                raise OSError(f"only {written} of {len(line)} bytes written to {self._path}")
            os.fdatasync(self._descriptor)
        except OSError:
            self._torn = True
            self._cut_back()
            raise
        self.size += len(line)

    def _cut_back(self) -> None:
        os.ftruncate(self._descriptor, self.size)
        os.fsync(self._descriptor)
        self._torn = False

    def turn_over(self) -> bool:
        """Begin a new one beside the old; False while the old one is still needed."""
        if self._old.exists():
            return False
        self._path.rename(self._old)
        sync_folder(self._folder)  # Or a cut could show the new file under the name of the old.
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, FILE_MODE)
        sync_folder(self._folder)
        os.close(self._descriptor)
        self._descriptor, self.size = descriptor, 0
        return True

    def drop_old(self) -> None:
        """What it held is in job files that are on disk."""
        self._old.unlink(missing_ok=True)
        sync_folder(self._folder)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
