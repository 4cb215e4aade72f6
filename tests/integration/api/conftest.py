from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synnefo import wiring
from synnefo.rapi.fake import FakeCluster
from tests.integration.api.client import Api
from tests.integration.api.world import World


class Silent:
    """A doorbell that remembers who rang."""

    def __init__(self) -> None:
        self.rings: list[tuple[str, dict[str, Any]]] = []

    def ring(self, topic: str, payload: dict[str, Any]) -> None:
        self.rings.append((topic, payload))


@pytest.fixture
def doorbell() -> Silent:
    return Silent()


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster("cluster.fake")


@pytest.fixture
def world(
    db: None, doorbell: Silent, cluster: FakeCluster, settings: Any, tmp_path: Path
) -> Iterator[World]:
    settings.SYNNEFO_IMAGES = tmp_path
    with wiring.replace(doorbell=doorbell, cluster=lambda _backend: cluster):
        yield World()


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)
