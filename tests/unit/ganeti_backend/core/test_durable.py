from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ganeti_backend import durable


def test_a_replaced_file_leaves_no_temporary_one(tmp_path: Path) -> None:
    durable.replace(tmp_path / "serial", b"1\n")
    durable.replace(tmp_path / "serial", b"2\n")
    assert (tmp_path / "serial").read_bytes() == b"2\n"
    assert [path.name for path in tmp_path.iterdir()] == ["serial"]


def test_a_lone_caller_writes_at_once() -> None:
    written: list[list[int]] = []
    group = durable.GroupCommit[int](lambda items: written.append(list(items)))
    group.commit(1)
    group.commit(2)
    assert written == [[1], [2]]


def test_what_arrives_during_a_write_shares_the_next_one() -> None:
    writing, go_on = threading.Event(), threading.Event()
    written: list[list[int]] = []

    def write(items: Sequence[int]) -> None:
        written.append(list(items))
        writing.set()
        assert go_on.wait(10)

    group = durable.GroupCommit[int](write)
    with ThreadPoolExecutor(9) as threads:
        first = threads.submit(group.commit, 0)
        assert writing.wait(10)
        batches = [group.put(number) for number in range(1, 9)]
        others = [threads.submit(group.wait, batch) for batch in batches]
        go_on.set()
        for future in [first, *others]:
            future.result(timeout=10)
    assert written == [[0], list(range(1, 9))]


def test_a_failed_write_reaches_all_of_its_batch_and_nobody_else() -> None:
    broken = True

    def write(items: Sequence[int]) -> None:
        if broken:
            raise OSError(28, "No space left on device")

    group = durable.GroupCommit[int](write)
    batch = group.put(1)
    group.put(2)
    for _ in range(2):
        with pytest.raises(OSError, match="No space"):
            group.wait(batch)
    broken = False
    group.commit(3)


def test_flush_writes_what_nobody_waits_for() -> None:
    written: list[list[int]] = []
    group = durable.GroupCommit[int](lambda items: written.append(list(items)))
    group.put(1)
    group.flush()
    group.flush()
    assert written == [[1]]
