from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ganeti_backend import durable, errors, opcodes
from ganeti_backend.queue import job_files
from ganeti_backend.queue.job_files import JOB_FILE
from ganeti_backend.queue.job_queue import JobQueue
from ganeti_backend.queue.jobs import JobStatus
from ganeti_backend.queue.queue_journal import QueueJournal

DELAY = opcodes.OpTestDelay(duration=1.0)


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[JobQueue]:
    queue = JobQueue(tmp_path / "queue")
    queue.open()
    yield queue
    queue.close()


def reopened(queue: JobQueue) -> JobQueue:
    queue.close()
    again = JobQueue(queue.folder)
    again.open()
    return again


def crashed(queue: JobQueue) -> JobQueue:
    """What a new master reads; the old one is gone without a farewell."""
    os.close(queue._files._lock)
    queue._files._lock = -1
    again = JobQueue(queue.folder)
    again.open()
    return again


def test_the_folder_looks_as_ganetis(queue: JobQueue) -> None:
    queue.submit([[DELAY]])
    names = sorted(path.name for path in queue.folder.glob("[!.]*"))
    assert names == ["archive", "job-1", "lock", "serial", "version"]
    assert (queue.folder / "serial").read_text() == "1\n"
    assert (queue.folder / "version").read_text() == "1\n"
    content = (queue.folder / "job-1").read_text()
    assert json.loads(content)["ops"][0]["status"] == "queued"
    assert content.count("\n") == 1
    assert os.stat(queue.folder / "job-1").st_mode & 0o777 == 0o640


