"""Connects nothing and remembers what was asked, for tests and the fake hypervisor."""

from collections.abc import Mapping
from typing import Any

from ganeti_backend.network.base import Attachment, Network


class FakeNetwork(Network):
    """Keeps the connected interfaces by uuid."""

    def __init__(self) -> None:
        self.connected: dict[str, str] = {}

    def attachment(self, instance_name: str, nic: Mapping[str, Any]) -> Attachment:
        """Remember the interface."""
        self.connected[nic["uuid"]] = instance_name
        return {"type": "user"}

    def release(self, instance_name: str, nic: Mapping[str, Any] | None = None) -> None:
        """Forget the interface, or all of the instance."""
        for uuid, owner in list(self.connected.items()):
            if owner == instance_name and (nic is None or nic["uuid"] == uuid):
                del self.connected[uuid]
