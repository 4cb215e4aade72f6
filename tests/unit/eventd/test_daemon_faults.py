"""What goes wrong around the daemon: floods, full disks, failovers, a bus that is away."""

import json
import threading

import pytest
from daemon_room import PATIENCE, TOPOLOGY, Heard, finals, until

from eventd.outlet import Outlet
from eventd.teller import Teller
from synnefo.bus.memory import MemoryBus
from synnefo.bus.spool import deposit
from synnefo.core.messages import parse


def test_a_flood_while_it_hangs_is_told_to_its_end(queue, bus, heard, running):
    """The kernel's queue overflows: what the daemon was not shown, it looks for."""
    with open("/proc/sys/fs/inotify/max_queued_events") as limit:
        most = int(limit.read())
    if most > 20_000:
        pytest.skip("the kernel's queue is too long to overflow in a test")
    hanging, hangs = threading.Event(), threading.Event()

    def is_master():
        hangs.set()
        return hanging.wait(PATIENCE)

    with running(is_master):
        assert hangs.wait(PATIENCE)
        (queue.folder / "flood-0").touch()
        for number in range(most + 10):
            old, new = f"flood-{number % 2}", f"flood-{1 - number % 2}"
            (queue.folder / old).rename(queue.folder / new)
        for job_id in range(1, 51):
            queue.write(job_id, "success")
            if job_id % 2:
                queue.archive(job_id)
        hanging.set()
        heard.wait(lambda events: finals(events) == list(range(1, 51)))
        queue.write(51, "success")
        heard.wait(lambda events: 51 in finals(events))
    assert finals(heard.events) == list(range(1, 52))


def test_changes_while_the_bus_is_away(queue, bus, heard, running):
    """Each end arrives once and in the order of its job's life, those of a new run included."""
    bus.away = True
    jobs = range(1, 3_401)  # Three changes each: more than 10,000.
    with running() as teller:
        for status in ("queued", "running"):
            for job_id in jobs:
                queue.write(job_id, status)
        until(lambda: teller.position.told(jobs[-1]) not in {(), None})
    with running() as teller:
        for job_id in jobs:
            queue.write(job_id, "success")
        until(lambda: teller.position.told(jobs[-1]) is None)
        bus.away = False
        queue.write(jobs[-1] + 1, "success")
        heard.wait(lambda events: (jobs[-1] + 1, "success") in events)
    assert finals(heard.events) == [*jobs, jobs[-1] + 1]
    ranks = {"queued": 0, "running": 1, "success": 2}
    last = {}
    for job_id, status in heard.events:
        assert ranks[status] > last.get(job_id, -1), (job_id, status)
        last[job_id] = ranks[status]


def test_killed_again_and_again_with_the_bus_away_it_gives_nothing_up(queue, tmp_path):
    """A consumer that dies may be poisoned by its message; the overflow's never is."""
    overflow = deposit(tmp_path / "overflow", TOPOLOGY)
    overflow.publish(TOPOLOGY.key("op"), [b"{}"])
    (path,) = (tmp_path / "overflow/snf-events-op/new").iterdir()
    path.rename(path.with_name(f"{path.name}.50"))
    bus = MemoryBus(TOPOLOGY)
    outlet = Outlet(bus, overflow, TOPOLOGY)
    outlet.start()
    until(lambda: sum(bus.backlog().values()) == 1)
    outlet.stop()
    assert overflow.dead_letters() == []


def test_the_overflow_is_emptied_also_after_its_disk_was_full(queue, tmp_path, monkeypatch):
    bus, overflow = MemoryBus(TOPOLOGY), deposit(tmp_path / "overflow", TOPOLOGY)
    overflow.publish(TOPOLOGY.key("op"), [b"{}"])
    tried, real = threading.Event(), overflow.consume

    def full(*arguments):
        if not tried.is_set():
            tried.set()
            raise OSError(28, "No space left on device")
        real(*arguments)

    monkeypatch.setattr(overflow, "consume", full)
    monkeypatch.setattr("eventd.outlet.TRY_AGAIN_AFTER", 0.01)
    outlet = Outlet(bus, overflow, TOPOLOGY)
    outlet.start()
    until(lambda: sum(bus.backlog().values()) == 1)
    outlet.stop()


