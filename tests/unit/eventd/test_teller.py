"""The daemon over a queue folder of this test's, with the real inotify."""

import os
import subprocess
import sys
import threading

import pytest
from daemon_room import PATIENCE, TOPOLOGY, Heard

from eventd.watch import REPLACED, FolderGone, FolderWatch
from synnefo.bus.spool import SpoolBus


def test_each_status_is_told_once_and_in_order(queue, heard, running):
    with running():
        for status in ("queued", "waiting", "running", "success"):
            queue.write(1, status)
            heard.wait(lambda events, s=status: (1, s) in events)
            queue.write(1, status)
        queue.write(2, "queued")
        heard.wait(lambda events: (2, "queued") in events)
    statuses = ["queued", "waiting", "running", "success"]
    assert heard.events == [*((1, s) for s in statuses), (2, "queued")]


def test_names_that_are_no_jobs_are_passed_over(queue, heard, running):
    with running():
        for name in ("serial", "job-7x9.new", "job-", "job-1.tmp", "lock"):
            (queue.folder / "temporary").write_text("{}")
            (queue.folder / "temporary").rename(queue.folder / name)
        queue.write(1, "queued")
        heard.wait(lambda events: events == [(1, "queued")])


def test_files_that_are_no_jobs_are_passed_over(queue, heard, running):
    with running():
        for job_id, content in enumerate(("", "[]", '{"id":1}', '{"id":1,"ops":[{}]}'), 1):
            (queue.folder / "temporary").write_text(content)
            (queue.folder / "temporary").rename(queue.folder / f"job-{job_id}")
        queue.write(9, "queued")
        heard.wait(lambda events: events == [(9, "queued")])


def test_what_happened_while_it_was_down_is_told_at_start(queue, heard, running):
    with running():
        queue.write(1, "running")
        queue.write(2, "success")
        heard.wait(lambda events: len(events) == 2)
    queue.write(1, "success")
    queue.write(3, "error")
    queue.write(4, "queued")
    queue.archive(1)
    queue.archive(2)
    queue.archive(3)
    with running():
        heard.wait(lambda events: len(events) == 5)
        queue.write(4, "success")
        heard.wait(lambda events: len(events) == 6)
    assert heard.events[2:] == [(1, "success"), (3, "error"), (4, "queued"), (4, "success")]


def test_jobs_that_were_archived_at_once_are_told(queue, heard, running):
    with running():
        for job_id in range(1, 30):
            queue.write(job_id, "success")
            queue.archive(job_id)
        heard.wait(lambda events: len(events) == 29)


def test_an_archive_from_before_the_first_start_is_history(queue, heard, running):
    queue.write(1, "success")
    queue.archive(1)
    with running():
        queue.write(2, "success")
        heard.wait(lambda events: events == [(2, "success")])


def test_ids_may_appear_out_of_order(queue, heard, running):
    with running():
        queue.write(3, "success")
        heard.wait(lambda events: (3, "success") in events)
    with running():
        queue.write(2, "success")
        heard.wait(lambda events: (2, "success") in events)
    queue.write(1, "success")
    with running():
        heard.wait(lambda events: (1, "success") in events)
    assert len(heard.events) == 3


def test_an_unusable_position_file_loses_nothing(queue, heard, running, tmp_path):
    with running():
        queue.write(1, "success")
        heard.wait(lambda events: len(events) == 1)
    (tmp_path / "state/position.json").write_text("")
    queue.write(2, "success")
    with running():
        heard.wait(lambda events: (2, "success") in events)


def test_with_the_bus_away_nothing_is_lost_and_order_is_kept(queue, bus, heard, running):
    with running():
        bus.away = True
        for job_id in range(1, 20):
            queue.write(job_id, "running")
        saved = threading.Event()
        for _ in range(1000):
            if sum(SpoolBus(queue.folder.parent / "state/overflow", TOPOLOGY).backlog().values()):
                break
            saved.wait(0.01)
        bus.away = False
        for job_id in range(1, 20):
            queue.write(job_id, "success")
        heard.wait(lambda events: {(n, "success") for n in range(1, 20)} <= set(events))
    for job_id in range(1, 20):
        statuses = [status for number, status in heard.events if number == job_id]
        assert statuses in (["running", "success"], ["success"])


