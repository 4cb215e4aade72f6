"""The configuration's files: a snapshot and a journal of changes, one checked JSON line each.

A line cut off at the very end is a change nobody was told about and is dropped; anything else that
does not check stops the start, naming file and line. What changes mean is `config.py`'s business.
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
ADVICE = (
    "Keep the file, restore it from a backup, or remove the line if its loss is acceptable,"
    " then start again"
)
Change = dict[str, Any]


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
    """Appends changes with group commit; `snapshot` gives the whole state to compact into."""

    def __init__(self, folder: Path, snapshot: Callable[[], dict[str, Any]]) -> None:
        self._folder = folder
        self._path = folder / JOURNAL
        self._snapshot_path = folder / SNAPSHOT
        self._snapshot = snapshot
        self._descriptor = -1
        self._size = 0
        self.lines = 0
        self._group: GroupCommit[bytes] = GroupCommit(self._write)

    def load_snapshot(self) -> dict[str, Any] | None:
        """The last snapshot, or None for a new cluster."""
        try:
            content = self._snapshot_path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            data = decode_line(content.rstrip(b"\n"))
        except ValueError as error:
            raise errors.ConfigurationError(
                f"{self._snapshot_path}: {error} (line 1). {ADVICE}"
            ) from error
        return data

    def changes(self) -> Iterator[Change]:
        """The changes since the snapshot, and with `opened` the place where the next one goes."""
        content = self._path.read_bytes() if self._path.exists() else b""
        end = content.rfind(b"\n") + 1
        for number, line in enumerate(content[:end].splitlines(), start=1):
            try:
                yield decode_line(line)
            except ValueError as error:
                raise errors.ConfigurationError(
                    f"{self._path}: line {number}: {error}. {ADVICE}"
                ) from error
            self.lines = number
        self._size = end

    def opened(self) -> None:
        """Open for appending behind the last whole line; the start's state becomes the snapshot."""
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, FILE_MODE)
        os.ftruncate(self._descriptor, self._size)
        self.compact()
        sync_folder(self._folder)

    def append(self, change: Change) -> Callable[[], None]:
        """Queue a change, in the order of these calls; the result waits until it is on disk."""
        batch = self._group.put(encode_line(change))
        return lambda: self._group.wait(batch)

    def compact(self) -> None:
        """Write a snapshot and start the journal anew; its cost is spread over many changes."""
        self._group.exclusively(self._compact)

    def close(self) -> None:
        if self._descriptor >= 0:
            self._group.flush()
            os.close(self._descriptor)
            self._descriptor = -1

    def _compact(self) -> None:
        # Changes that are in memory and not yet in the journal are in the snapshot too. Their
        # lines follow and carry numbers that a reader of the snapshot skips.
        replace(self._snapshot_path, encode_line(self._snapshot()))
        os.ftruncate(self._descriptor, 0)
        self._size = 0
        self.lines = 0

    def _write(self, lines: Sequence[bytes]) -> None:
        block = b"".join(lines)
        try:
            written = os.pwrite(self._descriptor, block, self._size)
            if written != len(block):
                raise OSError(f"only {written} of {len(block)} bytes written to {self._path}")
            os.fdatasync(self._descriptor)
        except OSError:
            # Nothing of a failed batch may be found at the next start: its callers hear it failed.
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(block)
        self.lines += len(lines)