def test_without_room_for_its_position_it_goes_on(queue, heard, running, monkeypatch):
    with running() as teller:
        with monkeypatch.context() as patch:
            full = OSError(28, "No space left on device")
            patch.setattr(type(teller.position), "save", raising(full))
            queue.write(1, "success")
            heard.wait(lambda events: (1, "success") in events)
        queue.write(2, "success")
        heard.wait(lambda events: (2, "success") in events)
    assert heard.events == [(1, "success"), (2, "success")]


def raising(error):
    def fail(*_, **__):
        raise error

    return fail


def test_started_late_it_finds_the_archive_moved_since_the_last_run(queue, heard, running):
    with running():
        queue.write(1, "running")
        heard.wait(lambda events: (1, "running") in events)
    queue.write(1, "success")
    for job_id in range(2, 40):
        queue.write(job_id, "success")
    for job_id in range(1, 40):
        queue.archive(job_id)
    with running():
        heard.wait(lambda events: finals(events) == list(range(1, 40)))
    assert len(heard.events) == 40


def test_a_job_that_vanished_and_comes_back_is_told(queue, heard, running):
    with running():
        queue.write(1, "running")
        heard.wait(lambda events: (1, "running") in events)
    (queue.folder / "job-1").unlink()
    with running():
        queue.write(2, "success")
        heard.wait(lambda events: (2, "success") in events)
        queue.write(1, "error")
        heard.wait(lambda events: (1, "error") in events)


def test_a_queue_that_began_anew_is_told_from_its_beginning(queue, heard, running):
    (queue.folder / "serial").write_text("7\n")
    with running():
        queue.write(7, "success")
        heard.wait(lambda events: (7, "success") in events)
    (queue.folder / "job-7").unlink()
    (queue.folder / "serial").write_text("1\n")
    queue.write(1, "success")
    with running():
        heard.wait(lambda events: (1, "success") in events)


def test_after_a_failover_the_new_master_tells_what_the_old_one_did_not(tmp_path, queue, bus):
    """Two daemons see copies of one queue; for a moment both take themselves for the master."""
    heard = Heard(bus)
    masters = {"node1": True, "node2": False}
    daemons = {name: daemon(tmp_path / name, queue, bus, masters, name) for name in masters}
    try:
        for job_id in (1, 2):
            queue.write(job_id, "success")
        queue.write(3, "running")
        heard.wait(lambda events: (3, "running") in events)
        assert len(heard.events) == 3
        masters["node2"] = True
        queue.write(3, "success")
        queue.write(4, "success")
        heard.wait(lambda events: {1, 2, 3, 4} <= set(finals(events)))
        masters["node1"] = False
        queue.write(5, "success")
        heard.wait(lambda events: (5, "success") in events)
    finally:
        for teller, thread in daemons.values():
            teller.stop()
            thread.join(PATIENCE)
        heard.stop()
    # The old master told the first jobs, the new one what it could not know of: twice at most.
    ends = [job_id for job_id, status in heard.events if status == "success"]
    assert set(ends) == {1, 2, 3, 4, 5}
    assert max(map(ends.count, ends)) <= 2


def daemon(state, queue, bus, masters, name):
    state.mkdir()
    outlet = Outlet(bus, deposit(state / "overflow", TOPOLOGY), TOPOLOGY)
    teller = Teller(queue.folder, state, "c", outlet, lambda: masters[name])
    thread = threading.Thread(target=teller.run)
    thread.start()
    return teller, thread


def test_it_follows_the_clusters_name(queue, bus, running):
    names = []

    def rename(job_id, name):
        given = {"OP_ID": "OP_CLUSTER_RENAME", "name": name}
        op = {"input": given, "status": "success", "result": None, "log": []}
        (queue.folder / "new").write_text(json.dumps({"id": job_id, "ops": [op]}))
        (queue.folder / "new").rename(queue.folder / f"job-{job_id}")

    class Names(Heard):
        def _handle(self, delivery):
            message = parse(delivery.body)
            names.append((message.job_id, message.cluster))
            super()._handle(delivery)

    heard = Names(bus)
    try:
        with running() as teller:
            queue.write(1, "success")
            rename(2, "new.local")
            queue.write(3, "success")
            heard.wait(lambda events: len(events) == 3)
            assert teller.cluster == "new.local"
        with running():
            queue.write(4, "success")
            heard.wait(lambda events: len(events) == 4)
    finally:
        heard.stop()
    assert sorted(names) == [(1, "c"), (2, "c"), (3, "new.local"), (4, "new.local")]
