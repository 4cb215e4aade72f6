from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from synnefo import wiring
from tests.integration.spine.spine import Spine


class Rings:
    """A doorbell that remembers."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []

    def ring(self, topic: str, payload: dict[str, Any]) -> None:
        self.heard.append((topic, payload))


@pytest.fixture
def doorbell() -> Rings:
    return Rings()


@pytest.fixture
def spine(db: None, doorbell: Rings) -> Iterator[Spine]:
    with wiring.replace(doorbell=doorbell):
        yield Spine()