def test_temporary_names_are_not_taken_for_jobs(queue: JobQueue) -> None:
    seen: list[str] = []
    write_new = durable.write_new

    def spy(path: Path | str, content: bytes, **options: bool) -> None:
        seen.append(Path(path).name)
        write_new(path, content, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(durable, "write_new", spy)
        queue.submit([[DELAY]])
    assert "job-1.new" in seen
    assert not any(re.fullmatch(r"job-[0-9]+", name) for name in seen)


def test_everything_is_synced_before_the_submitter_is_told(queue: JobQueue) -> None:
    """And before any reader sees it. What a power cut leaves is tried in test_power_cut."""
    order: list[str] = []
    fdatasync, rename = os.fdatasync, os.rename

    def spy_sync(descriptor: int) -> None:
        order.append(f"sync {Path(os.readlink(f'/proc/self/fd/{descriptor}')).name}")
        fdatasync(descriptor)

    def spy_rename(source: str, target: str) -> None:
        order.append(f"rename {Path(target).name}")
        rename(source, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fdatasync", spy_sync)
        patch.setattr(os, "rename", spy_rename)
        queue.submit([[DELAY]])
    assert order == ["sync .journal", "rename serial", "rename job-1"]


def slow_disk(patch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """The next write begins (first event) and ends only after the second is set."""
    writing, go_on = threading.Event(), threading.Event()
    append = QueueJournal.append

    def slow(self: QueueJournal, record: Any) -> None:
        writing.set()
        assert go_on.wait(10)
        append(self, record)

    patch.setattr(QueueJournal, "append", slow)
    return writing, go_on


def test_concurrent_submissions_share_writes(queue: JobQueue) -> None:
    """Whoever comes while one is written waits for the next write, together with all others."""
    syncs: list[Any] = []
    append, make = QueueJournal.append, JobQueue._make
    all_here = threading.Barrier(20)

    def spy(self: QueueJournal, record: Any) -> None:
        syncs.append(record)
        if len(syncs) == 1:
            all_here.wait(10)
        append(self, record)

    def spy_on_making(self: JobQueue, batches: Any) -> Any:
        made = make(self, batches)
        if made[0][0].id > 1:
            all_here.wait(10)
        return made

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(20) as threads:
        patch.setattr(QueueJournal, "append", spy)
        patch.setattr(JobQueue, "_make", spy_on_making)
        made = list(threads.map(lambda _: queue.submit([[DELAY]])[0].id, range(20)))
    assert sorted(made) == list(range(1, 21))
    assert len(syncs) < 12
    assert all((queue.folder / f"job-{job_id}").exists() for job_id in made)
    assert (queue.folder / "serial").read_text() == "20\n"


def test_jobs_come_back_after_a_restart(queue: JobQueue) -> None:
    job = queue.submit([[DELAY], [DELAY]])[0]
    queue.save(job.with_op(0, status=JobStatus.RUNNING))
    again = reopened(queue)
    assert again.job_ids() == [1, 2]
    assert again.job(1).status == JobStatus.RUNNING
    assert again.submit([[DELAY]])[0].id == 3
    again.close()


def test_a_job_beyond_the_serial_is_not_overwritten(queue: JobQueue) -> None:
    queue.submit([[DELAY]])
    (queue.folder / "serial").write_text("0\n")
    (queue.folder / "job-2.new").write_text("half")
    again = reopened(queue)
    assert again.submit([[DELAY]])[0].id == 2
    again.close()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"id": 1}', '{"id": 1, "ops": [{"input": {"OP_ID": "OP_NO"}}]}']
)
def test_a_corrupt_job_file_is_named_and_kept(queue: JobQueue, content: str) -> None:
    path = queue.folder / "job-7"
    path.write_text(content)
    queue.close()
    with pytest.raises(errors.JobQueueError, match=r"job-7: line \d"):
        JobQueue(queue.folder).open()
    assert path.read_text() == content


def test_two_masters_cannot_share_a_queue(queue: JobQueue) -> None:
    with pytest.raises(errors.JobQueueError, match="another master"):
        JobQueue(queue.folder).open()


def test_a_drained_queue_takes_nothing(queue: JobQueue) -> None:
    queue.set_drained(True)
    assert (queue.folder / "drain").exists()
    with pytest.raises(errors.QueueDrained, match="Queue drained"):
        queue.submit([[DELAY]])
    queue.set_drained(False)
    assert queue.submit([[DELAY]])[0].id == 1


def test_a_full_queue_takes_nothing(tmp_path: Path) -> None:
    queue = JobQueue(tmp_path, max_jobs=1)
    queue.open()
    queue.submit([[DELAY]])
    with pytest.raises(errors.QueueFull):
        queue.submit([[DELAY]])
    queue.close()


def test_final_jobs_go_to_the_archive_by_ten_thousands(queue: JobQueue) -> None:
    first, second = queue.submit([[DELAY], [DELAY]])
    queue.save(first.ended(0, (5, 0), JobStatus.SUCCESS, None))
    assert queue.finished_before(5) == []
    assert queue.finished_before(6) == [1]
    assert queue.archive([first.id, second.id, 99]) == [1]
    assert (queue.folder / "archive" / "0" / "job-1").exists()
    assert queue.job_ids() == [2]
    assert queue.job(1).archived
    assert queue.job(1).status == JobStatus.SUCCESS
    assert queue.job(99) is None


def test_relative_dependencies_become_absolute(queue: JobQueue) -> None:
    queue.submit([[DELAY]])
    follower = opcodes.OpTestDelay(depends=[[-1, ["success"]]])
    job = queue.submit([[DELAY], [follower]])[1]
    assert job.ops[0].input.depends == [[2, ["success"]]]
    with pytest.raises(errors.OpPrereqError, match="outside of this submission"):
        queue.submit([[follower]])


@pytest.mark.parametrize("broken", ["journal", "file"])
def test_a_failed_write_leaves_no_job_behind(queue: JobQueue, broken: str) -> None:
    times = []

    def full(*_: object, **__: object) -> None:
        times.append(1)
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        if broken == "journal":
            patch.setattr(os, "pwrite", full)
        else:
            patch.setattr(durable, "write_new", full)
        with pytest.raises(errors.JobQueueError, match="No space left on device"):
            queue.submit([[DELAY]])
    assert times
    assert queue.job_ids() == []
    assert not any(JOB_FILE.fullmatch(path.name) for path in queue.folder.iterdir())
    assert queue.submit([[DELAY]])[0].id == 2
    again = crashed(queue)
    assert again.job_ids() == [2]
    again.close()


def test_waiting_for_a_change(queue: JobQueue) -> None:
    job = queue.submit([[DELAY]])[0]
    wait = queue.wait_for_change
    assert wait(1, ["status"], ["queued"], None, 0.0) is None
    assert wait(1, ["status"], None, None, 0.0) == {"job_info": ["queued"], "log_entries": []}
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(wait, 1, ["status"], ["queued"], 0, 10.0)
        queue.note(job.logged(0, (1, 0), "message", "hello"))
        assert waiting.result(10)["log_entries"] == [[1, [1, 0], "message", "hello"]]
    assert wait(1, ["status"], ["queued"], 1, 0.0) is None
    queue.save(job.ended(0, (5, 0), JobStatus.SUCCESS, None))
    assert wait(1, ["status"], ["success"], 1, 10.0)["job_info"] == ["success"]
    with pytest.raises(errors.JobLost):
        wait(99, ["status"], None, None, 0.0)


def test_a_result_that_is_not_json_harms_its_own_job_only(queue: JobQueue) -> None:
    job = queue.submit([[DELAY]])[0]
    with pytest.raises(TypeError):
        queue.save(job.ended(0, (1, 0), JobStatus.SUCCESS, object()))
    queue.submit([[DELAY]])


def test_jobs_on_their_way_count_for_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = JobQueue(tmp_path, max_jobs=2)
    queue.open()
    writing, go_on = slow_disk(monkeypatch)
    with ThreadPoolExecutor(1) as threads:
        coming = threads.submit(queue.submit, [[DELAY], [DELAY]])
        assert writing.wait(10)
        with pytest.raises(errors.QueueFull):
            queue.submit([[DELAY]])
        go_on.set()
        assert len(coming.result(10)) == 2
    queue.close()


def test_steps_of_several_threads_all_count(queue: JobQueue) -> None:
    job = queue.submit([[DELAY]])[0]

    def log(number: int) -> None:
        durable_too = number % 3 == 0
        queue.change(
            job.id, lambda j: j.logged(0, (1, 0), "message", str(number)), durable=durable_too
        )

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(log, range(90)))
    found = queue.job(job.id)
    assert [entry[0] for entry in found.ops[0].log] == list(range(1, 91))
    again = reopened(queue)
    assert again.job(job.id) == found
    again.close()


