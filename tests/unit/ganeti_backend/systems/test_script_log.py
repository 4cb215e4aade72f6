"""Old logs of scripts go, also while others take them away."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ganeti_backend.os_definitions import script_log


def _logs(folder: Path, count: int) -> None:
    for number in range(count):
        path = folder / f"verify-{number:03}.log"
        path.touch()
        os.utime(path, (number, number))


def test_the_oldest_go(tmp_path: Path) -> None:
    _logs(tmp_path, 5)
    script_log.prune(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["verify-003.log", "verify-004.log"]


def test_many_may_prune_at_once(tmp_path: Path) -> None:
    for _ in range(20):
        _logs(tmp_path, 100)
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda _: script_log.prune(tmp_path, 3), range(8)))
        assert len(list(tmp_path.iterdir())) == 3
