"""Disks that are only written down: the twin of every kind of storage, for guests on paper.

A mirrored disk begins to synchronise when it is activated with a peer that it was not connected to
before, or when it grew; each look at it finds it further, until it is done.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganeti_backend.disk_templates import PRIMARY, TEMPLATES, Reach
from ganeti_backend.errors import StorageError
from ganeti_backend.storage.base import (
    Image,
    Progress,
    Space,
    Status,
    Storage,
    disk_size,
    identifier,
)
from ganeti_backend.storage.fake_book import TOTAL, Book, Entry, key_of

SYNC_STEP = 50.0
FULL = 100.0


class FakeStorage(Storage):
    """One template's disks in a book that several templates may share."""

    def __init__(self, folder: Path, template: str = "file", book: Book | None = None) -> None:
        super().__init__(folder)
        self.template = template
        self._book = book or Book(folder)
        row = TEMPLATES.get(template)
        self._mirrored = row is not None and row.reach is Reach.MIRRORED

    def create(self, disk: Mapping[str, Any]) -> str:
        """Write the disk down."""
        key, size = self._key(disk), disk_size(disk)
        with self._book.lock:
            old = self._book.entry(key)
            if old is None and size > self._book.free():
                raise StorageError(f"disk of {size} MiB does not fit into {self._book.free()} MiB")
            entry = old or {"size": size}
            self._book.write(key, {**entry, "size": max(size, entry["size"])})
        return self.path(disk)

    def remove(self, disk: Mapping[str, Any]) -> None:
        """Strike the disk out."""
        with self._book.lock:
            self._book.strike(self._key(disk))

    def grow(self, disk: Mapping[str, Any], amount: int) -> int:
        """Write the new size down."""
        size = disk_size(disk) + amount
        with self._book.lock:
            entry = self._known(disk)
            old = int(entry["size"])
            if amount < 0:
                raise StorageError("a disk cannot shrink")
            if size - old > self._book.free():
                free = self._book.free()
                raise StorageError(f"disk cannot grow by {amount} MiB, {free} MiB are free")
            if size > old:
                synced = {"synced": 100.0 * old / size} if entry.get("peer") else {}
                self._book.write(self._key(disk), {**entry, **synced, "size": size})
        return size

    def fill(self, disk: Mapping[str, Any], image: Image, progress: Progress) -> None:
        """Check that both are there and fit, and report as if something were copied."""
        size = int(self._known(disk)["size"])
        if image.path.stat().st_size > size << 20:
            raise StorageError(f"the image is larger than the disk of {size} MiB")
        for percent in (0, 50, 100):
            progress(percent)

    def path(self, disk: Mapping[str, Any]) -> str:
        """The file with the disk's size."""
        return str(self._book.file(self._key(disk)))

    def space(self) -> Space:
        """A generous node."""
        with self._book.lock:
            return Space(TOTAL, self._book.free())

    def activate(self, disk: Mapping[str, Any], role: str, peer: str | None) -> str:
        """Note with whom it is connected; a new peer has nothing of it yet."""
        with self._book.lock:
            entry = self._known(disk)
            synced, known = entry.get("synced"), peer if self._mirrored else None
            if role == PRIMARY and known is not None and entry.get("peer") != known:
                synced = 0.0
            changed = {**entry, "peer": known, "synced": synced if known else None, "role": role}
            if changed != entry:
                self._book.write(self._key(disk), changed)
        return self.path(disk)

    def deactivate(self, disk: Mapping[str, Any]) -> None:
        """Note that nobody uses it."""
        with self._book.lock:
            entry = self._book.entry(self._key(disk))
            if entry is not None and entry.get("role"):
                self._book.write(self._key(disk), {**entry, "role": None})

    def status(self, disk: Mapping[str, Any]) -> Status | None:
        """A disk that synchronises has come further since the last look."""
        with self._book.lock:
            entry = self._book.entry(self._key(disk))
            if entry is None:
                return None
            synced, size = entry.get("synced"), int(entry["size"])
            alone = self._mirrored and not entry.get("peer")
            complete = not entry.get("empty")
            if synced is None or not entry.get("role"):
                return Status(size, None, degraded=alone, complete=complete)
            further = min(synced + SYNC_STEP, FULL) if synced < FULL else None
            empty = not complete and further is not None
            self._book.write(self._key(disk), {**entry, "synced": further, "empty": empty})
            return Status(size, synced, degraded=True, complete=complete)

    def replace(self, disk: Mapping[str, Any]) -> None:
        """Note that it is empty; the primary one is then filled from its peer."""
        if not self._mirrored:
            super().replace(disk)
        key, size = self._key(disk), disk_size(disk)
        with self._book.lock:
            old = self._book.entry(key) or {"size": size}
            empty = old.get("role") == PRIMARY or old.get("empty", False)
            synced = {"synced": 0.0} if empty and old.get("peer") else {}
            self._book.write(key, {**old, **synced, "empty": empty})

    def convert(self, disk: Mapping[str, Any], template: str) -> str:
        """The same entry under the other template's name."""
        other = FakeStorage(self.folder, template, self._book)
        with self._book.lock:
            entry = self._book.entry(self._key(disk))
            if entry is not None:
                self._book.write(other._key(disk), {"size": entry["size"]})
                self._book.strike(self._key(disk))
            other._known(disk)
        return other.path(disk)

    def snapshot(self, disk: Mapping[str, Any], name: str, progress: Progress) -> None:
        """Write the name down with the size of now."""
        with self._book.lock:
            entry = self._known(disk)
            known = {identifier(name, "snapshot"): entry["size"], **entry.get("snapshots", {})}
            self._book.write(self._key(disk), {**entry, "snapshots": known})
        progress(100)

    def revert(self, disk: Mapping[str, Any], name: str, progress: Progress) -> None:
        """There is no content to bring back."""
        if name not in self._known(disk).get("snapshots", {}):
            raise StorageError(f"disk {disk['uuid']} has no snapshot {name}")
        progress(100)

    def drop_snapshot(self, disk: Mapping[str, Any], name: str) -> None:
        """Strike the name out."""
        with self._book.lock:
            entry = self._book.entry(self._key(disk))
            if entry is not None and name in entry.get("snapshots", {}):
                left = {key: size for key, size in entry["snapshots"].items() if key != name}
                self._book.write(self._key(disk), {**entry, "snapshots": left})

    def _key(self, disk: Mapping[str, Any]) -> str:
        return key_of(self.template, disk)

    def _known(self, disk: Mapping[str, Any]) -> Entry:
        entry = self._book.entry(self._key(disk))
        if entry is None:
            raise StorageError(f"there is no disk {disk.get('uuid')}")
        return entry
