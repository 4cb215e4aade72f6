"""What a network driver does for one interface of one instance.

An attachment is a plain dictionary that the hypervisor understands: `type` is "user", "bridge" or
"ethernet", with what that needs beside it. Addresses are no business of a driver.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

Attachment = dict[str, str]


class Network(ABC):
    """One way of connecting interfaces."""

    @abstractmethod
    def attachment(self, instance_name: str, nic: Mapping[str, Any]) -> Attachment:
        """What the hypervisor connects the interface to; made if needed, may be repeated."""

    @abstractmethod
    def release(self, instance_name: str, nic: Mapping[str, Any] | None = None) -> None:
        """Take away what `attachment` made for this interface, or for all of the instance."""
