"""What only the spool promises: it survives its users' deaths and damaged files."""

import os
import subprocess
import sys
import threading

import pytest

from synnefo.bus.records import Damaged, Record
from synnefo.bus.spool import SpoolBus
from synnefo.bus.topology import Topology
from synnefo.ports import BusUnavailable

TOPOLOGY = Topology("snf")
KEY = TOPOLOGY.key("op")
DIES = """
import os, sys, threading
from pathlib import Path
from synnefo.bus.spool import SpoolBus
from synnefo.bus.topology import Topology
topology = Topology("snf")
bus = SpoolBus(Path(sys.argv[1]), topology)
def die(deliveries):
    if any(sys.argv[2].encode() in one.body for one in deliveries):
        os.kill(os.getpid(), 9)
together = die if sys.argv[2] else None
bus.consume(topology.queues, lambda one: die([one]), threading.Event(), together)
"""


@pytest.fixture
def bus(tmp_path):
    return SpoolBus(tmp_path / "spool", TOPOLOGY, (0.001, 0.001, 0.001))


def consume(bus, count):
    """Consume until so many messages are handled."""
    seen, stop = [], threading.Event()

    def handle(delivery):
        seen.append((delivery.body, delivery.attempt))
        if len(seen) == count:
            stop.set()

    bus.consume(TOPOLOGY.queues, handle, stop)
    return seen


def die_over_it(bus, what=""):
    done = subprocess.run([sys.executable, "-c", DIES, str(bus._root), what], check=False)
    assert done.returncode == -9


def test_a_message_whose_consumer_died_comes_again_in_its_place(bus):
    bus.publish(KEY, [b"1"])
    bus.publish(KEY, [b"2"])
    die_over_it(bus)
    assert consume(bus, 2) == [(b"1", 2), (b"2", 1)]
    assert list((bus._root / "claims").iterdir()) == []
    assert list((bus._root / "wake").iterdir()) != [], "the dead one's socket is still there"
    bus.publish(KEY, [b"3"])
    assert list((bus._root / "wake").iterdir()) == []


def test_a_message_that_kills_its_consumers_is_put_aside(bus, tmp_path):
    bus.publish(KEY, [b"poison"])
    bus.publish(KEY, [b"good"])
    for _ in range(4):
        die_over_it(bus)
    strict = SpoolBus(tmp_path / "spool", TOPOLOGY, deaths=3)
    assert consume(strict, 1) == [(b"good", 1)]
    (letter,) = bus.dead_letters()
    assert (letter.body, letter.reason) == (b"poison", "its consumer died 4 times")


def test_of_many_taken_together_only_the_poison_is_suspected_in_the_end(bus, tmp_path):
    for body in (b"1", b"poison", b"3"):
        bus.publish(KEY, [body])
    for _ in range(4):
        die_over_it(bus, "poison")
    strict = SpoolBus(tmp_path / "spool", TOPOLOGY, deaths=3)
    assert consume(strict, 1) == [(b"3", 2)]
    assert [letter.body for letter in bus.dead_letters()] == [b"poison"]


def test_a_spool_may_be_told_to_give_nothing_up(bus, tmp_path):
    bus.publish(KEY, [b"1"])
    (path,) = (bus._root / "snf-events-op" / "new").iterdir()
    path.rename(path.with_name(f"{path.name}.1000"))
    assert consume(SpoolBus(tmp_path / "spool", TOPOLOGY, deaths=None), 1) == [(b"1", 1001)]


def test_a_damaged_file_is_put_aside(bus):
    bus.publish(KEY, [b"cut off"])
    (path,) = (bus._root / "snf-events-op" / "new").iterdir()
    path.write_bytes(path.read_bytes()[:-3])
    bus.publish(KEY, [b"good"])
    assert consume(bus, 1) == [(b"good", 1)]
    assert "incomplete" in bus.dead_letters()[0].reason


@pytest.mark.parametrize("data", [b"", b"\n", b"{}\nx", b'{"key":1}\n', b"\0\0\0\0", b"[]\n"])
def test_files_that_are_no_records(data):
    with pytest.raises(Damaged):
        Record.decode(data)


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BusUnavailable):
        SpoolBus(tmp_path / "file" / "spool", TOPOLOGY).publish(KEY, [b"1"])


def test_a_folder_deeper_than_a_sockets_address(tmp_path):
    deep = tmp_path / ("x" * 100) / ("y" * 100)
    bus = SpoolBus(deep, TOPOLOGY)
    bus.publish(KEY, [b"1"])
    assert consume(bus, 1) == [(b"1", 1)]


def test_one_fsync_for_each_call(bus, monkeypatch):
    calls = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: calls.append(real(descriptor)))
    bus.publish(KEY, [b"1", b"2", b"3"])
    assert len(calls) == 1


def test_a_damaged_dead_letter_hides_no_other(bus):
    bus.publish(TOPOLOGY.key("op"), [b"whole"])
    (waiting,) = (bus._root / "snf-events-op" / "new").iterdir()
    dead = bus._root / "snf-events-op" / "dead"
    waiting.rename(dead / waiting.name)
    (dead / "00000000000000000007-1").write_bytes(b'{"key": "k", "sizes": [9], "crc": 1}\nhalf')
    damaged, whole = bus.dead_letters()
    assert (damaged.since, whole.body) == (7e-9, b"whole")
    assert damaged.reason.startswith("damaged")
    assert b"half" in damaged.body
    bus.drop(damaged.id)
    assert [one.body for one in bus.dead_letters()] == [b"whole"]