def test_what_is_shown_is_on_disk(queue: JobQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a message that comes in between shows a state that is not written yet."""
    job = queue.submit([[DELAY]])[0]
    writing, go_on = slow_disk(monkeypatch)
    with ThreadPoolExecutor(1) as threads:
        ending = threads.submit(
            queue.change, job.id, lambda j: j.ended(0, (2, 0), JobStatus.SUCCESS, None)
        )
        assert writing.wait(10)
        queue.change(job.id, lambda j: j.logged(0, (1, 0), "message", "late"), durable=False)
        assert queue.job(job.id).status == JobStatus.QUEUED
        go_on.set()
        ending.result(10)
    assert queue.job(job.id).status == JobStatus.SUCCESS
    assert queue.job(job.id).log_serial == 1


def test_a_newer_queue_is_refused_and_kept(queue: JobQueue) -> None:
    (queue.folder / "version").write_text("2\n")
    queue.close()
    with pytest.raises(errors.JobQueueError, match=r"version: line 1: this queue has version 2"):
        JobQueue(queue.folder).open()
    assert (queue.folder / "version").read_text() == "2\n"
    (queue.folder / "version").write_text("1\n")
    JobQueue(queue.folder).open()


def test_a_job_under_another_jobs_name_is_refused(queue: JobQueue) -> None:
    queue.submit([[DELAY]])
    queue.close()
    (queue.folder / "job-1").rename(queue.folder / "job-9")
    with pytest.raises(errors.JobQueueError, match=r"job-9: line 1: holds job 1"):
        JobQueue(queue.folder).open()


def test_archiving_goes_on_where_it_was_cut_short(queue: JobQueue) -> None:
    first, second = queue.submit([[DELAY], [DELAY]])
    for job in (first, second):
        queue.save(job.ended(0, (5, 0), JobStatus.SUCCESS, None))
    rename = Path.rename

    def full(self: Path, target: Path) -> Path:
        if self.name == "job-2":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "rename", full)
        with pytest.raises(OSError, match="No space"):
            queue.archive([1, 2])
    assert queue.job_ids() == [1, 2]
    assert queue.archive([1, 2]) == [1, 2]
    assert queue.archived_job_ids() == [1, 2]


# The journal.


def test_the_journal_is_turned_over_without_losing_anything(
    queue: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_files, "TURN_OVER_AT", 2000)
    for _ in range(40):
        job = queue.submit([[DELAY]])[0]
        queue.change(job.id, lambda j: j.ended(0, (5, 0), JobStatus.SUCCESS, None))
        if queue._files._syncing:
            queue._files._syncing.join()  # The next turn has to wait for the end of this one.
    assert (queue.folder / ".journal").stat().st_size < 4_000
    before = queue.jobs()
    again = crashed(queue)
    assert again.jobs() == before
    again.close()
    assert (queue.folder / ".journal").stat().st_size == 0


def test_a_torn_job_file_is_mended_from_the_journal(queue: JobQueue) -> None:
    job = queue.submit([[DELAY]])[0]
    (queue.folder / "job-1").write_bytes(b"")
    (queue.folder / "serial").write_bytes(b"")
    again = crashed(queue)
    assert again.jobs() == [job]
    assert (queue.folder / "serial").read_text() == "1\n"
    again.close()


def test_a_damaged_journal_is_named_and_kept(queue: JobQueue) -> None:
    for _ in range(3):
        queue.submit([[DELAY]])
    path = queue.folder / ".journal"
    broken = path.read_bytes().replace(b"queued", b"QUEUED", 1)
    path.write_bytes(broken)
    with pytest.raises(errors.JobQueueError, match=r"\.journal: line 1: the checksum"):
        crashed(queue)
    assert path.read_bytes() == broken


def test_archived_jobs_do_not_come_back_from_the_journal(queue: JobQueue) -> None:
    job = queue.submit([[DELAY]])[0]
    queue.change(job.id, lambda j: j.ended(0, (5, 0), JobStatus.SUCCESS, None))
    assert queue.archive([job.id]) == [1]
    again = crashed(queue)
    assert again.job_ids() == []
    assert again.job(1).archived
    again.close()
