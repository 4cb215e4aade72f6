"""The port Doorbell: waking other processes, which would look by themselves a little later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Ring:
    """Somebody rang: look at `topic` now."""

    topic: str
    payload: dict[str, Any]


class Listening(Protocol):
    """An open ear for some topics."""

    def get(self, timeout: float) -> Ring | None:
        """The next ring, or None after `timeout` seconds; the caller then looks again anyway."""

    def close(self) -> None:
        """Stop listening; a `get` under way returns None."""


class Doorbell(Protocol):
    """Wakes other processes at once. Lossy by contract: who listens also looks every five seconds
    by himself.
    """

    def ring(self, topic: str, payload: dict[str, Any]) -> None:
        """Tell all listeners; never raises into the caller."""

    def listen(self, topics: Sequence[str]) -> Listening:
        """Hear the rings of these topics from now on."""
