"""The configuration's files: a snapshot and a journal of changes, one checked JSON line each.

A line cut off at the very end is a change nobody was told about and is dropped; anything else that
does not check stops the start, naming file and line. While a new snapshot is being made, the lines
that it will cover stand in a second journal. What changes mean is `config_state.py`'s business.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from ganeti_backend import errors
from ganeti_backend.durable import FILE_MODE, GroupCommit, replace, sync_folder

SNAPSHOT = "config.data"
JOURNAL = "config.journal"
OLD_JOURNAL = "config.journal.old"
ADVICE = (
    "Keep the file, restore it from a backup ('gnt-cluster restore'), or remove the line if its"
    " loss is acceptable, then start again"
)
Change = dict[str, Any]
Snapshot = Callable[[], Change]  # Puts into words what was captured.
Settled = Callable[[Sequence[Change], bool], int]


def encode_line(change: Change) -> bytes:
    body = orjson.dumps(change)
    return b'{"crc":%d,"change":%b}\n' % (zlib.crc32(body), body)


def decode_line(line: bytes) -> Change:
    """The change of a line, or ValueError."""
    head, separator, rest = line.partition(b',"change":')
    if not separator or not head.startswith(b'{"crc":') or not rest.endswith(b"}"):
        raise ValueError("not a line of the journal")
    body = rest[:-1]
    if zlib.crc32(body) != int(head.removeprefix(b'{"crc":')):
        raise ValueError("the checksum does not match")
    change = orjson.loads(body)
    if not isinstance(change, dict):
        raise ValueError("not a change")
    return change


class Journal:
    """Appends changes with group commit. `settled` hears of each batch before its waiters do."""

    def __init__(self, folder: Path, settled: Settled) -> None:
        self._folder = folder
        self._path = folder / JOURNAL
        self._old_path = folder / OLD_JOURNAL
        self._snapshot_path = folder / SNAPSHOT
        self._settled = settled
        self._descriptor = -1
        self._size = 0
        self._torn = False
        self.lines = 0
        self._group: GroupCommit[tuple[Change, bytes]] = GroupCommit(self._write)

    # Reading.

    def load_snapshot(self) -> Change | None:
        """The last snapshot, or None for a new cluster."""
        try:
            content = self._snapshot_path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return decode_line(content.rstrip(b"\n"))
        except ValueError as error:
            raise errors.ConfigurationError(
                f"{self._snapshot_path}: {error} (line 1). {ADVICE}"
            ) from error

    def check_version(self, found: int, understood: int) -> None:
        if found > understood:
            text = (
                f"{self._snapshot_path}: line 1: this configuration has version {found} and this"
                f" program understands {understood}. It was left as it is: start the newer program"
            )
            raise errors.ConfigurationError(text)

    def changes(self) -> Iterator[Change]:
        """The changes since the snapshot, and with `opened` the place where the next one goes."""
        yield from self._lines(self._old_path)
        yield from self._lines(self._path)

    def _lines(self, path: Path) -> Iterator[Change]:
        content = path.read_bytes() if path.exists() else b""
        end = content.rfind(b"\n") + 1
        for number, line in enumerate(content[:end].splitlines(), start=1):
            try:
                yield decode_line(line)
            except ValueError as error:
                raise errors.ConfigurationError(
                    f"{path}: line {number}: {error}. {ADVICE}"
                ) from error
        self._size = end

    # Writing.

    def opened(self, snapshot: Snapshot) -> None:
        """Open for appending; the state of the start becomes the snapshot."""
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, FILE_MODE)
        os.ftruncate(self._descriptor, self._size)
        replace(self._snapshot_path, encode_line(snapshot()))
        self._old_path.unlink(missing_ok=True)
        # Every line is in the snapshot by now, and those that a cut left would be skipped.
        os.ftruncate(self._descriptor, 0)
        self._size = 0
        sync_folder(self._folder)

    def append(self, change: Change) -> Callable[[], int]:
        """Queue a change, in the order of these calls; the result waits until it is on disk."""
        batch = self._group.put((change, encode_line(change)))
        return lambda: self._group.wait(batch)

    def exclusively(self, action: Callable[[], None]) -> None:
        """Run something while no change is being written."""
        self._group.exclusively(action)

    def compact(self, capture: Callable[[], Snapshot]) -> None:
        """Make a snapshot and drop the lines it covers. Only taking the state holds writers up."""
        taken: list[Snapshot] = []

        def begin() -> None:
            # With an old journal left by a compaction that failed, the lines stay where they are
            # and are skipped by their numbers.
            if not self._old_path.exists():
                self._change_files()
            taken.append(capture())

        self._group.exclusively(begin)
        replace(self._snapshot_path, encode_line(taken[0]()))
        self._old_path.unlink(missing_ok=True)
        sync_folder(self._folder)

    def _change_files(self) -> None:
        self._path.rename(self._old_path)
        sync_folder(self._folder)  # Or a cut could show the new file under the name of the old.
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, FILE_MODE)
        sync_folder(self._folder)
        os.close(self._descriptor)
        self._descriptor, self._size, self.lines = descriptor, 0, 0

    def close(self) -> None:
        if self._descriptor >= 0:
            self._group.flush()
            os.close(self._descriptor)
            self._descriptor = -1

    def _write(self, batch: Sequence[tuple[Change, bytes]]) -> int:
        changes = [change for change, _ in batch]
        try:
            self._append(b"".join(line for _, line in batch))
        except OSError:
            self._settled(changes, False)
            raise
        self.lines += len(batch)
        return self._settled(changes, True)

    def _append(self, block: bytes) -> None:
        if self._torn:
            self._cut_back()
        try:
            written = os.pwrite(self._descriptor, block, self._size)
            if written != len(block):
                raise OSError(f"only {written} of {len(block)} bytes written to {self._path}")
            os.fdatasync(self._descriptor)
        except OSError:
            # Nothing of a failed batch may be found at the next start: its callers hear it failed.
            self._torn = True
            self._cut_back()
            raise
        self._size += len(block)

    def _cut_back(self) -> None:
        os.ftruncate(self._descriptor, self._size)
        os.fsync(self._descriptor)
        self._torn = False
