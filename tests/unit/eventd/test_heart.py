"""Signs of life: when they are sent, and when rather not."""

import threading

import pytest

from eventd.heart import Heart
from eventd.outlet import Outlet
from synnefo.bus.memory import MemoryBus
from synnefo.bus.spool import SpoolBus
from synnefo.bus.topology import Topology
from synnefo.core.messages import OpStatus, parse

TOPOLOGY = Topology("snf")
EVENTS = "snf-events-op"
EVENT = OpStatus(job_id=1, status="success", operation="OP_X", instance="snf-1", cluster="c")


class Room:
    def __init__(self, tmp_path):
        self.bus = MemoryBus(TOPOLOGY)
        self.overflow = SpoolBus(tmp_path, TOPOLOGY)
        self.outlet = Outlet(self.bus, self.overflow, TOPOLOGY)
        self.time = 1_800_000_000.5
        self.heart = Heart(self.outlet, lambda: "c", every=10, clock=lambda: self.time)

    def after(self, seconds):
        """How many signs the bus has once this time has passed and the loop came by."""
        self.time += seconds
        self.heart()
        return sum(self.bus.backlog().values())


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path)


def test_it_beats_at_once_and_then_every_now_and_then(room):
    assert [room.after(seconds) for seconds in (0, 2, 7, 2, 2)] == [1, 1, 1, 2, 2]
    sign = parse(room.bus._queues[EVENTS][0].body)
    assert (sign.TYPE, sign.cluster, sign.event_time) == (
        "eventd-heartbeat",
        "c",
        (1_800_000_000, 500_000),
    )


def test_a_clock_that_is_set_back_does_not_silence_it(room):
    assert room.after(0) == 1
    assert room.after(-3600) == 2


def test_while_the_bus_is_away_it_keeps_no_signs(room):
    room.bus.away = True
    assert room.after(0) == 0
    assert room.outlet.waiting() == 0
    room.bus.away = False
    assert room.after(1) == 1


def test_it_never_overtakes_events(room):
    room.bus.away = True
    room.outlet.send([EVENT])
    room.bus.away = False
    assert room.after(10) == 0  # The event lies in the overflow still.
    room.outlet.start()
    try:
        pause = threading.Event()
        for _ in range(400):
            if room.outlet.waiting() == 0:
                break
            pause.wait(0.05)
        room.heart()
    finally:
        room.outlet.stop()
    kinds = [parse(one.body).TYPE for one in room.bus._queues[EVENTS]]
    assert kinds == ["ganeti-op-status", "eventd-heartbeat"]
