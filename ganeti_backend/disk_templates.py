"""What each disk template means for where an instance can live. Drivers are in `storage`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

# What a node does with its copy of a disk; both while a guest moves.
PRIMARY, SECONDARY, BOTH = "primary", "secondary", "both"


class Reach(Enum):
    """From which nodes the data of a disk can be used."""

    NOTHING = "nothing"  # There are no disks.
    LOCAL = "local"  # One node has them.
    MIRRORED = "mirrored"  # A primary and a secondary node each have a copy.
    SHARED = "shared"  # Every node of the group sees the same disk.


@dataclass(frozen=True)
class DiskTemplate:
    """One row of the table."""

    name: str
    reach: Reach
    in_files: bool = False

    @property
    def nodes(self) -> int:
        """How many nodes hold an instance with these disks."""
        return 2 if self.reach is Reach.MIRRORED else 1

    @property
    def can_migrate(self) -> bool:
        """Whether a guest can go to another node without its disks going, or has none."""
        return self.reach is not Reach.LOCAL

    @property
    def assembled(self) -> bool:
        """Whether a node must make the disks usable first; files are so at all times."""
        return self.reach is not Reach.NOTHING and not self.in_files


TEMPLATES: dict[str, DiskTemplate] = {
    template.name: template
    for template in (
        DiskTemplate("diskless", Reach.NOTHING),
        DiskTemplate("file", Reach.LOCAL, in_files=True),
        DiskTemplate("sharedfile", Reach.SHARED, in_files=True),
        DiskTemplate("plain", Reach.LOCAL),
        DiskTemplate("drbd", Reach.MIRRORED),
        DiskTemplate("rbd", Reach.SHARED),
        DiskTemplate("ext", Reach.SHARED),
    )
}
