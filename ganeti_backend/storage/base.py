"""What a disk driver does. Sizes are MiB; a disk is the dictionary that travels in node calls.

The path of a disk always follows from its uuid here, never from what a caller says.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganeti_backend.errors import StorageError

MIB = 1 << 20
NO_SNAPSHOTS = "disks of this template have no snapshots"
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Image:
    """A file to fill a disk from."""

    path: Path
    format: str


@dataclass(frozen=True)
class Space:
    """How much room there is, in MiB; what existing disks may still grow into is not free."""

    total: int
    free: int


@dataclass(frozen=True)
class Status:
    """How a disk is. A percentage says that a mirrored one is not the same on both nodes yet."""

    size: int
    sync_percent: float | None = None
    degraded: bool = False
    complete: bool = True  # Whether this node's own copy has everything.


class Storage(ABC):
    """One kind of disk on one node."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def create(self, disk: Mapping[str, Any]) -> str:
        """Make the disk, empty, and answer its path; one that is there with this size is kept."""

    @abstractmethod
    def remove(self, disk: Mapping[str, Any]) -> None:
        """Remove the disk; it may be gone already."""

    @abstractmethod
    def grow(self, disk: Mapping[str, Any], amount: int) -> int:
        """Let the disk have `size` of the dictionary plus `amount`; answers the new size."""

    @abstractmethod
    def fill(self, disk: Mapping[str, Any], image: Image, progress: Progress) -> None:
        """Replace the disk's content with the image's; the rest reads as zeros.

        `progress` is called with percents, and what it raises stops the copy.
        """

    @abstractmethod
    def path(self, disk: Mapping[str, Any]) -> str:
        """Where the hypervisor finds the disk."""

    @abstractmethod
    def space(self) -> Space:
        """The room for further disks."""

    @abstractmethod
    def status(self, disk: Mapping[str, Any]) -> Status | None:
        """How the disk is; None if it is not there."""

    def activate(self, disk: Mapping[str, Any], role: str, peer: str | None) -> str:
        """Make the disk usable and answer its path; `peer` is the node with the other copy.

        Activating it again changes its role. A mirrored disk whose peer is new is copied to it.
        """
        if self.status(disk) is None:
            raise StorageError(f"there is no disk {disk.get('uuid')}")
        return self.path(disk)

    def deactivate(self, disk: Mapping[str, Any]) -> None:  # noqa: B027  Many need nothing done.
        """Let go of the disk; it may be let go of, or gone, already."""

    def replace(self, disk: Mapping[str, Any]) -> None:
        """An empty copy instead of this node's, to be filled from the peer; it may be missing."""
        raise StorageError("disks of this template have no other copy to be made from")

    def convert(self, disk: Mapping[str, Any], template: str) -> str:
        """Make it a disk of another template where it is, with its content; its new path.

        One that was converted already is left alone.
        """
        raise StorageError(f"a disk cannot become one of template {template} where it is")

    def snapshot(self, disk: Mapping[str, Any], name: str, progress: Progress) -> None:
        """Keep the content of now under this name; one of this name that is there is kept."""
        raise StorageError(NO_SNAPSHOTS)

    def revert(self, disk: Mapping[str, Any], name: str, progress: Progress) -> None:
        """Give the disk the content that it had; its size stays, and the rest reads as zeros."""
        raise StorageError(NO_SNAPSHOTS)

    def drop_snapshot(self, disk: Mapping[str, Any], name: str) -> None:
        """Forget what was kept; it may be forgotten already."""
        raise StorageError(NO_SNAPSHOTS)


def identifier(value: object, what: str) -> str:
    """The value if it can be used as a file name and nothing else; StorageError otherwise."""
    if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
        raise StorageError(f"{value!r} is no {what}")
    return value


def disk_size(disk: Mapping[str, Any]) -> int:
    """The disk's size in MiB, checked."""
    size = disk.get("size")
    if not isinstance(size, int) or size <= 0:
        raise StorageError(f"disk {disk.get('uuid')} has no valid size: {size!r}")
    return size
