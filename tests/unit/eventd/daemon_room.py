"""A queue folder, what is heard on a bus, and conditions to wait for."""

import json
import threading

from synnefo.bus.topology import Topology
from synnefo.core.messages import Heartbeat, parse

TOPOLOGY = Topology("snf")
PATIENCE = 60.0


class Queue:
    """A queue folder, written as the cluster manager writes it."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "archive").mkdir(parents=True)

    def write(self, job_id, status, log=()):
        one = {
            "input": {"OP_ID": "OP_INSTANCE_STARTUP", "instance_name": f"snf-{job_id}"},
            "status": status,
            "result": None,
            "log": list(log),
        }
        temporary = self.folder / f"job-{job_id}x1y2.new"
        temporary.write_text(json.dumps({"id": job_id, "ops": [one]}))
        temporary.rename(self.folder / f"job-{job_id}")

    def archive(self, job_id):
        place = self.folder / "archive" / str(job_id // 10_000)
        place.mkdir(exist_ok=True)
        (self.folder / f"job-{job_id}").rename(place / f"job-{job_id}")


class Heard:
    """Consumes the bus and lets a test wait for what arrives."""

    def __init__(self, bus):
        self.events = []
        self._bus = bus
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._thread = threading.Thread(
            target=bus.consume, args=(TOPOLOGY.queues, self._handle, self._stop)
        )
        self._thread.start()

    def _handle(self, delivery):
        message = parse(delivery.body)
        if isinstance(message, Heartbeat):
            return
        with self._changed:
            self.events.append((message.job_id, getattr(message, "status", "progress")))
            self._changed.notify_all()

    def wait(self, predicate):
        with self._changed:
            assert self._changed.wait_for(lambda: predicate(self.events), PATIENCE), self.events

    def stop(self):
        self._stop.set()
        self._bus.wake()
        self._thread.join(PATIENCE)


def finals(events):
    return sorted(job_id for job_id, status in events if status == "success")


def until(condition):
    pause = threading.Event()
    for _ in range(6000):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it never came true")
