"""What a node has ready for an instance before a hypervisor driver starts it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Attachment = Mapping[str, str]


@dataclass(frozen=True)
class Devices:
    """What was prepared on the node for an instance: disk paths and attachments, in order."""

    disks: Sequence[str]
    attachments: Sequence[Attachment]
    seed: str | None = None
