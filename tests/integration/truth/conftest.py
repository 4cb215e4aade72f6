"""The cloud in one process of the spine's tests, with one server that is well."""

from __future__ import annotations

import pytest

from synnefo.db.models import Server
from tests.integration.spine.conftest import doorbell, spine
from tests.integration.spine.spine import Spine

__all__ = ["doorbell", "spine"]


@pytest.fixture
def server(spine: Spine) -> Server:
    """It is ACTIVE, and a look at its backend finds nothing."""
    made = spine.create()
    spine.settle()
    spine.reconciler.turn(spine.backend)
    assert spine.reconciler.turn(spine.backend).drifts == []
    assert spine.state(made) == ("ACTIVE", None)
    return made
