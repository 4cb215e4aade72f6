"""User-mode networking: the guest reaches out through the emulator, nobody reaches in.

It needs no rights and no devices on the node. Guests do not see each other: this is for trying a
cloud on one machine, not for tenants' networks.
"""

from collections.abc import Mapping
from typing import Any

from ganeti_backend.network.base import Attachment, Network


class UserNetwork(Network):
    """Nothing to make and nothing to take away."""

    def attachment(self, instance_name: str, nic: Mapping[str, Any]) -> Attachment:
        """Every interface is alike."""
        return {"type": "user"}

    def release(self, instance_name: str, nic: Mapping[str, Any] | None = None) -> None:
        """The emulator takes it along when it ends."""