def test_stopped_with_the_bus_away_the_rest_comes_after_the_next_start(queue, bus, heard, running):
    bus.away = True
    with running() as teller:
        queue.write(1, "success")
        pause = threading.Event()
        for _ in range(1000):
            if teller.position.told(1) is None:
                break
            pause.wait(0.01)
    bus.away = False
    with running():
        heard.wait(lambda events: events == [(1, "success")])


def test_only_the_master_tells_and_a_new_one_tells_what_is_missing(queue, heard, running):
    master = threading.Event()
    with running(master.is_set) as teller:
        queue.write(1, "success")
        queue.write(2, "running")
        assert teller.position.told(1) == ()
        master.set()
        queue.write(3, "queued")
        heard.wait(lambda events: len(events) == 3)
    assert heard.events == [(1, "success"), (2, "running"), (3, "queued")]


def test_a_folder_that_vanishes_ends_the_watch(queue):
    with FolderWatch(queue.folder, REPLACED) as watch:
        queue.folder.rename(queue.folder.with_name("gone"))
        with pytest.raises(FolderGone):
            watch.seen(PATIENCE)


def test_after_an_overflow_everything_is_looked_through(queue):
    with open("/proc/sys/fs/inotify/max_queued_events") as limit:
        most = int(limit.read())
    if most > 20_000:
        pytest.skip("the kernel's queue is too long to overflow in a test")
    with FolderWatch(queue.folder, REPLACED) as watch:
        (queue.folder / "job-1").touch()
        for number in range(most + 10):
            os.rename(
                queue.folder / f"job-{number % 2 + 1}", queue.folder / f"job-{2 - number % 2}"
            )
        assert watch.seen(PATIENCE).look_through


def test_the_process_starts_tells_and_stops(queue, tmp_path):
    bus = SpoolBus(tmp_path / "bus", TOPOLOGY)
    environment = os.environ | {
        "GANETI_QUEUE_DIR": str(queue.folder),
        "GANETI_CLUSTER_NAME": "c",
        "EVENTD_STATE": str(tmp_path / "eventd"),
        "SYNNEFO_BUS": f"spool:{tmp_path}/bus",
    }
    heard = Heard(bus)
    process = subprocess.Popen(
        [sys.executable, "-m", "eventd"], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        queue.write(1, "success")
        heard.wait(lambda events: events == [(1, "success")])
        with open(f"/proc/{process.pid}/status") as status:
            resident = next(line for line in status if line.startswith("VmRSS"))
        assert int(resident.split()[1]) < 30_000
        process.terminate()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
        heard.stop()


def test_killed_at_any_moment_it_loses_nothing(queue, tmp_path):
    bus = SpoolBus(tmp_path / "bus", TOPOLOGY)
    environment = os.environ | {
        "GANETI_QUEUE_DIR": str(queue.folder),
        "GANETI_CLUSTER_NAME": "c",
        "EVENTD_STATE": str(tmp_path / "eventd"),
        "SYNNEFO_BUS": f"spool:{tmp_path}/bus",
    }
    heard = Heard(bus)
    process = None
    try:
        for turn in range(5):
            process = subprocess.Popen(
                [sys.executable, "-m", "eventd"], env=environment, stderr=subprocess.DEVNULL
            )
            first = turn * 100 + 1
            for job_id in range(first, first + 100):
                queue.write(job_id, "success")
                if job_id % 3 == 0:
                    queue.archive(job_id)
            # Killed when some and, most often, not all are told.
            heard.wait(lambda events, n=first: any(job_id >= n for job_id, _ in events))
            process.kill()
            process.wait()
        process = subprocess.Popen(
            [sys.executable, "-m", "eventd"], env=environment, stderr=subprocess.DEVNULL
        )
        expected = {(job_id, "success") for job_id in range(1, 501)}
        heard.wait(lambda events: set(events) == expected)
    finally:
        process.kill()
        process.wait()
        heard.stop()
