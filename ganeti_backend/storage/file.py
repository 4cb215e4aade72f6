"""Disks as sparse raw files in one folder of the node."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganeti_backend.errors import StorageError
from ganeti_backend.storage import image_copy
from ganeti_backend.storage.base import (
    MIB,
    Image,
    Progress,
    Space,
    Status,
    Storage,
    disk_size,
    identifier,
)

SUFFIX = ".raw"
SNAPSHOT_SUFFIX = ".snapshot"
BLOCK = 512


class FileStorage(Storage):
    """One file for each disk, named by the disk's uuid."""

    def create(self, disk: Mapping[str, Any]) -> str:
        """Make the file at its full length without taking up room."""
        path, size = self._file(disk), disk_size(disk)
        free = self.space().free
        there = path.stat().st_size // MIB if path.exists() else 0
        if size - there > free:
            raise StorageError(f"disk of {size} MiB does not fit into {free} MiB")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"cannot make disk {path.name}: {error.strerror}") from error
        with os.fdopen(descriptor, "rb+") as file:
            if os.fstat(file.fileno()).st_size < size * MIB:
                file.truncate(size * MIB)
            os.fsync(file.fileno())
        return str(path)

    def remove(self, disk: Mapping[str, Any]) -> None:
        """Delete the file and its snapshots."""
        path = self._file(disk)
        for kept in (f"{path.stem}.*{SNAPSHOT_SUFFIX}", f".{path.stem}.*{SNAPSHOT_SUFFIX}.new"):
            for snapshot in self.folder.glob(kept):
                snapshot.unlink(missing_ok=True)
        path.unlink(missing_ok=True)

    def grow(self, disk: Mapping[str, Any], amount: int) -> int:
        """Lengthen the file; repeating the call changes nothing."""
        path, size = self._existing(disk), disk_size(disk) + amount
        if amount < 0:
            raise StorageError("a disk cannot shrink")
        more = size - path.stat().st_size // MIB
        if more <= 0:
            return size
        free = self.space().free
        if more > free:
            raise StorageError(f"disk cannot grow by {more} MiB: {free} MiB free")
        os.truncate(path, size * MIB)
        return size

    def fill(self, disk: Mapping[str, Any], image: Image, progress: Progress) -> None:
        """Copy the image into the file."""
        path = self._existing(disk)
        try:
            image_copy.copy(image, path, progress)
        except OSError as error:
            raise StorageError(f"cannot copy image {image.path.name}: {error.strerror}") from error

    def path(self, disk: Mapping[str, Any]) -> str:
        """The file's path."""
        return str(self._file(disk))

    def space(self) -> Space:
        """The file system's room less what the sparse files have been promised."""
        system = os.statvfs(self.folder)
        promised = 0
        with os.scandir(self.folder) as entries:
            for entry in entries:
                promised += _unallocated(entry)
        free = system.f_bavail * system.f_frsize - promised
        return Space(system.f_blocks * system.f_frsize // MIB, max(free, 0) // MIB)

    def status(self, disk: Mapping[str, Any]) -> Status | None:
        """The file's length."""
        path = self._file(disk)
        return Status(path.stat().st_size // MIB) if path.exists() else None

    def snapshot(self, disk: Mapping[str, Any], name: str, progress: Progress) -> None:
        """Copy the file; where the file system can, both share their blocks."""
        source, target = self._existing(disk), self._snapshot(disk, name)
        if target.exists():
            return
        length = source.stat().st_size
        unfinished = target.with_name(f".{target.name}.new")
        with unfinished.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.truncate(length)
        self._copy(source, unfinished, progress)
        unfinished.rename(target)

    def revert(self, disk: Mapping[str, Any], name: str, progress: Progress) -> None:
        """Copy the snapshot back."""
        source = self._snapshot(disk, name)
        if not source.exists():
            raise StorageError(f"disk {disk['uuid']} has no snapshot {name}")
        self._copy(source, self._existing(disk), progress)

    def drop_snapshot(self, disk: Mapping[str, Any], name: str) -> None:
        """Delete the copy."""
        self._snapshot(disk, name).unlink(missing_ok=True)

    def _copy(self, source: Path, target: Path, progress: Progress) -> None:
        try:
            image_copy.copy(Image(source, "raw"), target, progress)
        except OSError as error:
            raise StorageError(f"cannot copy disk {source.name}: {error.strerror}") from error

    def _snapshot(self, disk: Mapping[str, Any], name: str) -> Path:
        stem = self._file(disk).stem
        return self.folder / f"{stem}.{identifier(name, 'snapshot')}{SNAPSHOT_SUFFIX}"

    def _file(self, disk: Mapping[str, Any]) -> Path:
        return self.folder / (identifier(disk.get("uuid"), "disk") + SUFFIX)

    def _existing(self, disk: Mapping[str, Any]) -> Path:
        path = self._file(disk)
        if not path.exists():
            raise StorageError(f"there is no disk {path.name}")
        return path


def _unallocated(entry: "os.DirEntry[str]") -> int:
    """The bytes a sparse file may still take up; none if it has just been removed."""
    try:
        found = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return 0
    return max(found.st_size - found.st_blocks * BLOCK, 0)
