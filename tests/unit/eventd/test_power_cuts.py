"""The power fails at every moment of a run, and takes what was not synced; all is told after it."""

import json
import os
import random
import shutil
from contextlib import AbstractContextManager, suppress

import eventd.teller
from eventd.outlet import Outlet
from eventd.position import Position
from eventd.teller import Teller
from eventd.watch import Seen
from synnefo.bus.memory import MemoryBus
from synnefo.bus.records import Damaged, Record
from synnefo.bus.spool import deposit
from synnefo.bus.topology import Topology
from synnefo.core.messages import parse
from synnefo.ports import BusUnavailable
from tests.unit.ganeti_backend.core.power_cut import PowerCut, images

TOPOLOGY = Topology("snf")
JOBS = 3


class RememberingBus:
    """Another machine: what it took, and after how many steps of this one's disk."""

    def __init__(self, now=lambda: 0):
        self.away = False
        self.told = []
        self._now = now

    def publish(self, _, bodies):
        if self.away:
            raise BusUnavailable("away")
        found = map(parse, bodies)
        self.told += [(self._now(), (one.job_id, one.status)) for one in found]


def write(queue, job_id, status):
    one = {"OP_ID": "OP_INSTANCE_STARTUP", "instance_name": f"snf-{job_id}"}
    op = {"input": one, "status": status, "result": None, "log": []}
    (queue / "new").write_text(json.dumps({"id": job_id, "ops": [op]}))
    (queue / "new").rename(queue / f"job-{job_id}")


def archive(queue, job_id):
    place = queue / "archive" / "0"
    place.mkdir(parents=True, exist_ok=True)
    (queue / f"job-{job_id}").rename(place / f"job-{job_id}")


class StillWatch(AbstractContextManager):
    """Nothing moves while it is looked at: thousands of real watches take the kernel minutes."""

    def __init__(self, *_):
        self.names = []

    def seen(self, _):
        names, self.names = tuple(self.names), []
        return Seen(names)

    def __exit__(self, *_):
        return None


def live(teller, queue, bus, monkeypatch, now):
    """Jobs run, end and are archived, while the bus goes and comes; when what position was safe."""
    chance, safe = random.Random(3), []
    for job_id in range(1, JOBS + 1):
        bus.away = job_id % 3 != 0
        durable = chance.random() < 0.5
        monkeypatch.setattr(eventd.teller, "DURABLE_EVERY", 0.0 if durable else 1e9)
        for status in ("running", "success"):
            write(queue, job_id, status)
            teller._watch.names.append(f"job-{job_id}")
            teller._step()
            teller._save(durable=False)
        if durable:
            safe.append((now(), teller.position.floor))
        if job_id % 2:
            archive(queue, job_id)
    return safe


def spooled(folder):
    """What the overflow will give; files that are incomplete it puts aside."""
    for path in sorted(folder.glob("*/new/*")):
        with suppress(Damaged):
            for body in Record.decode(path.read_bytes()).bodies:
                message = parse(body)
                yield message.job_id, message.status


def told_after(image, queue):
    """What comes to the bus when the machine is on again: of the overflow, then of the queue."""
    bus = RememberingBus()
    told = set(spooled(image / "overflow"))
    outlet = Outlet(bus, MemoryBus(TOPOLOGY), TOPOLOGY)
    Teller(queue, image, "c", outlet)._step()
    return told | {event for _, event in bus.told}


def test_all_is_told_after_any_cut(tmp_path, monkeypatch):
    queue, state, image = tmp_path / "queue", tmp_path / "state", tmp_path / "images"
    queue.mkdir()
    state.mkdir()
    # What is synced is known from the recorded calls; the real disk need not be waited for.
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(eventd.teller, "FolderWatch", StillWatch)
    with monkeypatch.context() as patch:
        layer = PowerCut(state, patch)
        bus = RememberingBus(lambda: layer.now)
        outlet = Outlet(bus, deposit(state / "overflow", TOPOLOGY), TOPOLOGY)
        teller = Teller(queue, state, "c", outlet)
        begun = layer.now
        safe = live(teller, queue, bus, patch, lambda: layer.now)
    every = {(job_id, "success") for job_id in range(1, JOBS + 1)}
    chance = random.Random(5)
    for moment in range(begun, len(layer.states)):
        before = {event for then, event in bus.told if then <= moment}
        for cut in images(layer.states[moment - 1], state, image, chance):
            floor = max([floor for then, floor in safe if then <= moment], default=0)
            assert Position.load(cut / "position.json").floor >= floor
            assert every <= before | told_after(cut, queue), moment
        shutil.rmtree(image)
    assert len(layer.states) > 40
