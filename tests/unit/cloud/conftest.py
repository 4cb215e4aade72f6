"""A short place for each test: clouds refuse to be where the paths of sockets get too long."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """In place of pytest's own, which is as long as its base folder."""
    with tempfile.TemporaryDirectory(prefix="ct-") as folder:
        yield Path(folder)
