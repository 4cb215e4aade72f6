"""Disks that are only written down, one small file each with the size: they outlive the daemon."""

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganeti_backend.errors import StorageError
from ganeti_backend.storage.base import Image, Progress, Space, Storage, disk_size, identifier

TOTAL = 4 * 1024 * 1024
SUFFIX = ".fake"


class FakeStorage(Storage):
    """Keeps the books in memory too, since a node with a thousand disks is asked often."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._lock = threading.Lock()
        self._sizes = {
            path.name.removesuffix(SUFFIX): int(json.loads(path.read_text())["size"])
            for path in folder.glob(f"*{SUFFIX}")
        }

    def create(self, disk: Mapping[str, Any]) -> str:
        """Write the disk down."""
        uuid, size = identifier(disk.get("uuid"), "disk"), disk_size(disk)
        with self._lock:
            free = self._free()
            if uuid not in self._sizes and size > free:
                raise StorageError(f"disk of {size} MiB does not fit into {free} MiB")
            self._put(uuid, max(size, self._sizes.get(uuid, 0)))
        return self.path(disk)

    def remove(self, disk: Mapping[str, Any]) -> None:
        """Strike the disk out."""
        uuid = identifier(disk.get("uuid"), "disk")
        with self._lock:
            self._file(uuid).unlink(missing_ok=True)
            self._sizes.pop(uuid, None)

    def grow(self, disk: Mapping[str, Any], amount: int) -> int:
        """Write the new size down."""
        uuid, size = self._known(disk), disk_size(disk) + amount
        with self._lock:
            if size - self._sizes[uuid] > self._free():
                raise StorageError(f"disk cannot grow by {amount} MiB, {self._free()} MiB are free")
            self._put(uuid, max(size, self._sizes[uuid]))
        return size

    def fill(self, disk: Mapping[str, Any], image: Image, progress: Progress) -> None:
        """Check that both are there and fit, and report as if something were copied."""
        uuid = self._known(disk)
        if image.path.stat().st_size > self._sizes[uuid] << 20:
            raise StorageError(f"the image is larger than the disk of {self._sizes[uuid]} MiB")
        for percent in (0, 50, 100):
            progress(percent)

    def path(self, disk: Mapping[str, Any]) -> str:
        """The file with the disk's size."""
        return str(self._file(identifier(disk.get("uuid"), "disk")))

    def space(self) -> Space:
        """A generous node."""
        with self._lock:
            return Space(TOTAL, self._free())

    def _known(self, disk: Mapping[str, Any]) -> str:
        uuid = identifier(disk.get("uuid"), "disk")
        if uuid not in self._sizes:
            raise StorageError(f"there is no disk {uuid}")
        return uuid

    def _free(self) -> int:
        return TOTAL - sum(self._sizes.values())

    def _put(self, uuid: str, size: int) -> None:
        temporary = self.folder / f".{uuid}.new"
        temporary.write_text(json.dumps({"size": size}))
        temporary.rename(self._file(uuid))
        self._sizes[uuid] = size

    def _file(self, uuid: str) -> Path:
        return self.folder / f"{uuid}{SUFFIX}"
