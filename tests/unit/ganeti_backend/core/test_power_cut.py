"""A power cut at every system call: whatever was acknowledged before it is there after it."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ganeti_backend import errors, journal, objects, opcodes
from ganeti_backend.configuration.config import Config, Pending
from ganeti_backend.queue import job_files
from ganeti_backend.queue.job_queue import JobQueue
from ganeti_backend.queue.jobs import Job, JobStatus
from tests.unit.ganeti_backend.core.power_cut import PowerCut, images

DELAY = opcodes.OpTestDelay(duration=1.0)
ORDER = {"queued": 0, "running": 1, "success": 2}
Acknowledged = list[tuple[int, int, str]]  # system calls by then, job id, status


def running(job: Job) -> Job:
    return job.with_op(0, status=JobStatus.RUNNING)


def ended(job: Job) -> Job:
    return job.ended(0, (5, 0), JobStatus.SUCCESS, None)


def check_every_cut(
    layer: PowerCut, root: Path, target: Path, check: Callable[[int, Path], None]
) -> int:
    chance = random.Random(7)
    for number, state in enumerate(layer.states, start=1):
        for image in images(state, root, target, chance):
            check(number, image)
        shutil.rmtree(target)
    return len(layer.states)


def queue_check(acknowledged: Acknowledged) -> Callable[[int, Path], None]:
    def check(moment: int, image: Path) -> None:
        queue = JobQueue(image)
        queue.open()
        try:
            for then, job_id, status in acknowledged:
                if then <= moment:
                    found = queue.job(job_id)
                    assert found is not None, f"job {job_id} is lost by a cut at {moment}"
                    assert ORDER[found.status.value] >= ORDER[status]
            queue.set_drained(False)
            highest = max([job_id for then, job_id, _ in acknowledged if then <= moment], default=0)
            assert queue.submit([[DELAY]])[0].id > highest
        finally:
            queue.close()

    return check


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    return root


def test_no_acknowledged_job_is_ever_lost(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_files, "TURN_OVER_AT", 4000)
    queue = JobQueue(root)
    acknowledged: Acknowledged = []
    with monkeypatch.context() as patch:
        layer = PowerCut(root, patch)
        queue.open()

        def acknowledge(job: Job) -> None:
            acknowledged.append((layer.now, job.id, job.status.value))

        for round_number in range(4):
            made = queue.submit([[DELAY]] * (1 + round_number % 2))
            for job in made:
                acknowledge(job)
            acknowledge(queue.change(made[0].id, running))
            queue.note(running(made[0]).logged(0, (1, 0), "message", "half way"))
            acknowledge(queue.change(made[0].id, ended))
        queue.flush()
        assert queue.archive([1, 2])
        queue.set_drained(True)
        queue.set_drained(False)
        acknowledge(queue.submit([[DELAY]])[0])
        queue.close()
    calls = check_every_cut(layer, root, tmp_path / "image", queue_check(acknowledged))
    assert calls > 60


def test_nor_when_many_submit_at_once(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = JobQueue(root)
    acknowledged: Acknowledged = []
    with monkeypatch.context() as patch, ThreadPoolExecutor(6) as threads:
        layer = PowerCut(root, patch)
        queue.open()

        def submit(_: int) -> None:
            job = queue.submit([[DELAY]])[0]
            acknowledged.append((layer.now, job.id, "queued"))
            queue.change(job.id, ended)
            acknowledged.append((layer.now, job.id, "success"))

        list(threads.map(submit, range(10)))
        queue.close()
    check_every_cut(layer, root, tmp_path / "image", queue_check(acknowledged))
    assert len(acknowledged) == 20


def test_no_committed_change_of_the_configuration_is_ever_lost(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config(root)
    config.load()
    config.commit([objects.Cluster(name="c", uuid="c")])
    config.close()
    one = objects.Instance(name="one", uuid="1", primary_node="n")
    committed: list[tuple[int, float]] = []
    settled_at: list[int] = []
    with monkeypatch.context() as patch:
        layer = PowerCut(root, patch)
        config = Config(root)
        config.load()
        for number in range(1, 13):
            pending = Pending("one", "n", [], 1) if number == 1 else None
            settled = "one" if number == 6 else None
            config.commit([one.touched(float(number))], pending=pending, settled=settled)
            committed.append((layer.now, float(number)))
            if number == 6:
                settled_at.append(layer.now)
            if number % 4 == 0:
                config.compact()
        config.close()

    def check(moment: int, image: Path) -> None:
        again = Config(image)
        assert again.load()
        expected = max([number for then, number in committed if then <= moment], default=0.0)
        found = again.instance("one")
        assert (found.mtime if found is not None else 0.0) >= expected
        if committed[0][0] <= moment and found is not None and found.mtime < 6:
            assert again.pending_of("one") is not None
        if settled_at[0] <= moment:
            assert again.pending() == []
        again.close()

    assert check_every_cut(layer, root, tmp_path / "image", check) > 40


def test_the_layer_itself_notices_a_missing_sync(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test that cannot fail proves nothing: without the journal's fsync jobs do get lost."""
    queue = JobQueue(root)
    acknowledged: Acknowledged = []
    with monkeypatch.context() as patch:
        layer = PowerCut(root, patch)
        queue.open()
        patch.setattr(os, "fdatasync", lambda _descriptor: None)
        job = queue.submit([[DELAY]])[0]
        acknowledged.append((layer.now, job.id, "queued"))
        queue.close()
    with pytest.raises((AssertionError, errors.JobQueueError), match=r"is lost by a cut|serial"):
        check_every_cut(layer, root, tmp_path / "image", queue_check(acknowledged))


def test_a_torn_journal_is_cut_back_before_the_next_line(root: Path) -> None:
    """A write and its undoing both failed: what stands there must not spoil the next change."""
    config = Config(root)
    config.load()
    config.commit([objects.Cluster(name="c", uuid="c")])

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal.os, "fdatasync", broken)
        patch.setattr(journal.os, "ftruncate", broken)
        long = objects.Instance(name="x" * 3000, uuid="1", primary_node="n")
        with pytest.raises(errors.ConfigurationError, match="Input/output error"):
            config.commit([long])
    config.commit([objects.Instance(name="two", uuid="2", primary_node="n")])
    again = Config(root)
    again.load()
    assert [instance.name for instance in again.instances()] == ["two"]
