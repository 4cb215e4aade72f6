"""The daemon over a queue folder of one test, with the real inotify."""

import threading
from contextlib import contextmanager

import pytest
from daemon_room import PATIENCE, TOPOLOGY, Heard, Queue

from eventd.outlet import Outlet
from eventd.teller import Teller
from synnefo.bus.memory import MemoryBus
from synnefo.bus.spool import SpoolBus


@pytest.fixture
def queue(tmp_path):
    return Queue(tmp_path / "queue")


@pytest.fixture
def bus():
    return MemoryBus(TOPOLOGY)


@pytest.fixture
def heard(bus):
    made = Heard(bus)
    yield made
    made.stop()


@pytest.fixture
def running(tmp_path, queue, bus):
    """Run the daemon within a block; its state stays for the next one."""
    state = tmp_path / "state"
    state.mkdir()

    @contextmanager
    def run(is_master=lambda: True):
        overflow = SpoolBus(state / "overflow", TOPOLOGY, (0.001, 0.001, 0.001))
        outlet = Outlet(bus, overflow, TOPOLOGY)
        teller = Teller(queue.folder, state, "c", outlet, is_master)
        outlet.start()
        thread = threading.Thread(target=teller.run)
        thread.start()
        try:
            yield teller
        finally:
            teller.stop()
            thread.join(PATIENCE)
            outlet.stop()

    return run
