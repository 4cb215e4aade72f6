"""No disk at all: an instance of this template boots from its kernel or from the network."""

from collections.abc import Mapping
from typing import Any

from ganeti_backend.errors import StorageError
from ganeti_backend.storage.base import Image, Progress, Space, Status, Storage


class DisklessStorage(Storage):
    """Refuses whatever needs a disk, so that a mistake is seen where it is made."""

    def create(self, disk: Mapping[str, Any]) -> str:
        """There is nothing to make."""
        raise StorageError("a diskless instance has no disks")

    def remove(self, disk: Mapping[str, Any]) -> None:
        """There is nothing to remove."""

    def grow(self, disk: Mapping[str, Any], amount: int) -> int:
        """There is nothing to grow."""
        raise StorageError("a diskless instance has no disks")

    def fill(self, disk: Mapping[str, Any], image: Image, progress: Progress) -> None:
        """There is nothing to fill."""
        raise StorageError("a diskless instance cannot take an image")

    def path(self, disk: Mapping[str, Any]) -> str:
        """There is nothing to find."""
        raise StorageError("a diskless instance has no disks")

    def status(self, disk: Mapping[str, Any]) -> Status | None:
        """There is nothing to look at."""
        return None

    def space(self) -> Space:
        """No room is needed."""
        return Space(0, 0)
