"""What a hypervisor driver does so that a running guest can go to another node.

Source and target each see their own end only. Neither decides where the guest runs from then on:
the master looks at both `stages` and tells each end to keep the guest or to drop it. Until it does,
a guest whose state has been sent runs nowhere, so that it never runs twice.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ganeti_backend.errors import HypervisorError
from ganeti_backend.hypervisor.devices import Devices
from ganeti_backend.hypervisor.guest_stages import Stage


@dataclass(frozen=True)
class Progress:
    """How far a guest has come."""

    stage: Stage
    percent: int = 0
    message: str = ""


class Migration(ABC):
    """One node's end of migrations. Every method may be called again after a crash."""

    @abstractmethod
    def describe(self, name: str) -> dict[str, Any]:
        """On the source: what the target must know to make the same machine."""

    @abstractmethod
    def prepare(
        self, instance: Mapping[str, Any], devices: Devices, description: Mapping[str, Any]
    ) -> str:
        """On the target: wait for the guest's state; the address where. An old try is dropped."""

    @abstractmethod
    def start(self, name: str, address: str, *, live: bool) -> None:
        """On the source: begin to send; with `live` the guest runs on meanwhile."""

    @abstractmethod
    def progress(self, name: str) -> Progress:
        """On either: how far it is."""

    @abstractmethod
    def settle(self, name: str, *, keep: bool) -> None:
        """On either: the guest goes on here from now on, or leaves no trace here.

        To keep a guest that is being sent stops the sending. HypervisorError if there is no whole
        guest to keep.
        """


def refuse_in_between(name: str, stage: Stage) -> None:
    """HypervisorError if the guest must not be started here because it may go on elsewhere."""
    if stage in (Stage.SENDING, Stage.SENT, Stage.ARRIVING, Stage.ARRIVED):
        raise HypervisorError(
            f"instance {name} stands in the middle of a migration ({stage}); "
            f"'gnt-instance migrate --cleanup {name}' ends that"
        )
